"""Tells whether something bad happens more often than before: the test of Page (1954) and Hinkley (1971) on 0 and 1.

Each outcome is measured against the rate before it, in standard deviations, so that one threshold suits all rates: a
rise shows once the sum of what exceeds `SLACK` stands `THRESHOLD` above its lowest point. Both were chosen by
simulation (`python -m benchmarks.drift`). Knows outcomes only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

SLACK = 0.1
THRESHOLD = 35.0
LEAST = 100  # outcomes before the first alarm
_PRIOR_BAD, _PRIOR_MANY = 1.0, 10.0


@dataclass(frozen=True, slots=True)
class Rise:
    """A rise of a rate: after which outcome it showed, where it seems to have begun, and the rates before and since."""

    shown_at: int
    begun_at: int
    before: float
    since: float


def find_rises(outcomes: Iterable[bool]) -> list[Rise]:
    """Return every rise, in order. After each the rate is learned from the beginning."""
    rises: list[Rise] = []
    watch, began = _Watch(), 0
    for place, is_bad in enumerate(map(bool, outcomes)):
        if watch.note(is_bad):
            rises.append(Rise(place, began + watch.lowest_at, watch.rate_before, watch.rate_since))
            watch, began = _Watch(), place + 1
    return rises


class _Watch:
    def __init__(self) -> None:
        self.many = self.bad = 0
        self._sum = self._lowest = 0.0
        self.lowest_at = self._bad_at_lowest = 0

    def note(self, is_bad: bool) -> bool:
        rate = (self.bad + _PRIOR_BAD) / (self.many + _PRIOR_MANY)
        self._sum += (is_bad - rate) / sqrt(rate * (1.0 - rate)) - SLACK
        self.many += 1
        self.bad += is_bad
        if self._sum < self._lowest:
            self._lowest, self.lowest_at, self._bad_at_lowest = self._sum, self.many, self.bad
        return self.many >= LEAST and self._sum - self._lowest > THRESHOLD

    @property
    def rate_before(self) -> float:
        return self._bad_at_lowest / max(1, self.lowest_at)

    @property
    def rate_since(self) -> float:
        return (self.bad - self._bad_at_lowest) / max(1, self.many - self.lowest_at)
