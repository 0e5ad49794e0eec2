"""The paired comparison errs as often as it says, also where answers of a topic go together."""

from math import inf

import numpy as np
import pytest

from retrain.judging.paired import compare_pairs, reject_all

LEVEL = 0.025


def draw(
    chance: np.random.Generator, topics: int, together: int, gain: float = 0.0, differing: float = 0.2
) -> tuple[list[bool], list[bool], list[str]]:
    """Return answers of two models to questions of which those of a topic change together."""
    change = chance.choice(
        [1, -1, 0], topics, p=[(differing + gain) / 2, (differing - gain) / 2, 1 - differing]
    ).repeat(together)
    before = np.where(change == 0, chance.random(len(change)) < 0.6, change < 0)
    after = np.where(change == 0, before, change > 0)
    return before.tolist(), after.tolist(), [str(number) for number in np.arange(topics).repeat(together)]


def test_the_mean_is_the_share_of_wins_less_that_of_losses() -> None:
    found = compare_pairs([True, False, False, True], [True, True, True, False], list("abcd"))
    assert found.mean == 0.25
    assert (found.questions, found.topics) == (4, 4)


@pytest.mark.parametrize("together", [1, 5])
def test_of_equal_models_few_are_found_better(together: int) -> None:
    chance = np.random.default_rng(3)
    found = [compare_pairs(*draw(chance, 60, together)).bounds(LEVEL)[0] > 0 for _ in range(600)]
    assert np.mean(found) <= 0.045


def test_the_stated_number_of_questions_shows_the_gain() -> None:
    chance = np.random.default_rng(4)
    needed = compare_pairs(*draw(chance, 20_000, 1)).find_needed(0.05, LEVEL)
    assert needed == pytest.approx(620, rel=0.1)
    shown = [compare_pairs(*draw(chance, needed, 1, gain=0.05)).bounds(LEVEL)[0] > 0 for _ in range(300)]
    assert np.mean(shown) >= 0.75


def test_questions_of_one_topic_show_nothing() -> None:
    found = compare_pairs([False] * 9, [True] * 9, ["a"] * 9)
    assert found.bounds(LEVEL) == (-inf, inf)
    assert found.chance_of(0.1) == found.chance_of_more(0.0) == 1.0
    assert compare_pairs([], [], []).questions == 0


def test_without_a_difference_in_a_few_questions_the_bound_is_not_zero() -> None:
    few, many = (compare_pairs([True] * size, [True] * size, [str(one) for one in range(size)]) for size in (10, 200))
    assert few.bounds(0.05)[1] > 0.1
    assert 0.0 < many.bounds(0.05)[1] < 0.01


def test_several_findings_hold_together_only_as_holm_allows() -> None:
    assert reject_all([0.01, 0.02, 0.2], 0.05) == [True, True, False]
    assert reject_all([0.03, 0.02], 0.05) == [True, True]
    assert reject_all([0.04, 0.03], 0.05) == [False, False]
    assert reject_all([], 0.05) == []
