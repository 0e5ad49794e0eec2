"""Estimates how reliable each rater is, and how likely each reply is good given all feedback on it.

The model is Dawid and Skene's (1979) with two classes: a rater says "up" to a good reply at one rate and to a bad one
at another. Both rates have a Beta prior (Raykar et al., 2010), so that a rater with few votes counts as their role
does. Expectation maximisation fits both. Knows arrays of votes. Knows nothing of people or of the database.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int32]

ROUNDS = 60
CLOSE = 1e-5  # no posterior moves further in the last round


@dataclass(frozen=True, slots=True)
class Trust:
    """The prior belief about a rater: the rates of "up" on good and on bad replies.

    `votes` is the number of own votes that weigh as much as this belief. The rates of a `fixed` rater are not
    estimated.
    """

    up_if_good: float
    up_if_bad: float
    votes: float
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Ballots:
    """Votes as columns: the number of the reply, the number of the rater, and whether it was "up"."""

    replies: Numbers
    raters: Numbers
    ups: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Ratings:
    """The estimate: the probability that each reply is good, in [0, 1], and each rater's two rates of "up".

    `reliability` is the expected share of right votes on equally many good and bad replies.
    """

    good: Floats
    up_if_good: Floats
    up_if_bad: Floats

    @property
    def reliability(self) -> Floats:
        return (self.up_if_good + 1.0 - self.up_if_bad) / 2


def rate(ballots: Ballots, replies: int, trust: list[Trust], *, share_good: float = 0.6) -> Ratings:
    """Fit the model to the votes on `replies` replies. `trust` is the belief about each rater before any vote.

    `share_good` is the share of good replies before any vote; it stays in the estimate with the weight of ten replies.
    """
    prior = _Prior.build(trust)
    if_good, if_bad, share = prior.if_good, prior.if_bad, share_good
    good = np.full(replies, share_good)
    for _ in range(ROUNDS):
        before = good
        good = _find_good(ballots, replies, if_good, if_bad, share)
        if_good, if_bad = _find_rates(ballots, good, prior), _find_rates(ballots, 1.0 - good, prior.flip())
        share = (good.sum() + 10 * share_good) / (replies + 10)
        if not replies or np.abs(good - before).max() < CLOSE:
            break
    return Ratings(good, if_good, if_bad)


@dataclass(frozen=True, slots=True)
class _Prior:
    if_good: Floats
    if_bad: Floats
    votes: Floats
    fixed: NDArray[np.bool_]

    @classmethod
    def build(cls, trust: list[Trust]) -> "_Prior":
        return cls(
            np.array([one.up_if_good for one in trust]),
            np.array([one.up_if_bad for one in trust]),
            np.array([one.votes for one in trust]),
            np.array([one.fixed for one in trust], dtype=bool),
        )

    def flip(self) -> "_Prior":
        return _Prior(self.if_bad, self.if_good, self.votes, self.fixed)


def _find_good(ballots: Ballots, replies: int, if_good: Floats, if_bad: Floats, share: float) -> Floats:
    """Return each reply's probability of being good, given the raters' rates."""
    up = np.log(if_good) - np.log(if_bad)
    down = np.log1p(-if_good) - np.log1p(-if_bad)
    said = np.where(ballots.ups, up[ballots.raters], down[ballots.raters])
    odds = np.log(share) - np.log1p(-share) + np.bincount(ballots.replies, said, replies)
    result: Floats = 1.0 / (1.0 + np.exp(-np.clip(odds, -30, 30)))
    return result


def _find_rates(ballots: Ballots, weight: Floats, prior: _Prior) -> Floats:
    """Return each rater's rate of "up" on one class; `weight` is each reply's share in that class."""
    raters, mine = len(prior.votes), weight[ballots.replies]
    ups = np.bincount(ballots.raters, mine * ballots.ups, raters) + prior.votes * prior.if_good
    rates = ups / (np.bincount(ballots.raters, mine, raters) + prior.votes)
    return np.where(prior.fixed, prior.if_good, np.clip(rates, 0.01, 0.99))
