"""Draws the picture of a retrain's report: how answers changed in each part, before and after, as a PNG.

Transparent, with greys that are readable on white and on black. Knows nothing of Slack.
"""

import io
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.views.stats_plot import plain
from feedback.measures import find_interval
from retrain.report import Part, RetrainReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALL = "all that nobody taught it"
TAUGHT = "what it was taught"
_BEFORE, _AFTER, _WORSE, _INK = "#80808a", "#3d8fb8", "#d0603f", "#80808a"
_WIDE = 46  # characters of a part's name in a line


def draw(report: RetrainReport) -> bytes | None:
    """Return a PNG about 900 pixels wide: what was right above, what should be rare below. None if nothing was judged.

    Each row has the share before and after with the range that holds it with 95 %.
    """
    right, rare = find_right(report), [part for part in report.parts if not part.is_wrong]
    if not right:
        return None
    from matplotlib.figure import Figure  # slow to import, and seldom needed

    figure = Figure(figsize=(9, 1.7 + 0.44 * (len(right) + len(rare))), dpi=100, layout="constrained")
    figure.patch.set_alpha(0.0)
    heights = (len(right), max(1, len(rare)))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=heights, squeeze=True)
    _draw_rows(above, right, "Right answers, %")
    _draw_rows(below, rare, "What should be rare, %")
    above.legend(
        loc="lower left", bbox_to_anchor=(0.0, 1.1), frameon=False, ncols=2, fontsize=11, labelcolor=_INK, borderpad=0
    )
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def find_right(report: RetrainReport) -> list[Part]:
    """Return the rows of right answers: lessons, all questions, and each kind of question. Counts are of right ones."""
    if report.before is None or report.after is None:
        return []
    before, after = report.before, report.after
    whole = [
        Part(TAUGHT, before.said, after.said, after.lessons, "no worse", True),
        Part(ALL, before.heldout_right, after.heldout_right, after.heldout, "no worse", True),
    ]
    kinds = [
        Part(one.name, one.of - one.before, one.of - one.after, one.of, one.verdict, True)
        for one in report.parts
        if one.is_wrong
    ]
    return [one for one in [*whole, *kinds] if one.of]


def _draw_rows(axes: "Axes", parts: Sequence[Part], title: str) -> None:
    for row, part in enumerate(reversed(parts)):
        is_first = row == len(parts) - 1
        _draw_share(axes, row + 0.14, part.before, part.of, _BEFORE, "before" if is_first else None)
        colour = _WORSE if part.verdict == "worse" else _AFTER
        _draw_share(axes, row - 0.14, part.after, part.of, colour, "after" if is_first else None)
    names = ["\n".join(textwrap.wrap(f"{part.name} ({part.of})", _WIDE)) for part in reversed(parts)]
    axes.set_yticks(range(len(parts)), names)
    axes.set_ylim(-0.6, max(1, len(parts)) - 0.4)
    axes.set_xlim(-2, 102)
    axes.set_title(title, loc="left", fontsize=12, color=_INK)
    plain(axes)
    axes.tick_params(axis="y", labelsize=9)


def _draw_share(axes: "Axes", height: float, many: int, of: int, colour: str, label: str | None) -> None:
    low, high = find_interval(many, of)
    line = [100 * low, 100 * high]
    axes.plot(line, [height, height], color=colour, alpha=0.45, linewidth=5, solid_capstyle="butt")
    axes.plot([100 * many / of], [height], "o", color=colour, markersize=6, label=label)
