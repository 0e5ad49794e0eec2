"""The inbox: every event from Slack is a row here before it is worked on, so that none is lost or handled twice.

Knows nothing of what an event means. The caller makes its key, which says what counts as the same event.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from feedback.database import Database, insert_once
from feedback.tables import inbox


@dataclass(frozen=True, slots=True)
class InboxEvent:
    """A stored event. `team`, `channel` and `ts` are what Slack named; None if it named none."""

    key: str
    kind: str
    team: str | None
    channel: str | None
    ts: str | None
    payload: Mapping[str, Any]
    received_at: datetime
    done_at: datetime | None = None


def record_event(
    db: Database,
    key: str,
    kind: str,
    *,
    team: str | None,
    channel: str | None,
    ts: str | None,
    payload: Mapping[str, Any],
    is_urgent: bool = False,
) -> bool:
    """Store the event. Return True if it is new. Of several threads or processes with one key, exactly one gets True.

    It is urgent if Slack waits to be told that it arrived.
    """
    row = {
        "event_key": key,
        "kind": kind,
        "team": team,
        "channel": channel,
        "ts": ts,
        "payload": dict(payload),
        "received_at": db.clock(),
    }
    return db.write(lambda connection: insert_once(connection, inbox, row, ("event_key",)), is_urgent=is_urgent)


def mark_done(db: Database, key: str) -> None:
    """Note that the event is done. The first time stays; an unknown key changes nothing."""
    unfinished = (inbox.c.event_key == key) & inbox.c.done_at.is_(None)
    db.write(lambda connection: connection.execute(update(inbox).where(unfinished).values(done_at=db.clock())))


def mark_ended(db: Database, key: str, kinds: Collection[str]) -> None:
    """Note that the event is done if it is one of these kinds. Their handlers mark the others."""
    ended = (inbox.c.event_key == key) & inbox.c.kind.in_(kinds) & inbox.c.done_at.is_(None)
    db.write(lambda connection: connection.execute(update(inbox).where(ended).values(done_at=db.clock())))


def forget_payloads(db: Database, before: datetime) -> int:
    """Empty the payloads of events done before an instant, and return how many.

    The keys stay to recognise repetitions.
    """
    old = inbox.c.done_at.is_not(None) & (inbox.c.done_at < before)
    with db.begin() as connection:
        return connection.execute(update(inbox).where(old).values(payload={})).rowcount


def find_oldest_unfinished(db: Database) -> datetime | None:
    """Return the time of the event that has waited longest; None if all are done."""
    with db.read() as connection:
        oldest: datetime | None = connection.scalar(
            select(func.min(inbox.c.received_at)).where(inbox.c.done_at.is_(None))
        )
    return oldest


def note(db: Database, key: str, **facts: Any) -> None:
    """Add facts to a stored event's payload for whatever resumes it after a crash. An unknown key changes nothing."""

    def add(connection: Connection) -> None:
        payload = connection.scalar(select(inbox.c.payload).where(inbox.c.event_key == key))
        if payload is not None:
            changed = update(inbox).where(inbox.c.event_key == key)
            connection.execute(changed.values(payload={**payload, **facts}))

    db.write(add)


def find_event(db: Database, key: str) -> InboxEvent | None:
    """Return the stored event of this key, done or not; None if there is none."""
    with db.read() as connection:
        row = connection.execute(select(inbox).where(inbox.c.event_key == key)).one_or_none()
    return None if row is None else InboxEvent(*row)


def find_unfinished(db: Database, kind: str | None = None) -> list[InboxEvent]:
    """Return the events that are not done, all or of one kind, in order of arrival."""
    query = select(inbox).where(inbox.c.done_at.is_(None)).order_by(inbox.c.received_at, inbox.c.ts, inbox.c.event_key)
    if kind is not None:
        query = query.where(inbox.c.kind == kind)
    with db.read() as connection:
        rows = connection.execute(query).all()
    return [
        InboxEvent(row.event_key, row.kind, row.team, row.channel, row.ts, row.payload, row.received_at) for row in rows
    ]
