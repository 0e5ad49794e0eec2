"""Measures: how Chip is doing, counted from the stored rows each time. Nothing is kept as a running total."""

from dataclasses import dataclass
from datetime import datetime
from math import sqrt

from sqlalchemy import ColumnElement, Connection, Integer, Select, cast, exists, func, select

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
        given = connection.execute(_select_totals().where(period)).one()
        first_text_ms, total_ms = (
            _find_median(connection, column, period) for column in (replies.c.first_text_ms, replies.c.total_ms)
        )
        corrections = _count_said(connection, FeedbackKind.CORRECTION, period, since, func.count())
        called = func.count(feedback_events.c.reply_id.distinct())
        escalations = _count_said(connection, FeedbackKind.ESCALATION, period, since, called)
        votes, voted = _count_votes(connection, period)
    up, down = (sum(votes.get((role, vote), 0) for role in Role) for vote in (Vote.UP, Vote.DOWN))
    return Measures(
        replies=given.replies,
        refused=given.refused or 0,
        askers=given.askers,
        up=up,
        down=down,
        voted=voted,
        satisfaction=_share(up, down),
        from_customers=_share(votes.get((Role.CUSTOMER, Vote.UP), 0), votes.get((Role.CUSTOMER, Vote.DOWN), 0)),
        corrections=corrections,
        corrected=len(approved(db, select(replies.c.id).where(period))),
        pending=len(find_pending(db)),
        escalations=escalations,
        median_first_text_ms=first_text_ms,
        median_total_ms=total_ms,
        sentences=given.sentences or 0,
        withheld=given.withheld or 0,
        handed_over=given.handed_over or 0,
    )


def _select_totals() -> Select[int, int | None, int, int | None, int | None, int | None]:
    given = replies.c
    return select(
        func.count().label("replies"),
        func.sum(cast(given.refused, Integer)).label("refused"),
        func.count(given.asker.distinct()).label("askers"),
        func.sum(given.sentences).label("sentences"),
        func.sum(given.withheld).label("withheld"),
        func.sum(cast(given.finish == HANDED_OVER, Integer)).label("handed_over"),
    ).select_from(replies)


def _count_said(
    connection: Connection,
    kind: FeedbackKind,
    period: ColumnElement[bool],
    since: datetime | None,
    count: ColumnElement[int],
) -> int:
    """Count events of a kind on the period's replies; nothing is said of a reply before it is given."""
    is_kind = feedback_events.c.kind == kind.value
    if since is not None:
        is_kind &= feedback_events.c.at >= since
    said = feedback_events.join(replies, replies.c.id == feedback_events.c.reply_id)
    return connection.scalar(select(count).select_from(said).where(period, is_kind)) or 0


def _count_votes(connection: Connection, period: ColumnElement[bool]) -> tuple[dict[tuple[Role, Vote], int], int]:
    """Return how many verdicts stand on the period's replies, by the voters' role, and how many replies have any."""
    vote = standing_votes.c
    query = select(vote.role, vote.verdict, func.count()).join(replies, replies.c.id == vote.reply_id)
    counted = connection.execute(query.where(period).group_by(vote.role, vote.verdict)).all()
    has_any = exists().where(vote.reply_id == replies.c.id)
    voted = connection.scalar(select(func.count()).select_from(replies).where(period, has_any)) or 0
    return {(Role(row[0]), Vote(row[1])): row[2] for row in counted}, voted


def _find_median(connection: Connection, column: ColumnElement[int], period: ColumnElement[bool]) -> float | None:
    """Return the median of a column, None without values: the database sorts, so that no row is built for each."""
    known = period & column.is_not(None)
    count = connection.scalar(select(func.count()).select_from(replies).where(known)) or 0
    middle = select(column).where(known).order_by(column).offset((count - 1) // 2).limit(2 - count % 2)
    values = list(connection.scalars(middle)) if count else []
    return float(sum(values) / len(values)) if values else None


def _share(up: int, down: int) -> float | None:
    return up / (up + down) if up + down else None
