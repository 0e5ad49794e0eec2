"""The picture of the statistics reads on light and on dark, and leaves out the days before the first question."""

from datetime import date, timedelta
from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread

from bot.views.stats_plot import _cut, draw
from feedback.measures import find_interval
from feedback.questions import Day

TODAY = date(2026, 5, 30)


def days(*asked: int) -> list[Day]:
    first = TODAY - timedelta(days=len(asked) - 1)
    return [Day(first + timedelta(days=n), count, count // 2, count // 3, 0, 0) for n, count in enumerate(asked)]


@pytest.mark.parametrize("asked", [(0,) * 29 + (2,), (3,) * 30, (0, 0)])
def test_the_picture_is_transparent_and_shows_something(asked: tuple[int, ...]) -> None:
    picture = imread(BytesIO(draw(days(*asked), "41 questions in 30 days")))
    assert picture[0, 0, 3] == 0
    assert (picture[:, :, 3] > 0.5).any()


def test_the_axis_begins_with_the_first_question_but_shows_a_week() -> None:
    assert [len(_cut(days(*asked))) for asked in ((0,) * 29 + (2,), (0,) * 10 + (1,) + (0,) * 19, (1, 1))] == [7, 20, 2]


def test_two_votes_prove_little_and_many_prove_more() -> None:
    low, high = find_interval(0, 2)
    assert (low, round(high, 2)) == (0.0, 0.66)
    low, high = find_interval(90, 100)
    assert (round(low, 2), round(high, 2)) == (0.83, 0.94)
    assert find_interval(0, 0) == (0.0, 1.0)


def test_the_bar_of_today_is_as_wide_as_any_other() -> None:
    def count_blue(asked: tuple[int, ...]) -> int:
        red, _, blue = np.moveaxis(imread(BytesIO(draw(days(*asked), "4 questions")))[100:, :, :3], 2, 0)
        return int(((red < 0.3) & (blue > 0.65)).sum())

    amid, today = count_blue((1, 0, 0, 4, 0, 0, 0)), count_blue((1, 0, 0, 0, 0, 0, 4))
    assert today == pytest.approx(amid, rel=0.05)
