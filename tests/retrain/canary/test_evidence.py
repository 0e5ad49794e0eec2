"""The two tests of a trial are fair games under their null hypotheses, and find what is there."""

from datetime import UTC, datetime

import numpy as np
import pytest

from retrain.canary.arms import Conversation, Sign
from retrain.canary.evidence import Flags, Floats, find_needed, measure_nearness, play, weigh

LEVEL = 0.05


def draw(seed: int, many: int, share: float, *, rate: float, with_it: float) -> tuple[Flags, Flags, Floats]:
    chance = np.random.default_rng(seed)
    tried = chance.random(many) < share
    bad = chance.random(many) < np.where(tried, with_it, rate)
    return bad, tried, np.full(many, share)


@pytest.mark.parametrize("is_worse", [True, False])
@pytest.mark.parametrize("share", [0.02, 0.25, 0.5])
@pytest.mark.parametrize("rate", [0.0, 0.03, 0.4, 0.97, 1.0])
def test_no_next_conversation_is_expected_to_win_where_the_arms_are_alike(
    is_worse: bool, share: float, rate: float
) -> None:
    bad, tried, shares = draw(1, 200, share, rate=0.3, with_it=0.3)
    before = np.exp(play(bad, tried, shares, is_worse=is_worse)[-1])
    expected = 0.0
    for is_tried, chance_of_arm in ((True, share), (False, 1.0 - share)):
        for went_badly, chance in ((True, rate), (False, 1.0 - rate)):
            stakes = play(
                np.append(bad, went_badly), np.append(tried, is_tried), np.append(shares, share), is_worse=is_worse
            )
            expected += chance_of_arm * chance * np.exp(stakes[-1])
    assert expected == pytest.approx(before)


def test_a_better_candidate_loses_the_bet_on_harm_and_a_worse_one_the_bet_on_benefit() -> None:
    better, worse = (draw(2, 2_000, 0.5, rate=0.2, with_it=with_it) for with_it in (0.05, 0.4))
    assert measure_nearness(*better, LEVEL, is_worse=True) < 0.5
    assert measure_nearness(*better, LEVEL, is_worse=False) == 1.0
    assert measure_nearness(*worse, LEVEL, is_worse=True) == 1.0
    assert measure_nearness(*worse, LEVEL, is_worse=False) < 0.5


def test_an_equal_candidate_is_rarely_sent_back_however_often_one_looks() -> None:
    trials = [draw(seed, 1_500, 0.25, rate=0.2, with_it=0.2) for seed in range(200)]
    found = sum(measure_nearness(*trial, LEVEL, is_worse=True) >= 1.0 for trial in trials)
    assert found <= 16  # 200 × .05, and two standard errors


def test_a_harm_is_found_within_the_number_that_is_said() -> None:
    needed = find_needed(0.25, 0.2, 0.1, LEVEL)
    trials = [draw(seed, needed, 0.25, rate=0.2, with_it=0.3) for seed in range(60)]
    assert sum(measure_nearness(*trial, LEVEL, is_worse=True) >= 1.0 for trial in trials) >= 45
    assert find_needed(0.5, 0.2, 0.1, LEVEL) < needed < find_needed(0.1, 0.2, 0.1, LEVEL)


def test_rates_at_the_ends_of_the_scale_break_nothing() -> None:
    for bad in (np.zeros(3_000, bool), np.ones(3_000, bool)):
        tried, shares = np.arange(3_000) % 4 == 0, np.full(3_000, 0.25)
        for is_worse in (True, False):
            assert 0.0 <= measure_nearness(bad, tried, shares, LEVEL, is_worse=is_worse) < 1.0


def test_nothing_is_shown_by_no_conversation_and_counts_are_told_by_arm() -> None:
    nothing = weigh([], 0.25, LEVEL, 0.1)
    assert (nothing.tried, nothing.others, nothing.harm, nothing.benefit) == (0, 0, 0.0, 0.0)
    at = datetime(2026, 11, 29, tzinfo=UTC)
    badly = frozenset({Sign.DOWN})
    had = [Conversation(at, 0.5, number % 2 == 0, badly if number < 3 else frozenset()) for number in range(10)]
    shown = weigh(had, 0.5, LEVEL, 0.1)
    assert (shown.tried_bad, shown.tried, shown.others_bad, shown.others) == (2, 5, 1, 5)
    assert not shown.is_harmful
    assert not shown.is_better
