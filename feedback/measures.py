"""Measures: how Chip is doing over some days, from what was counted of each."""

from dataclasses import dataclass
from datetime import date, datetime
from math import sqrt

from sqlalchemy import func, select

from feedback.database import Database
from feedback.day_counts import Counts, read_counts
from feedback.events import FeedbackKind
from feedback.replies import TAUGHT
from feedback.tables import replies
from feedback.votes import Vote

_Z = 1.96  # standard deviations on each side that hold 95 %


@dataclass(frozen=True, slots=True)
class Measures:
    """Counts over the replies of some days and everything said about them until now.

    `up` and `down` count standing verdicts, one for each person and reply. `escalations` counts the replies after which
    somebody asked for a person. `corrections` counts the corrections made. The
    median is in milliseconds to two significant digits, None without replies. Of the `sentences` of replies that noted
    this, `withheld` were not shown because nothing supports them. `handed_over` counts the requests for a person that
    came in place of a question.
    """

    replies: int
    refused: int
    up: int
    down: int
    corrections: int
    escalations: int
    median_first_text_ms: float | None
    sentences: int
    withheld: int
    handed_over: int = 0

    @property
    def answered(self) -> int:
        """How many questions Chip answered itself."""
        return self.replies - self.refused - self.handed_over

    @property
    def satisfaction(self) -> float | None:
        """The share of verdicts that are up; None without any."""
        votes = self.up + self.down
        return self.up / votes if votes else None


def find_interval(successes: int, of: int) -> tuple[float, float]:
    """Return the bounds in [0, 1] that hold the true share with 95 %. After Wilson 1927; (0, 1) for no votes."""
    if not of:
        return 0.0, 1.0
    share, spread = successes / of, _Z**2 / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def summary(db: Database, since: date | None = None, until: date | None = None) -> Measures:
    """Measure the replies of the days (UTC) from `since` to `until`, both included; None means no bound."""
    whole = Counts()
    for counts in read_counts(db, since=since, until=until).values():
        whole += counts
    sums = whole.sums
    return Measures(
        replies=sums["replies"],
        refused=sums["refused"],
        up=sums[Vote.UP],
        down=sums[Vote.DOWN],
        corrections=sums[FeedbackKind.CORRECTION],
        escalations=sums[FeedbackKind.ESCALATION],
        median_first_text_ms=whole.median_first_text_ms,
        sentences=sums["sentences"],
        withheld=sums["withheld"],
        handed_over=sums["handed_over"],
    )


def count_replies(db: Database, since: datetime) -> int:
    """Return how many replies were given at or after `since`."""
    given = (replies.c.finish != TAUGHT) & (replies.c.created_at >= since)
    with db.read() as connection:
        return connection.scalar(select(func.count()).select_from(replies).where(given)) or 0
