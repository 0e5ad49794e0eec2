"""Gaps: groups the questions that the documents did not answer by what they ask for.

Groups by meaning (average linkage over cosine distances). Knows nothing of replies or people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from retrieval.encoders.embedder import Embedder
from retrieval.passage import Vectors

# Questions this near on average are one gap. Paraphrases are mostly nearer than 0.35, other subjects further than 0.5.
SAME_GAP = 0.4
# Grouping compares every pair: 2,000 questions take 16 MB and a few seconds.
MAX_QUESTIONS = 2_000


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that got "I don't know", and when."""

    question: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing from the documents: the question that stands for all, how many asked it, and when last."""

    question: str
    count: int
    last_at: datetime
    others: tuple[str, ...]


def find_gaps(unanswered: Sequence[Unanswered], embedder: Embedder) -> list[Gap]:
    """Return the gaps, the most frequent first, then the latest first.

    Of more than `MAX_QUESTIONS` the latest count.
    """
    latest = sorted(unanswered, key=lambda asked: asked.at, reverse=True)[:MAX_QUESTIONS]
    if not latest:
        return []
    vectors = embedder.encode([asked.question for asked in latest])
    groups: dict[int, list[int]] = {}
    for row, group in enumerate(_group(vectors)):
        groups.setdefault(group, []).append(row)
    gaps = [_build_gap([latest[row] for row in rows], vectors[rows]) for rows in groups.values()]
    return sorted(gaps, key=lambda gap: (-gap.count, -gap.last_at.timestamp()))


def _group(vectors: Vectors) -> list[int]:
    if len(vectors) < 2:
        return [0] * len(vectors)
    # Importing scikit-learn takes about a second, and a report is rare.
    from sklearn.cluster import AgglomerativeClustering  # type: ignore[import-untyped]  # the package has no types

    method = AgglomerativeClustering(n_clusters=None, metric="cosine", linkage="average", distance_threshold=SAME_GAP)
    return [int(label) for label in method.fit_predict(vectors)]


def _build_gap(asked: Sequence[Unanswered], vectors: Vectors) -> Gap:
    """Name a group by the question in its middle."""
    middle = int(np.argmax(vectors @ vectors.mean(axis=0)))
    question = asked[middle].question
    others = dict.fromkeys(other.question for other in asked if other.question != question)
    return Gap(question, len(asked), max(other.at for other in asked), tuple(others))
