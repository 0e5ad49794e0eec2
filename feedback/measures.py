"""Measures: how Chip is doing, counted from the stored rows each time. Nothing is kept as a running total."""

from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from statistics import median

from sqlalchemy import ColumnElement, Connection, func, select

from feedback.corrections import approved, find_pending
from feedback.database import Database
from feedback.events import FeedbackKind, Role
from feedback.replies import HANDED_OVER, TAUGHT
from feedback.tables import feedback_events, replies, standing_votes
from feedback.votes import Vote

_Z = 1.96  # standard deviations on each side that hold 95 %


@dataclass(frozen=True, slots=True)
class Measures:
    """Counts over the replies of a period and everything said about them until now.

    `askers` counts people. `up` and `down` count standing verdicts, one for each person and reply, and `voted` the
    replies that have any. `satisfaction` is up / (up + down), None without votes; `from_customers` is the same for
    customers' votes. `escalations` counts the replies after which somebody asked for a person. `corrections` counts the
    corrections made, `corrected` the replies for which one holds, `pending` those that wait, of all time. The medians
    are in milliseconds, None without replies. Of the `sentences` of replies that noted this, `withheld` were not shown
    because nothing supports them. `handed_over` counts the requests for a person that came in place of a question.
    """

    replies: int
    refused: int
    askers: int
    up: int
    down: int
    voted: int
    satisfaction: float | None
    from_customers: float | None
    corrections: int
    corrected: int
    pending: int
    escalations: int
    median_first_text_ms: float | None
    median_total_ms: float | None
    sentences: int
    withheld: int
    handed_over: int = 0

    @property
    def answered(self) -> int:
        """How many questions Chip answered itself."""
        return self.replies - self.refused - self.handed_over


def find_interval(successes: int, of: int) -> tuple[float, float]:
    """Return the bounds in [0, 1] that hold the true share with 95 %. After Wilson 1927; (0, 1) for no votes."""
    if not of:
        return 0.0, 1.0
    share, spread = successes / of, _Z**2 / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def summary(db: Database, since: datetime | None = None, until: datetime | None = None) -> Measures:
    """Measure the replies given at or after `since` and before `until`; None means no bound."""
    period = replies.c.finish != TAUGHT
    if since is not None:
        period &= replies.c.created_at >= since
    if until is not None:
        period &= replies.c.created_at < until
    with db.read() as connection:
        columns = ("id", "asker", "finish", "refused", "first_text_ms", "total_ms", "sentences", "withheld")
        rows = connection.execute(select(*(replies.c[name] for name in columns)).where(period)).all()
        corrections = _count_said(connection, FeedbackKind.CORRECTION, period, func.count())
        escalations = _count_said(
            connection, FeedbackKind.ESCALATION, period, func.count(feedback_events.c.reply_id.distinct())
        )
        votes = _count_votes(connection, period)
        voted = _count_voted(connection, period)
    ids = {row.id for row in rows}
    up, down = (sum(votes.get((role, vote), 0) for role in Role) for vote in (Vote.UP, Vote.DOWN))
    return Measures(
        replies=len(rows),
        refused=sum(row.refused for row in rows),
        askers=len({row.asker for row in rows}),
        up=up,
        down=down,
        voted=voted,
        satisfaction=_share(up, down),
        from_customers=_share(votes.get((Role.CUSTOMER, Vote.UP), 0), votes.get((Role.CUSTOMER, Vote.DOWN), 0)),
        corrections=corrections,
        corrected=sum(correction.reply_id in ids for correction in approved(db)),
        pending=len(find_pending(db)),
        escalations=escalations,
        median_first_text_ms=_median([row.first_text_ms for row in rows if row.first_text_ms is not None]),
        median_total_ms=_median([row.total_ms for row in rows]),
        sentences=sum(row.sentences or 0 for row in rows),
        withheld=sum(row.withheld or 0 for row in rows),
        handed_over=sum(row.finish == HANDED_OVER for row in rows),
    )


def _count_said(
    connection: Connection, kind: FeedbackKind, period: ColumnElement[bool], count: ColumnElement[int]
) -> int:
    said = feedback_events.join(replies, replies.c.id == feedback_events.c.reply_id)
    query = select(count).select_from(said).where(period, feedback_events.c.kind == kind.value)
    return connection.scalar(query) or 0


def _count_votes(connection: Connection, period: ColumnElement[bool]) -> dict[tuple[Role, Vote], int]:
    """Return how many verdicts stand on the period's replies, by the voters' role."""
    role, verdict = standing_votes.c.role, standing_votes.c.verdict
    voted = standing_votes.join(replies, replies.c.id == standing_votes.c.reply_id)
    query = select(role, verdict, func.count()).select_from(voted).where(period).group_by(role, verdict)
    return {(Role(row[0]), Vote(row[1])): row[2] for row in connection.execute(query)}


def _count_voted(connection: Connection, period: ColumnElement[bool]) -> int:
    voted = standing_votes.join(replies, replies.c.id == standing_votes.c.reply_id)
    query = select(func.count(standing_votes.c.reply_id.distinct())).select_from(voted).where(period)
    return connection.scalar(query) or 0


def _share(up: int, down: int) -> float | None:
    return up / (up + down) if up + down else None


def _median(values: list[int]) -> float | None:
    return float(median(values)) if values else None
