"""The picture behind `/chip stats`: questions and satisfaction by day, as a PNG. Knows no Slack."""

import io
from collections.abc import Sequence

import numpy as np

from feedback.questions import Day

_ANSWERED, _REFUSED, _SATISFIED = "#2e86ab", "#d9a441", "#2f9e44"


def draw(days: Sequence[Day]) -> bytes:
    """Return a PNG of about 900 × 500 pixels: bars of questions a day above, satisfaction of the voters below."""
    from matplotlib.figure import Figure  # slow to import, and seldom needed

    figure = Figure(figsize=(9, 5), dpi=100, layout="constrained")
    questions, satisfaction = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    when = np.array([day.day for day in days], dtype="datetime64[D]")
    answered = [day.replies - day.refused for day in days]
    questions.bar(when, answered, color=_ANSWERED, label="answered")
    questions.bar(when, [day.refused for day in days], bottom=answered, color=_REFUSED, label="“I don't know”")
    questions.set_ylabel("questions a day")
    questions.yaxis.get_major_locator().set_params(integer=True)
    questions.legend(loc="upper left", frameon=False, ncols=2)
    share = [100 * day.up / (day.up + day.down) if day.up + day.down else np.nan for day in days]
    satisfaction.plot(when, share, "o", color=_SATISFIED)
    satisfaction.set_ylim(-5, 105)
    satisfaction.set_ylabel("thumbs up, %")
    figure.autofmt_xdate()
    for axes in (questions, satisfaction):
        axes.spines[["top", "right"]].set_visible(False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()
