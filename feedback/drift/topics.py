"""Tells whether people ask about other topics than before: the population stability index of counts.

The index is Σ (now − before) · ln(now / before) over the topics' shares. By itself it grows as the counts get fewer, so
its chance is found by dealing the same questions out to both periods at random. Knows counts only.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_TOPICS = 20
ROUNDS = 2_000
OTHER = "other"
_SMOOTHING = 0.5


@dataclass(frozen=True, slots=True)
class Change:
    """The index, how likely one so large is by chance, and what rose most: topics with their shares before and now."""

    index: float
    chance: float
    risen: tuple[tuple[str, float, float], ...]


def compare_topics(before: Mapping[str, int], now: Mapping[str, int], seed: int = 0) -> Change:
    """Compare how often each topic was asked about in two periods, of which neither is empty."""
    largest = [topic for topic, _ in (Counter(before) + Counter(now)).most_common(MOST_TOPICS)]
    names = [*largest, OTHER]
    then, fresh = (np.array([*_count(counts, largest)]) for counts in (before, now))
    together = then + fresh
    dealt = np.random.default_rng(seed).multivariate_hypergeometric(together, int(fresh.sum()), size=ROUNDS)
    seen = float(_index(then[None, :], fresh[None, :])[0])
    by_chance = _index(together - dealt, dealt)
    chance = (1 + int((by_chance >= seen - 1e-12).sum())) / (1 + ROUNDS)
    shares = zip(names, then / max(1, then.sum()), fresh / max(1, fresh.sum()), strict=True)
    risen = sorted(((name, float(a), float(b)) for name, a, b in shares if b > a), key=lambda one: one[1] - one[2])
    return Change(seen, chance, tuple(risen[:3]))


def _count(counts: Mapping[str, int], largest: list[str]) -> list[int]:
    return [*(counts.get(topic, 0) for topic in largest), sum(counts.values()) - sum(counts.get(t, 0) for t in largest)]


def _index(before: NDArray[np.int64], now: NDArray[np.int64]) -> NDArray[np.float64]:
    then, fresh = (
        (counts + _SMOOTHING) / (counts.sum(axis=1, keepdims=True) + _SMOOTHING * counts.shape[1])
        for counts in (before, now)
    )
    index: NDArray[np.float64] = ((fresh - then) * np.log(fresh / then)).sum(axis=1)
    return index


def needs_look(change: Change, level: float, least: float) -> bool:
    """Whether a change is neither chance nor too small to matter."""
    return change.chance <= level and change.index >= least
