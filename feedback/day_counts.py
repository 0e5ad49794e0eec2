"""Counts of each day's replies, kept beside the rows that they are counted from. A day is one of UTC.

Nobody adds to a running total: `day_marks` notes which days changed, and the next reader counts the rows of those days
again. So beside a million events a figure costs as much as the days that have changed.
"""

from bisect import bisect
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate

from sqlalchemy import ColumnElement, Connection, Integer, cast, distinct, func, select, update

from feedback.database import Database
from feedback.day_marks import is_day
from feedback.events import FeedbackKind
from feedback.replies import HANDED_OVER, TAUGHT
from feedback.tables import day_counts, feedback_events, replies, standing_votes

_AT_ONCE = 30  # days counted in one transaction, so that writers wait for a tenth of a second at most


@dataclass(slots=True)
class Counts:
    """What was counted of some days' replies. `first_text_ms` counts replies by that time, to two digits."""

    sums: Counter[str] = field(default_factory=Counter)
    first_text_ms: Counter[int] = field(default_factory=Counter)

    def __iadd__(self, other: "Counts") -> "Counts":
        self.sums.update(other.sums)
        self.first_text_ms.update(other.first_text_ms)
        return self

    @property
    def median_first_text_ms(self) -> float | None:
        """The median of the times to the first text; None without any."""
        if not self.first_text_ms:
            return None
        values = sorted(self.first_text_ms)
        ends = list(accumulate(self.first_text_ms[value] for value in values))
        lower, upper = (values[bisect(ends, place)] for place in ((ends[-1] - 1) // 2, ends[-1] // 2))
        return (lower + upper) / 2


def read_counts(
    db: Database, team: str | None = None, since: date | None = None, until: date | None = None
) -> dict[date, Counts]:
    """Return the counts of the days from `since` to `until`, both included, that have any. No team: of all."""
    kept = day_counts.c
    chosen = (kept.team == team) if team is not None else kept.team.is_not(None)
    if since is not None:
        chosen &= kept.day >= since.isoformat()
    if until is not None:
        chosen &= kept.day <= until.isoformat()
    _count_marked(db, chosen)
    counts: dict[date, Counts] = {}
    with db.read() as connection:
        for day, found in connection.execute(select(kept.day, kept.counts).where(chosen, kept.counts.is_not(None))):
            whole = counts.setdefault(date.fromisoformat(day), Counts())
            times = {int(value): count for value, count in found["first_text_ms"].items()}
            whole += Counts(Counter(found["sums"]), Counter(times))
    return counts


def count_day(connection: Connection, team: str, day: date) -> Counts:
    """Count the rows of one day's replies."""
    begins = datetime.combine(day, time(), UTC)
    given, vote, said = replies.c, standing_votes.c, feedback_events.c
    is_given = (given.team == team) & (given.created_at >= begins) & (given.created_at < begins + timedelta(days=1))
    is_given &= given.finish != TAUGHT
    sums: Counter[str] = Counter(_count_replies(connection, is_given))
    votes = select(vote.verdict, func.count()).join(replies, given.id == vote.reply_id)
    sums.update({verdict: count for verdict, count in connection.execute(votes.where(is_given).group_by(vote.verdict))})
    # All kinds, since SQLite would go through every correction that there is to find those of a day.
    told = select(said.kind, func.count(), func.count(distinct(said.reply_id))).join(replies, given.id == said.reply_id)
    events = {row[0]: row[1:] for row in connection.execute(told.where(is_given).group_by(said.kind))}
    sums[FeedbackKind.CORRECTION] = events.get(FeedbackKind.CORRECTION, (0, 0))[0]
    sums[FeedbackKind.ESCALATION] = events.get(FeedbackKind.ESCALATION, (0, 0))[1]
    timed = select(given.first_text_ms, func.count()).where(is_given, given.first_text_ms.is_not(None))
    times_ms: Counter[int] = Counter()
    for value, count in connection.execute(timed.group_by(given.first_text_ms)):
        times_ms[_round(value)] += count
    return Counts(+sums, times_ms)


def _count_replies(connection: Connection, is_given: ColumnElement[bool]) -> dict[str, int]:
    given = replies.c
    is_handed_over = given.finish == HANDED_OVER
    counted = select(
        func.count().label("replies"),
        func.sum(cast(given.refused & ~is_handed_over, Integer)).label("refused"),
        func.sum(cast(is_handed_over, Integer)).label("handed_over"),
        func.sum(given.sentences).label("sentences"),
        func.sum(given.withheld).label("withheld"),
    )
    row = connection.execute(counted.select_from(replies).where(is_given)).one()
    return {name: count or 0 for name, count in row._mapping.items()}


def _round(milliseconds: int) -> int:
    """Return a time to two significant digits: nobody reads more, and a day has few different ones."""
    unit = int("1".ljust(len(str(milliseconds)) - 1, "0"))
    return (milliseconds + unit // 2) // unit * unit


def _count_marked(db: Database, chosen: ColumnElement[bool]) -> None:
    """Count the marked days among the chosen ones again."""
    kept = day_counts.c
    with db.read() as connection:
        marked = connection.execute(select(kept.team, kept.day).where(chosen, kept.counts.is_(None))).all()
    for start in range(0, len(marked), _AT_ONCE):
        with db.begin() as connection:
            for team, day in marked[start : start + _AT_ONCE]:
                connection.execute(select(kept.day).where(*is_day(team, day)).with_for_update())
                counts = count_day(connection, team, date.fromisoformat(day))
                value = {"sums": dict(counts.sums), "first_text_ms": dict(counts.first_text_ms)}
                connection.execute(update(day_counts).where(*is_day(team, day)).values(counts=value))
