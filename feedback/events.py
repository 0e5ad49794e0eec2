"""The log of what people said about replies. Rows are added and never changed; the present state is derived from them.

Knows nothing of what a vote or a correction means.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select

from feedback.database import Database, insert_once
from feedback.day_marks import mark_replies
from feedback.tables import feedback_events


class Role(StrEnum):
    """Who speaks."""

    CUSTOMER = "customer"
    STAFF = "staff"
    ADMIN = "admin"


class FeedbackKind(StrEnum):
    """What was said."""

    VOTE = "vote"
    CORRECTION = "correction"
    DECISION = "decision"
    ESCALATION = "escalation"
    REASON = "reason"
    REASKED = "reasked"
    SURVEY = "survey"


class FeedbackSource(StrEnum):
    """The way by which it came: in Slack, or out of the documents, which Chip quotes."""

    REACTION = "reaction"
    BUTTON = "button"
    MODAL = "modal"
    COMMAND = "command"
    TICKET = "ticket"
    THREAD = "thread"
    DOCUMENTS = "documents"
    MESSAGE = "message"
    SHORTCUT = "shortcut"


@dataclass(frozen=True, slots=True)
class FeedbackEvent:
    """One row of the log. `number` counts in the order of writing; `value` depends on kind and source."""

    number: int
    id: str
    reply_id: str
    person: str
    kind: FeedbackKind
    source: FeedbackSource
    value: Mapping[str, Any]
    role: Role
    at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """What is about to be logged.

    `key` is the inbox key of the Slack event: the same key is logged once, however often its handling is resumed. `at`
    is when it happened according to Slack; None means now.
    """

    reply_id: str
    person: str
    role: Role
    kind: FeedbackKind
    source: FeedbackSource
    value: Mapping[str, Any]
    key: str | None = None
    at: datetime | None = None


def append_event(connection: Connection, db: Database, said: Said) -> FeedbackEvent:
    """Add one row and return it. If `said.key` was logged before, return that row."""
    mark_replies(connection, [said.reply_id])
    row = {
        "id": db.new_id("F"),
        "event_key": said.key,
        "reply_id": said.reply_id,
        "person": said.person,
        "kind": said.kind.value,
        "source": said.source.value,
        "value": dict(said.value),
        "role": Role(said.role).value,
        "at": said.at or db.clock(),
    }
    if said.key is None:
        connection.execute(insert(feedback_events).values(row))
        return find_events(connection, feedback_events.c.id == row["id"])[0]
    insert_once(connection, feedback_events, row, ("event_key",))
    return find_events(connection, feedback_events.c.event_key == said.key)[0]


def find_events(connection: Connection, *conditions: ColumnElement[bool]) -> list[FeedbackEvent]:
    """Return the events that satisfy all conditions, in the order in which they happened."""
    query = select(feedback_events).where(*conditions).order_by(feedback_events.c.at, feedback_events.c.number)
    return [
        FeedbackEvent(
            number=row.number,
            id=row.id,
            reply_id=row.reply_id,
            person=row.person,
            kind=FeedbackKind(row.kind),
            source=FeedbackSource(row.source),
            value=row.value,
            role=Role(row.role),
            at=row.at,
        )
        for row in connection.execute(query)
    ]
