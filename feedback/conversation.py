"""The conversation as Chip saw it: who said what in which thread. Answering in a thread needs no read from Slack."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select, update

from feedback.database import Database, insert_once
from feedback.tables import messages


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `thread_ts` is the thread's root; a root names itself. `ts` stays the string that Slack gave.

    An aside is what people said to each other in a thread that Chip answered in. It goes into no prompt.
    """

    team: str
    channel: str
    thread_ts: str
    ts: str
    person: str
    role: Literal["user", "assistant", "aside"]
    text: str
    created_at: datetime


def record_message(db: Database, message: Message) -> None:
    """Store the message. A second one with the same team, channel and ts changes nothing."""
    row = {name: getattr(message, name) for name in Message.__slots__}
    db.write(lambda connection: insert_once(connection, messages, row, ("team", "channel", "ts")))


def find_thread(db: Database, team: str, channel: str, thread_ts: str, limit: int = 20) -> list[Message]:
    """Return the thread's last `limit` messages, oldest first; empty for an unknown thread."""
    thread = (messages.c.team == team) & (messages.c.channel == channel) & (messages.c.thread_ts == thread_ts)
    columns = [messages.c[name] for name in Message.__slots__]
    query = select(*columns).where(thread).order_by(messages.c.ts.desc()).limit(limit)
    with db.read() as connection:
        rows = connection.execute(query).all()
    return [Message(*row) for row in reversed(rows)]


def find_people(db: Database, team: str, channel: str, thread_ts: str) -> set[str]:
    """Return everybody who wrote in the thread."""
    thread = (messages.c.team == team) & (messages.c.channel == channel) & (messages.c.thread_ts == thread_ts)
    with db.read() as connection:
        return set(connection.scalars(select(messages.c.person).where(thread).distinct()))


def edit_message(db: Database, team: str, channel: str, ts: str, text: str) -> None:
    """Replace the text of a stored message. An unknown message changes nothing."""
    here = (messages.c.team == team) & (messages.c.channel == channel) & (messages.c.ts == ts)
    with db.begin() as connection:
        connection.execute(update(messages).where(here).values(text=text))
