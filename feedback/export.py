"""Returns what is stored, as plain values that a person or another program can read. Sends nothing."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, select

from feedback.database import Database
from feedback.tables import feedback_events, messages, replies, switches, tickets


def personal_data(db: Database, team: str, person: str) -> dict[str, Any]:
    """Return everything stored about one person, by kind."""
    return {
        "person": person,
        "messages": _rows(db, select(messages).where(messages.c.team == team, messages.c.person == person)),
        "answers": _rows(
            db,
            select(replies.c.id, replies.c.channel, replies.c.question, replies.c.shown, replies.c.created_at).where(
                replies.c.team == team, replies.c.asker == person
            ),
        ),
        "feedback": _rows(
            db,
            select(feedback_events)
            .join(replies, replies.c.id == feedback_events.c.reply_id)
            .where(replies.c.team == team, feedback_events.c.person == person),
        ),
        "calls for a person": _rows(db, select(tickets).where(tickets.c.team == team, tickets.c.asker == person)),
        "choices": _rows(db, select(switches).where(switches.c.team == team, switches.c.subject == person)),
    }


def feedback_rows(db: Database, team: str) -> Iterator[dict[str, Any]]:
    """Yield every vote, correction and signal of a workspace with its question and answer, oldest first."""
    query = (
        select(
            feedback_events,
            replies.c.question,
            replies.c.shown.label("answer"),
            replies.c.base_id,
            replies.c.adapter_id,
        )
        .join(replies, replies.c.id == feedback_events.c.reply_id)
        .where(replies.c.team == team)
        .order_by(feedback_events.c.number)
    )
    yield from _rows(db, query)


def _rows(db: Database, query: Any) -> list[dict[str, Any]]:
    with db.read() as connection:
        return [_plain(row) for row in connection.execute(query)]


def _plain(row: Row[Any]) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row._mapping.items()}
