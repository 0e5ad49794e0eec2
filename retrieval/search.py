"""The one door to passages: `search(index, question, scope)`. No scope, no search.

A weighted sum fuses similarities and BM25 scores (Bruch, Gai and Ingber, TOIS 2023); reciprocal ranks (Cormack, Clarke
and Büttcher, SIGIR 2009) do if they are configured. The audience filter is part of both queries, and every result is
checked against the catalogue once more. Knows nothing of evidence or prompts.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from retrieval.passage import Hit, Scope, Vectors
from retrieval.store.catalogue import Entry
from retrieval.store.exact import EXACT_UNITS
from retrieval.store.index import Index
from retrieval.store.vectors import VectorsDamagedError

_Key = TypeVar("_Key", bound=Hashable)

DEPTH = 30
# How much cosine similarity the best BM25 score is worth. On the training parts of the public sets .15 to .3 give an
# nDCG@10 of .961 to .962 (reciprocal ranks: .946); invented companies prefer less, the 60 held-out questions more.
WORTH_OF_WORDS = 0.2
# With the paper's 60, two places in the middle beat a first one. 5 was best on the training parts of five public sets.
RANK_CONSTANT = 5


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How passages are found: by which rankings, how these are fused, and how many passages each contributes.

    In a sum the best BM25 score counts `worth_of_words`. By reciprocal rank, place n counts 1 / (`rank_constant` + n).
    An index of fewer than `exact_units` is searched exactly.
    """

    rankings: Literal["sum", "reciprocal_rank", "dense", "words"] = "sum"
    worth_of_words: float = WORTH_OF_WORDS
    rank_constant: int = RANK_CONSTANT
    depth: int = DEPTH
    exact_units: int = EXACT_UNITS


USUAL = SearchSettings()


def search(
    index: Index, question: str, vector: Vectors, scope: Scope, limit: int, settings: SearchSettings = USUAL
) -> list[tuple[Hit, Entry]]:
    """Return the best passages that the asker may read, best first, each with its stored vectors.

    `vector` is the question's, (width,), of length 1. Ties are broken by similarity and then by id.
    """
    index.refresh()
    dense = score_dense(index, vector, scope, settings.depth) if settings.rankings != "words" else {}
    is_by_words = settings.rankings != "dense"
    lexical = index.lexical.score(question, scope.audiences, settings.depth) if is_by_words else {}
    scores = fuse(dense, lexical, settings)
    if not scores:
        return []
    best = sorted(scores.values(), reverse=True)[:limit]
    found = _fetch_hits(
        index, {passage_id: score for passage_id, score in scores.items() if score >= best[-1]}, vector, scope
    )
    if len(found) < limit < len(scores):  # some are gone, or no longer meant for this asker
        found = _fetch_hits(index, scores, vector, scope)
    return found[:limit]


def fuse(
    dense: Mapping[_Key, float], lexical: Mapping[_Key, float], settings: SearchSettings = USUAL
) -> dict[_Key, float]:
    """Return one score for each passage of two rankings, which hold their scores, best first.

    In a sum that is its similarity plus its share of the best BM25 score. A passage that is not among the nearest
    counts as near as the last of them, because it is at most that near.
    """
    if settings.rankings == "reciprocal_rank":
        return _fuse_ranks(dense, lexical, constant=settings.rank_constant)
    worth = 1.0 if settings.rankings == "words" else settings.worth_of_words
    farthest = min(dense.values(), default=0.0)
    most = max(lexical.values(), default=0.0) or 1.0  # a word that every passage holds says nothing
    return {
        key: dense.get(key, farthest) + worth * lexical.get(key, 0.0) / most
        for key in dict.fromkeys([*dense, *lexical])
    }


def _fuse_ranks(*rankings: Iterable[_Key], constant: int) -> dict[_Key, float]:
    scores: dict[_Key, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(ranking, start=1):
            scores[key] = scores.get(key, 0.0) + 1.0 / (constant + rank)
    return scores


def _fetch_hits(index: Index, scores: Mapping[str, float], vector: Vectors, scope: Scope) -> list[tuple[Hit, Entry]]:
    found = []
    for passage_id, entry in index.catalogue.get_entries(list(scores)).items():
        if entry.passage.audience in scope.audiences:
            similarity = round(float((entry.unit_vectors @ vector).max()), 5)
            found.append((Hit(entry.passage, scores[passage_id], similarity), entry))
    found.sort(key=lambda pair: (-pair[0].score, -pair[0].similarity, pair[0].passage.id))
    return found


def score_dense(index: Index, vector: Vectors, scope: Scope, depth: int) -> dict[str, float]:
    """Return the ids of the passages nearest in meaning that the asker may read, nearest first, with their cosines."""
    exact = index.exact.score(vector, scope.audiences, depth)
    if exact is not None:
        return exact
    vectors = index.vectors
    # Asking an empty collection takes as long as asking a full one: a millisecond or two.
    audiences = index.catalogue.find_held(scope.audiences)
    try:
        return vectors.score(vector, audiences, depth)
    except VectorsDamagedError as error:
        index.mend_vectors(vectors, f"Chroma could not be searched ({error.reason})")
        return index.vectors.score(vector, audiences, depth)
