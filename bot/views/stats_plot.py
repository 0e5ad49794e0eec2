"""Draws the picture of `/chip stats`: questions and satisfaction by day, as a PNG. Knows nothing of Slack.

Transparent, with greys that are readable on white and on black.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from feedback.measures import find_interval
from feedback.questions import Day

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ANSWERED, _REFUSED, _SATISFIED, _INK = "#3d8fb8", "#d9a441", "#35a35a", "#80808a"
_TREND_DAYS = 7
_FEWEST_DAYS = 7  # on the axis


def draw(days: Sequence[Day], title: str) -> bytes:
    """Return a PNG of about 900 × 550 pixels: bars of questions a day above, satisfaction of the voters below.

    The axis begins with the first day that has a question, but spans at least a week.
    """
    from matplotlib.dates import ConciseDateFormatter
    from matplotlib.figure import Figure  # slow to import, and seldom needed

    shown = _cut(days)
    figure = Figure(figsize=(6.4, 3.9), dpi=140, layout="constrained")
    figure.patch.set_alpha(0.0)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold", color=_INK)
    questions, satisfaction = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    when = np.array([day.day for day in shown], dtype="datetime64[D]")
    _draw_questions(questions, shown, when)
    _draw_satisfaction(satisfaction, shown, when)
    for axes in (questions, satisfaction):
        plain(axes)
    half = np.timedelta64(14, "h")  # a date with hours added would stay the date, and half of the last bar be cut off
    satisfaction.set_xlim(when[0] - half, when[-1] + half)
    locator = satisfaction.xaxis.get_major_locator()
    satisfaction.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _cut(days: Sequence[Day]) -> Sequence[Day]:
    first = next((number for number, day in enumerate(days) if day.replies), len(days))
    return days[max(0, min(first, len(days) - _FEWEST_DAYS)) :]


def _draw_questions(axes: "Axes", days: Sequence[Day], when: np.ndarray) -> None:
    from matplotlib.ticker import MaxNLocator

    answered = [day.replies - day.refused for day in days]
    axes.bar(when, answered, color=_ANSWERED, label="answered")
    axes.bar(when, [day.refused for day in days], bottom=answered, color=_REFUSED, label="“I don’t know”")
    if len(days) > _TREND_DAYS:
        every = np.array([day.replies for day in days], dtype=float)
        trend = np.convolve(every, np.ones(_TREND_DAYS) / _TREND_DAYS, mode="valid")
        axes.plot(when[_TREND_DAYS - 1 :], trend, color=_INK, linewidth=2.5, label=f"mean of {_TREND_DAYS} days")
    axes.set_ylim(0, max(1, *(day.replies for day in days)) * 1.25)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("questions a day")
    axes.legend(loc="upper left", frameon=False, ncols=3, fontsize=10, labelcolor=_INK)


def _draw_satisfaction(axes: "Axes", days: Sequence[Day], when: np.ndarray) -> None:
    """Draw a point for each day with votes, and the range of its share, which is wide if votes are few."""
    voted = [(at, day.up, day.up + day.down) for at, day in zip(when, days, strict=True) if day.up + day.down]
    if not voted:
        axes.text(0.5, 0.5, "no votes yet", transform=axes.transAxes, ha="center", va="center", color=_INK, fontsize=12)
    for at, up, votes in voted:
        low, high = find_interval(up, votes)
        axes.plot([at, at], [100 * low, 100 * high], color=_SATISFIED, alpha=0.45, linewidth=5, solid_capstyle="butt")
        axes.plot([at], [100 * up / votes], "o", color=_SATISFIED, markersize=7)
    axes.set_ylim(-5, 105)
    axes.set_yticks([0, 50, 100])
    axes.set_ylabel("thumbs up, %")


def plain(axes: "Axes") -> None:
    """Make the axes transparent, in a grey that is readable on white and on black."""
    axes.patch.set_alpha(0.0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_INK)
    axes.tick_params(colors=_INK, labelsize=11)
    axes.yaxis.label.set_color(_INK)
    axes.yaxis.label.set_fontsize(11)
