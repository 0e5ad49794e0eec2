"""Tickets: conversations for which somebody asked for a person, until a person has answered.

A conversation has at most one open ticket; the database enforces that. Knows only the places of Slack's cards.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, update

from feedback.database import Database, insert_once
from feedback.tables import messages, tickets


class TicketState(StrEnum):
    """The state of a ticket."""

    OPEN = "open"
    CLAIMED = "claimed"
    ANSWERED = "answered"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A call for a person: about which reply, in which thread, and where staff see it.

    `card_ts` is None until the card is posted. `claimed_by` is the person who answers, or who closed it. `reminded_at`
    is when staff were last told.
    """

    id: str
    team: str
    channel: str
    thread_ts: str
    reply_id: str
    asker: str
    state: TicketState
    card_channel: str
    card_ts: str | None
    claimed_by: str | None
    correction_id: str | None
    opened_at: datetime
    reminded_at: datetime
    closed_at: datetime | None

    @property
    def is_closed(self) -> bool:
        """Whether it was answered or dismissed."""
        return self.state in (TicketState.ANSWERED, TicketState.DISMISSED)


_COLUMNS = [tickets.c[name] for name in Ticket.__slots__]


def open_ticket(
    db: Database, *, team: str, channel: str, thread_ts: str, reply_id: str, asker: str, card_channel: str
) -> tuple[Ticket, bool]:
    """Open a ticket for a conversation. If one is open already, return that one and False."""
    key, now = _open_key(team, channel, thread_ts), db.clock()
    row = {
        "id": db.new_id("K"),
        "team": team,
        "channel": channel,
        "thread_ts": thread_ts,
        "reply_id": reply_id,
        "asker": asker,
        "state": TicketState.OPEN.value,
        "open_key": key,
        "card_channel": card_channel,
        "opened_at": now,
        "reminded_at": now,
    }
    with db.begin() as connection:
        is_new = insert_once(connection, tickets, row, ("open_key",))
        found = connection.execute(select(*_COLUMNS).where(tickets.c.open_key == key)).one()
    return _build_ticket(found), is_new


def note_card(db: Database, ticket_id: str, ts: str) -> None:
    """Note the card's place."""
    _change(db, tickets.c.id == ticket_id, card_ts=ts)


def note_reminder(db: Database, ticket_id: str) -> None:
    """Note that staff were reminded now."""
    _change(db, tickets.c.id == ticket_id, reminded_at=db.clock())


def claim(db: Database, ticket_id: str, person: str) -> bool:
    """Make the person the claimant. Return False if the ticket is somebody else's or closed."""
    free = (tickets.c.state == TicketState.OPEN.value) | (
        (tickets.c.state == TicketState.CLAIMED.value) & (tickets.c.claimed_by == person)
    )
    return _change(db, (tickets.c.id == ticket_id) & free, state=TicketState.CLAIMED.value, claimed_by=person)


def release(db: Database, ticket_id: str, person: str) -> bool:
    """Give a claimed ticket back. Return False if it is not the person's."""
    theirs = (tickets.c.state == TicketState.CLAIMED.value) & (tickets.c.claimed_by == person)
    return _change(db, (tickets.c.id == ticket_id) & theirs, state=TicketState.OPEN.value, claimed_by=None)


def close(db: Database, ticket_id: str, *, by: str, state: TicketState, correction_id: str | None = None) -> bool:
    """Close a ticket as answered or dismissed. Return False if it was closed before."""
    is_open = (tickets.c.id == ticket_id) & tickets.c.open_key.is_not(None)
    closed = {"state": state.value, "open_key": None, "closed_at": db.clock()}
    return _change(db, is_open, **closed, claimed_by=by, correction_id=correction_id)


def find_ticket(db: Database, ticket_id: str) -> Ticket | None:
    """Return the ticket of this id; None if there is none."""
    return _find_ticket(db, tickets.c.id == ticket_id)


def find_by_card(db: Database, channel: str, card_ts: str) -> Ticket | None:
    """Find the ticket whose card is this message."""
    return _find_ticket(db, (tickets.c.card_channel == channel) & (tickets.c.card_ts == card_ts))


def find_by_correction(db: Database, correction_id: str) -> Ticket | None:
    """Find the ticket whose answer is this correction."""
    return _find_ticket(db, tickets.c.correction_id == correction_id)


def find_open(db: Database, team: str, channel: str, thread_ts: str) -> Ticket | None:
    """Return the open ticket of a conversation."""
    return _find_ticket(db, tickets.c.open_key == _open_key(team, channel, thread_ts))


def find_quoting(
    db: Database, team: str, *, person: str | None = None, message: tuple[str, str] | None = None
) -> list[Ticket]:
    """Return the tickets of conversations in which the person wrote, or which hold the message, closed ones included.

    `message` is its channel and ts.
    """
    wrote = messages.c.team == team
    if person is not None:
        wrote &= messages.c.person == person
    if message is not None:
        wrote &= (messages.c.channel == message[0]) & (messages.c.ts == message[1])
    with db.read() as connection:
        threads = connection.execute(select(messages.c.channel, messages.c.thread_ts).where(wrote).distinct()).all()
        rows = connection.execute(select(*_COLUMNS).where(tickets.c.team == team)).all()
    places = {(thread.channel, thread.thread_ts) for thread in threads}
    return [_build_ticket(row) for row in rows if (row.channel, row.thread_ts) in places or row.asker == person]


def count_open(db: Database, team: str, asker: str) -> int:
    """Return how many conversations of a person have an open ticket."""
    theirs = (tickets.c.team == team) & (tickets.c.asker == asker) & tickets.c.open_key.is_not(None)
    with db.read() as connection:
        return int(connection.execute(select(func.count()).select_from(tickets).where(theirs)).scalar_one())


def count_since(db: Database, team: str, asker: str, since: datetime) -> int:
    """Return in how many conversations a person called for somebody since then, answered or not."""
    theirs = (tickets.c.team == team) & (tickets.c.asker == asker) & (tickets.c.opened_at > since)
    with db.read() as connection:
        return int(connection.execute(select(func.count()).select_from(tickets).where(theirs)).scalar_one())


def find_waiting(db: Database, team: str, *, reminded_before: datetime | None = None) -> list[Ticket]:
    """Return the team's open tickets, oldest first, without those that staff were reminded of since then."""
    query = select(*_COLUMNS).where(tickets.c.team == team, tickets.c.open_key.is_not(None))
    if reminded_before is not None:
        query = query.where(tickets.c.reminded_at < reminded_before)
    with db.read() as connection:
        return [_build_ticket(row) for row in connection.execute(query.order_by(tickets.c.opened_at))]


def _open_key(team: str, channel: str, thread_ts: str) -> str:
    return f"{team}:{channel}:{thread_ts}"


def _find_ticket(db: Database, condition: ColumnElement[bool]) -> Ticket | None:
    with db.read() as connection:
        row = connection.execute(select(*_COLUMNS).where(condition).limit(1)).one_or_none()
    return None if row is None else _build_ticket(row)


def _change(db: Database, condition: ColumnElement[bool], **values: object) -> bool:
    with db.begin() as connection:
        return connection.execute(update(tickets).where(condition).values(**values)).rowcount > 0


def _build_ticket(row: Row[Any]) -> Ticket:
    values = {name: getattr(row, name) for name in Ticket.__slots__}
    return Ticket(**(values | {"state": TicketState(values["state"])}))
