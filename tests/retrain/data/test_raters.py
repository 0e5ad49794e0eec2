"""Raters who are right are trusted more, those with few votes as their role is."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from retrain.data.raters import Ballots, Ratings, Trust, rate

CUSTOMER = Trust(0.8, 0.35, 6)
STAFF = Trust(0.92, 0.1, 12)


def build_ballots(votes: list[tuple[int, int, bool]]) -> Ballots:
    replies, raters, ups = (np.array(column) for column in zip(*votes, strict=True))
    return Ballots(replies.astype(np.int32), raters.astype(np.int32), ups)


def simulate(chance: np.random.Generator, right: np.ndarray, replies: int, each: int) -> tuple[np.ndarray, Ballots]:
    """Return which replies are good, and votes of raters who are right that often."""
    good = chance.random(replies) < 0.7
    voted = np.repeat(np.arange(replies), each)
    raters = chance.integers(0, len(right), len(voted))
    is_right = chance.random(len(voted)) < right[raters]
    return good, Ballots(voted.astype(np.int32), raters.astype(np.int32), good[voted] == is_right)


@pytest.mark.parametrize("seed", range(3))
def test_raters_come_out_in_the_order_of_how_often_they_are_right(seed: int) -> None:
    chance = np.random.default_rng(seed)
    right = chance.beta(5, 2, 50)
    good, ballots = simulate(chance, right, replies=2_000, each=5)
    found = rate(ballots, 2_000, [CUSTOMER] * 50)
    assert spearmanr(found.reliability, right).statistic >= 0.9
    majority = np.bincount(ballots.replies, np.where(ballots.ups, 1, -1)) > 0
    assert ((found.good > 0.5) == good).mean() > (majority == good).mean() + 0.03


def test_one_vote_of_staff_moves_more_than_one_of_a_customer() -> None:
    found = rate(build_ballots([(0, 0, False), (1, 1, False)]), 2, [CUSTOMER, STAFF])
    assert found.good[1] < found.good[0] < 0.6


def test_a_rater_who_likes_everything_says_nothing() -> None:
    others = [(reply, rater, reply % 2 == 0) for reply in range(200) for rater in (1, 2, 3)]
    found = rate(build_ballots([(reply, 0, True) for reply in range(201)] + others), 201, [CUSTOMER] * 4)
    assert found.reliability[0] < 0.55 < found.reliability[1]
    only_liked_by_them: float = found.good[200]
    assert only_liked_by_them < 0.6


def test_a_fixed_rater_is_believed_as_before() -> None:
    check = Trust(0.97, 0.6, 1, fixed=True)
    votes = [(reply, 0, True) for reply in range(50)] + [(reply, 1, False) for reply in range(50)]
    found = rate(build_ballots(votes), 50, [check, STAFF])
    assert (found.up_if_good[0], found.up_if_bad[0]) == (0.97, 0.6)


def test_nobody_voted() -> None:
    found: Ratings = rate(Ballots(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, bool)), 0, [])
    assert found.good.size == found.reliability.size == 0
