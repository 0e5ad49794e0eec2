"""The shift that makes confidences fit a company's questions."""

import math

import pytest

from retrieval.ranking.calibration import find_shift, measure_shift, shift_odds

NOTHING = 0.3


@pytest.mark.parametrize("confidence", [0.02, 0.3, 0.97])
def test_a_shift_adds_to_the_log_odds(confidence: float) -> None:
    shifted = shift_odds(confidence, 0.7)
    assert math.log(shifted / (1 - shifted)) == pytest.approx(math.log(confidence / (1 - confidence)) + 0.7)
    assert shift_odds(confidence, 0.0) == confidence


def test_what_is_impossible_stays_so() -> None:
    assert shift_odds(0.0, 8.0) == 0.0


def test_both_kinds_are_told_apart_where_they_can_be() -> None:
    found = find_shift([0.10, 0.20, 0.25], [0.01, 0.02, 0.04], nothing=NOTHING)
    assert (found.answered, found.refused, found.balanced) == (1.0, 1.0, 1.0)
    # In the middle of the gap, which leaves room on both sides.
    assert shift_odds(0.10, found.shift) > NOTHING + 0.05
    assert shift_odds(0.04, found.shift) < NOTHING - 0.05


def test_one_odd_question_does_not_decide() -> None:
    found = find_shift([0.02, 0.5, 0.6, 0.7, 0.8], [0.03, 0.04, 0.05, 0.06], nothing=NOTHING)
    assert (found.answered, found.refused) == (0.8, 1.0)


def test_where_no_shift_helps_the_figures_say_so() -> None:
    assert find_shift([0.5], [0.5], nothing=NOTHING).balanced == 0.5


def test_a_shift_is_measured_as_it_is_used() -> None:
    measured = measure_shift(0.0, [0.29, 0.31], [0.31, 0.1, 0.1, 0.1], nothing=NOTHING)
    assert (measured.answered, measured.refused) == (0.5, 0.75)
