"""Owns the looks for drift: what each found and when, and the rows that they read. Knows no test of any change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, exists, insert, select

from feedback.database import Database
from feedback.events import FeedbackKind
from feedback.replies import UNSPOKEN
from feedback.tables import drifts, feedback_events, replies, standing_votes
from feedback.votes import Vote


class Watched(StrEnum):
    """What may drift."""

    QUESTIONS = "questions"
    QUALITY = "quality"
    DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True)
class Look:
    """One look: `found` says in words what had changed; "" for nothing."""

    at: datetime
    kind: Watched
    is_alarm: bool
    found: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, and the topic of the best evidence for it ("" for none)."""

    question: str
    topic: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Yes-or-no outcomes in the order of time, with when each came and, where it helps, the question."""

    flags: tuple[bool, ...]
    times: tuple[datetime, ...]
    questions: tuple[str, ...]


def record_look(db: Database, kind: Watched, found: str, *, is_alarm: bool) -> None:
    """Store a look that was done now."""
    with db.begin() as connection:
        connection.execute(insert(drifts).values(kind=kind.value, at=db.clock(), is_alarm=is_alarm, found=found))


def find_looks(db: Database, kind: Watched, since: datetime) -> list[Look]:
    """Return the looks of a kind since then, newest first."""
    query = select(drifts).where(drifts.c.kind == kind.value, drifts.c.at >= since).order_by(drifts.c.number.desc())
    with db.read() as connection:
        return [Look(row.at, Watched(row.kind), row.is_alarm, row.found) for row in connection.execute(query)]


def read_asked(db: Database, since: datetime, until: datetime, most: int) -> list[Asked]:
    """Return the first questions of threads in a period that still have their words, newest first."""
    given = replies.c
    query = (
        select(given.question, given.query, given.evidence, given.created_at)
        .where(given.created_at >= since, given.created_at < until, given.question != "", given.finish.not_in(UNSPOKEN))
        .where(given.thread_ts == given.question_ts)
        .order_by(given.created_at.desc())
        .limit(most)
    )
    with db.read() as connection:
        rows = connection.execute(query).all()
    return [Asked(row.query or row.question, _read_topic(row.evidence), row.created_at) for row in rows]


def read_withheld(db: Database, since: datetime) -> Outcomes:
    """Return of each reply since then whether a sentence of it had to be withheld."""
    return _read_replies(db, since, replies.c.withheld > 0, replies.c.sentences > 0)


def read_reasked(db: Database, since: datetime) -> Outcomes:
    """Return of each reply since then whether its asker asked the same again."""
    about = feedback_events.c.reply_id == replies.c.id
    again = exists().where(about, feedback_events.c.kind == FeedbackKind.REASKED.value)
    return _read_replies(db, since, again, replies.c.finish.not_in(UNSPOKEN))


def read_down(db: Database, since: datetime) -> Outcomes:
    """Return of each standing vote since then whether it is a thumb down."""
    query = (
        select(standing_votes.c.verdict == Vote.DOWN.value, standing_votes.c.at, replies.c.question)
        .join(replies, replies.c.id == standing_votes.c.reply_id)
        .where(standing_votes.c.at >= since)
        .order_by(standing_votes.c.at, standing_votes.c.reply_id)
    )
    with db.read() as connection:
        return _gather(connection.execute(query).all())


def _read_replies(db: Database, since: datetime, flag: ColumnElement[bool], counts: ColumnElement[bool]) -> Outcomes:
    given = replies.c
    query = select(flag, given.created_at, given.question).where(given.created_at >= since, counts)
    with db.read() as connection:
        return _gather(connection.execute(query.order_by(given.created_at, given.id)).all())


def _gather(rows: Sequence[Any]) -> Outcomes:
    return Outcomes(
        tuple(bool(row[0]) for row in rows), tuple(row[1] for row in rows), tuple(str(row[2]) for row in rows)
    )


def _read_topic(evidence: dict[str, Any]) -> str:
    lines = evidence.get("lines") or [{}]
    return str(lines[0].get("heading", "")).partition(" › ")[0]
