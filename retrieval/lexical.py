"""Words: how text becomes terms, and the BM25 ranking over the terms of all passages.

An index here is a snapshot in memory; it is replaced as a whole, never changed. Knows nothing of vectors or files.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

import bm25s  # type: ignore[import-untyped]  # the package has no types
import numpy as np
from numpy.typing import NDArray

from retrieval.passage import Audience

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
_COMMON = """
a an the and or but if so than then as at by for from in into of off on onto out over to up with without about is are
was were be been being am do does did doing done have has had having can could may might must shall should will would
i me my mine we us our ours you your yours he him his she her hers it its they them their theirs this that these those
there here what which who whom whose when where why how not no nor too very just also please hi hello hey thanks thank
any some all s t ll re ve don didn doesn isn
"""
_STOPWORDS = frozenset(_COMMON.split())


def tokenise(text: str) -> list[str]:
    """Return the terms of a text: casefolded, lightly stemmed, numbers apart from letters ("8.2kg" is 8.2 and kg)."""
    return [term for term, _ in tokenise_with_words(text)]


def tokenise_with_words(text: str) -> list[tuple[str, str]]:
    """Return the terms of a text, each with the word that it was made of."""
    words = (match.replace("’", "'").removesuffix("'s") for match in _WORD.findall(text.casefold()))
    return [(_stem(word), word) for word in words if word not in _STOPWORDS]


def _stem(word: str) -> str:
    """Strip the common English endings, so that charge, charges, charged and charging are one term."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) >= len(ending) + 4:
            word = word.removesuffix(ending)
            return word[:-1] if word[-1] == word[-2] and word[-1] not in "ls" else word
    return word.removesuffix("e") if len(word) > 4 else word


@dataclass(frozen=True, slots=True)
class LexicalIndex:
    """BM25 over passages: row i of the scores is `ids[i]`, meant for `audiences[i]`."""

    ids: tuple[str, ...]
    audiences: NDArray[np.str_]
    ranking: bm25s.BM25 | None

    def rank(self, question: str, audiences: frozenset[Audience], limit: int) -> list[str]:
        """Return the ids of the best passages that these audiences may read and that share a term with the question."""
        terms = tokenise(question)
        if self.ranking is None or not terms:
            return []
        mask = np.isin(self.audiences, sorted(audiences)).astype(np.float32)
        scores = np.round(self.ranking.get_scores(terms, weight_mask=mask), 4)
        rows = np.flatnonzero(scores > 0)
        if len(rows) > limit:
            # Sorting all that share a common word would take longer than everything else in a large index.
            least = np.partition(scores[rows], -limit)[-limit]
            rows = rows[scores[rows] >= least]
        # The id breaks ties, so that equal passages come in one order on every machine.
        ranked = sorted((-float(scores[row]), self.ids[row]) for row in rows)
        return [identity for _, identity in ranked[:limit]]


def build_lexical_index(ids: Sequence[str], audiences: Sequence[Audience], texts: Sequence[str]) -> LexicalIndex:
    """Return the snapshot for these passages, in the given order."""
    # bm25s sets its own logger to debug, whatever the program has chosen.
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    terms = [tokenise(text) for text in texts]
    ranking = None
    if any(terms):
        ranking = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
        ranking.index(terms, show_progress=False)
    return LexicalIndex(tuple(ids), np.array([str(a) for a in audiences], dtype=np.str_), ranking)
