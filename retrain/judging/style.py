"""Tells whether an answer is written as people here write: steps as a list where they wrote one, and about as long.

The pattern is what somebody taught about the same question. Knows texts, nothing of models.
"""

from retrain.variations import split_words
from retrieval.layout import ITEM

FEWEST_STEPS = 2
LONGER = 2.0
SHORT_WORDS = 40
"""So few words are never too many."""


def leaves_style(said: str, taught: str) -> bool:
    """Whether an answer runs together what was taught as a list of steps, or has more than twice as many words."""
    steps = _count_items(taught)
    runs_together = steps >= FEWEST_STEPS and _count_items(said) < FEWEST_STEPS
    words, usual = len(split_words(said)), len(split_words(taught))
    return runs_together or words > max(SHORT_WORDS, LONGER * usual)


def _count_items(text: str) -> int:
    return sum(ITEM.match(line) is not None for line in text.splitlines())
