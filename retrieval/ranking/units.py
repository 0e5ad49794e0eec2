"""A quotable stretch of a passage with its score."""

from dataclasses import dataclass

from retrieval.passage import Passage

# What a line's score loses where the question rules it out, or where it is about a sibling of what is asked for: no
# evidence is kept that far below.
ABOUT_ANOTHER = 30.0


@dataclass(frozen=True, slots=True)
class ScoredUnit:
    """A quotable stretch of a passage and its score: log-odds against the other stretches.

    `denies`: it denies what the question takes for granted.
    """

    passage: Passage
    text: str
    score: float
    denies: bool = False
