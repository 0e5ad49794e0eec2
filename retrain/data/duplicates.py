"""Finds rewordings of a question: by their letters (MinHash) and, if an encoder is given, by their meaning.

Questions with different numbers, codes or versions are never the same. Knows texts and vectors. Knows nothing of
lessons.
"""

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped]  # the package has no types
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from feedback.signals import find_telling_words
from retrieval.passage import Vectors

Encode = Callable[[Sequence[str]], Vectors]

NEAR = 0.7
"""The share of letter groups, of all that either text has, from which on two texts are nearly the same."""
ALIKE = 0.9
"""The cosine of two questions' vectors from which on they mean the same."""
SAME_MEANING = 0.8
"""From this cosine on, a question and its other wording may replace each other."""
_PERMUTATIONS = 64
_LETTERS = 4
_BLOCK = 1_000


def find_groups(texts: Sequence[str], vectors: Vectors | None = None) -> NDArray[np.int32]:
    """Return the number of each text's group, counted from 0. A text without rewordings has a group of its own."""
    pairs = [*_find_near(texts), *(_find_alike(vectors) if vectors is not None else ())]
    pairs = [pair for pair in pairs if find_marks(texts[pair[0]]) == find_marks(texts[pair[1]])]
    return join(len(texts), pairs)


def join(many: int, pairs: Sequence[tuple[int, int]]) -> NDArray[np.int32]:
    """Return the number of each thing's group, for `many` things of which these pairs belong together."""
    links = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    graph = coo_matrix((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(many, many))
    groups: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return groups


def find_marks(text: str) -> frozenset[str]:
    """Return the words with a digit, which tell one product, code or amount from another."""
    return frozenset(word for word in re.findall(r"[\w.,-]*\d[\w.,-]*", text.casefold().rstrip("?!. ")))


def keeps_meaning(question: str, reworded: str, encode: Encode | None) -> bool:
    """Whether the other wording asks the same: the same numbers and codes, and the same meaning if it is known."""
    if find_marks(question) != find_marks(reworded):
        return False
    if encode is None:
        return True
    one, other = encode([question, reworded])
    return float(one @ other) >= SAME_MEANING


def _find_near(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    index = MinHashLSH(threshold=NEAR, num_perm=_PERMUTATIONS)
    empty = MinHash(num_perm=_PERMUTATIONS, seed=1)
    first: dict[str, int] = {}
    for number, text in enumerate(texts):
        words = " ".join(sorted(find_telling_words(text))) or text.casefold()
        if words in first:
            yield first[words], number
            continue
        first[words] = number
        sketch = empty.copy()
        sketch.update_batch([letters.encode() for letters in _cut(words)])
        yield from ((int(other), number) for other in sorted(index.query(sketch)))
        index.insert(number, sketch)


def _cut(words: str) -> set[str]:
    padded = f" {words} "
    return {padded[start : start + _LETTERS] for start in range(max(1, len(padded) - _LETTERS + 1))}


def _find_alike(vectors: Vectors) -> Iterator[tuple[int, int]]:
    for start in range(0, len(vectors), _BLOCK):
        close = vectors[start : start + _BLOCK] @ vectors.T >= ALIKE
        for row, column in zip(*np.nonzero(close), strict=True):
            if start + row < column:
                yield int(start + row), int(column)
