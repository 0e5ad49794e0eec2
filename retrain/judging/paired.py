"""Compares two models on the same questions: the mean difference with its bounds, clustered by topic.

Knows numbers only. The standard error is the clustered one of Miller 2024 (arXiv 2411.00640), with half a win and half
a loss added after Agresti and Min 2005, so that no difference in a few questions does not count as certainty.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf

import numpy as np
from scipy.stats import norm, t

POWER = 0.8


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more often something is true of the second model: the mean over questions, and its standard error.

    `questions` and `topics` are what it rests on; `differing` is the share of questions that tell the two apart.
    """

    mean: float
    error: float
    questions: int
    topics: int
    differing: float
    spread: float

    def bounds(self, level: float) -> tuple[float, float]:
        """Return the lower and the upper one-sided bound at this level of error."""
        if self.topics < 2:
            return -inf, inf
        reach = float(t.ppf(1.0 - level, self.topics - 1)) * self.error
        return self.mean - reach, self.mean + reach

    def chance_of(self, at_least: float) -> float:
        """Return the chance of a mean so far below `at_least`, if that were the true difference."""
        if self.topics < 2:
            return 1.0
        return float(t.cdf((self.mean - at_least) / self.error, self.topics - 1))

    def chance_of_more(self, at_most: float) -> float:
        """Return the chance of a mean so far above `at_most`, if that were the true difference."""
        if self.topics < 2:
            return 1.0
        return float(t.sf((self.mean - at_most) / self.error, self.topics - 1))

    def find_needed(self, gain: float, level: float) -> int:
        """Return how many such questions show a true gain of this size with 80 % power."""
        differing = max(self.differing, gain)
        both = float(norm.ppf(1.0 - level) + norm.ppf(POWER))
        return ceil(both**2 * (differing - gain**2) / gain**2 * self.spread)


def compare_pairs(before: Sequence[bool], after: Sequence[bool], topics: Sequence[str]) -> Difference:
    """Return how much more often `after` holds than `before`, question by question; `topics` names the clusters."""
    change = np.array(after, dtype=float) - np.array(before, dtype=float)
    many = len(change)
    if not many:
        return Difference(0.0, inf, 0, 0, 0.0, 1.0)
    _, numbers = np.unique(np.array(topics), return_inverse=True)
    sums = np.bincount(numbers, change - change.mean())
    clusters = len(sums)
    alone = float(np.square(change - change.mean()).sum())
    together = float(np.square(sums).sum()) * clusters / max(1, clusters - 1)
    error = float(np.sqrt(together / many**2 + 1.0 / (many + 2) ** 2))
    spread = max(1.0, together / alone) if alone else 1.0
    differing = (float(np.abs(change).sum()) + 1.0) / (many + 2)
    return Difference(float(change.mean()), error, many, clusters, differing, spread)


def reject_all(chances: Sequence[float], level: float) -> list[bool]:
    """Return which of several hypotheses are rejected together at this level of error, after Holm 1979."""
    order = np.argsort(chances)
    rejected = [False] * len(chances)
    for place, number in enumerate(order):
        if chances[number] > level / (len(chances) - place):
            break
        rejected[number] = True
    return rejected
