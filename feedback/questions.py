"""What people ask: how much each day, what most, and what without an answer. Counted from the stored rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from feedback.database import Database
from feedback.events import FeedbackKind, find_events
from feedback.privacy import mask_personal_data
from feedback.signals import are_alike
from feedback.tables import feedback_events, replies
from feedback.votes import Vote, derive_verdicts

_LOOKED_AT = 2_000  # the latest questions; grouping compares each with the groups so far


@dataclass(frozen=True, slots=True)
class Day:
    """One day: the answers given, how many of them said "I don't know", and what was said of them up to now."""

    day: date
    replies: int
    refused: int
    up: int
    down: int
    escalated: int


@dataclass(frozen=True, slots=True)
class PopularQuestion:
    """One question, in one of its wordings, and how often and by how many people it was asked."""

    question: str
    times: int
    people: int


def daily(db: Database, team: str, since: datetime, until: datetime) -> list[Day]:
    """Return one entry for each day (UTC) from `since` to `until`, days without a question included."""
    period = (replies.c.team == team) & (replies.c.created_at >= since) & (replies.c.created_at <= until)
    with db.read() as connection:
        rows = connection.execute(select(replies.c.id, replies.c.refused, replies.c.created_at).where(period)).all()
        in_period = feedback_events.c.reply_id.in_(select(replies.c.id).where(period))
        kinds = feedback_events.c.kind.in_((FeedbackKind.VOTE.value, FeedbackKind.ESCALATION.value))
        events = find_events(connection, in_period, kinds)
    votes = derive_verdicts(event for event in events if event.kind is FeedbackKind.VOTE)
    escalated = {event.reply_id for event in events if event.kind is FeedbackKind.ESCALATION}
    days: list[Day] = []
    for offset in range((until.date() - since.date()).days + 1):
        day = since.date() + timedelta(days=offset)
        ids = {row.id: row.refused for row in rows if row.created_at.date() == day}
        verdicts = [vote.verdict for vote in votes if vote.reply_id in ids]
        up = sum(verdict is Vote.UP for verdict in verdicts)
        days.append(Day(day, len(ids), sum(ids.values()), up, len(verdicts) - up, len(escalated & ids.keys())))
    return days


def find_unanswered(db: Database, team: str, since: datetime, limit: int) -> list[PopularQuestion]:
    """Return the questions that were answered with "I don't know", those asked most often first."""
    return _group(_latest(db, team, since, replies.c.refused.is_(True)))[:limit]


def find_most_asked(db: Database, team: str, since: datetime, limit: int, *, people: int = 2) -> list[PopularQuestion]:
    """Return what customers may be shown of what was asked most: answered, by at least `people`, naming nobody."""
    is_public = (replies.c.audience == "customer") & replies.c.refused.is_(False)
    groups = _group(_latest(db, team, since, is_public))
    return [
        asked for asked in groups if asked.people >= people and mask_personal_data(asked.question) == asked.question
    ][:limit]


def _latest(db: Database, team: str, since: datetime, condition: Any) -> list[tuple[str, str]]:
    query = (
        select(replies.c.question, replies.c.asker)
        .where(replies.c.team == team, replies.c.created_at >= since, replies.c.question != "", condition)
        .order_by(replies.c.created_at.desc())
        .limit(_LOOKED_AT)
    )
    with db.read() as connection:
        return [(row.question, row.asker) for row in connection.execute(query)]


def _group(questions: Iterable[tuple[str, str]]) -> list[PopularQuestion]:
    """Put like questions together; each group goes by its shortest wording."""
    groups: list[list[tuple[str, str]]] = []
    for question, asker in questions:
        group = next((group for group in groups if are_alike(group[0][0], question)), None)
        if group is None:
            groups.append([(question, asker)])
        else:
            group.append((question, asker))
    asked = [
        PopularQuestion(
            min((question for question, _ in group), key=len), len(group), len({asker for _, asker in group})
        )
        for group in groups
    ]
    return sorted(asked, key=lambda one: -one.times)
