"""A quotable stretch of a passage with its score."""

from dataclasses import dataclass

from retrieval.passage import Passage


@dataclass(frozen=True, slots=True)
class ScoredUnit:
    """A quotable stretch of a passage and its score: log-odds against the other stretches.

    `denies`: it denies what the question takes for granted.
    """

    passage: Passage
    text: str
    score: float
    denies: bool = False
