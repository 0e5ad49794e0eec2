"""Proposals: what a waiting correction would say to everybody, question and answer in general words, without names.

Several that ask the same share a `first`, and are shown as one. A disliked reply to which the documents say nothing is
noted here too, as a gap. Knows nothing of how words become general.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, exists, select

from feedback.database import Database, insert_once
from feedback.tables import feedback_events, proposals, replies


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposal. `id` is its correction's; of a gap it is the reply's, and `text` is empty."""

    id: str
    reply_id: str
    question: str
    text: str
    first: str
    at: datetime


_COLUMNS = [proposals.c[name] for name in Proposal.__slots__]


def record_proposals(db: Database, made: Iterable[Proposal]) -> None:
    """Store proposals. What was proposed before stays as it is."""
    with db.begin() as connection:
        for one in made:
            row = {name: getattr(one, name) for name in Proposal.__slots__}
            insert_once(connection, proposals, row, ("id",))


def find_proposals(db: Database, ids: Sequence[str]) -> dict[str, Proposal]:
    """Return the proposals among these ids."""
    found: dict[str, Proposal] = {}
    with db.read() as connection:
        for start in range(0, len(ids), 500):
            rows = connection.execute(select(*_COLUMNS).where(proposals.c.id.in_(ids[start : start + 500])))
            found |= {row.id: Proposal(*row) for row in rows}
    return found


def find_gaps(db: Database, since: datetime | None = None) -> list[Proposal]:
    """Return the disliked replies to which the documents say nothing, noted at or after `since`."""
    query = select(*_COLUMNS).where(proposals.c.text == "").order_by(proposals.c.at)
    if since is not None:
        query = query.where(proposals.c.at >= since)
    with db.read() as connection:
        return [Proposal(*row) for row in connection.execute(query)]


def drop_forgotten(connection: Connection) -> int:
    """Delete the proposals whose correction, or whose reply's words, were deleted."""
    is_told = exists().where(feedback_events.c.id == proposals.c.id) | (proposals.c.id == proposals.c.reply_id)
    is_worded = exists().where(replies.c.id == proposals.c.reply_id, replies.c.question != "")
    return connection.execute(delete(proposals).where(~(is_told & is_worded))).rowcount
