"""The one door to passages: `search(index, question, scope)`. No scope, no search.

Dense and lexical ranks are fused by reciprocal rank (Cormack, Clarke and Büttcher, SIGIR 2009). The audience filter is
part of both queries; what comes back is checked against the catalogue once more. Knows nothing of evidence or prompts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Entry
from retrieval.index import Index
from retrieval.passage import Hit, Scope
from retrieval.vectors import VectorsDamagedError

Vectors = NDArray[np.float32]

DEPTH = 30
# The paper's 60 lets two places in the middle beat a first one; 5 was best on the training parts of five public sets.
RANK_CONSTANT = 5


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How passages are found: by which rankings, how many of each are taken, and what a place in one counts.

    Place n counts 1 / (`rank_constant` + n).
    """

    rankings: Literal["fused", "dense", "words"] = "fused"
    rank_constant: int = RANK_CONSTANT
    depth: int = DEPTH


USUAL = SearchSettings()


def search(
    index: Index, question: str, vector: Vectors, scope: Scope, limit: int, settings: SearchSettings = USUAL
) -> list[tuple[Hit, Entry]]:
    """Return the best passages that the asker may read, best first, each with its stored vectors.

    `vector` is the question's, (width,), of length 1. Ties are broken by similarity and then by id.
    """
    index.refresh()
    scores: dict[str, float] = {}
    for ranking in _rank(index, question, vector, scope, settings):
        for rank, identity in enumerate(ranking, start=1):
            scores[identity] = scores.get(identity, 0.0) + 1.0 / (settings.rank_constant + rank)
    if not scores:
        return []
    best = sorted(scores.values(), reverse=True)[:limit]
    found = _fetch(index, {identity: score for identity, score in scores.items() if score >= best[-1]}, vector, scope)
    if len(found) < limit < len(scores):  # some are gone, or no longer meant for this asker
        found = _fetch(index, scores, vector, scope)
    return found[:limit]


def _fetch(index: Index, scores: Mapping[str, float], vector: Vectors, scope: Scope) -> list[tuple[Hit, Entry]]:
    found = []
    for identity, entry in index.catalogue.get_entries(list(scores)).items():
        if entry.passage.audience in scope.audiences:
            similarity = round(float((entry.unit_vectors @ vector).max()), 5)
            found.append((Hit(entry.passage, scores[identity], similarity), entry))
    found.sort(key=lambda pair: (-pair[0].score, -pair[0].similarity, pair[0].passage.id))
    return found


def _rank(index: Index, question: str, vector: Vectors, scope: Scope, settings: SearchSettings) -> Iterator[list[str]]:
    if settings.rankings != "words":
        yield _rank_dense(index, vector, scope, settings.depth)
    if settings.rankings != "dense":
        yield index.lexical.rank(question, scope.audiences, settings.depth)


def _rank_dense(index: Index, vector: Vectors, scope: Scope, depth: int) -> list[str]:
    vectors = index.vectors
    # An empty collection takes as long to ask as a full one: a millisecond or two.
    audiences = index.catalogue.find_held(scope.audiences)
    try:
        return vectors.rank(vector, audiences, depth)
    except VectorsDamagedError as error:
        index.mend_vectors(vectors, f"Chroma could not be searched ({error.reason})")
        return index.vectors.rank(vector, audiences, depth)
