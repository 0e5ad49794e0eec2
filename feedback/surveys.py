"""A small survey: asks a few people, and seldom, whether a conversation with Chip helped.

Knows which threads are drawn and who was asked. Sends nothing.
"""

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from feedback.database import Database, insert_once
from feedback.errors import UnknownReply
from feedback.events import FeedbackEvent, FeedbackKind, FeedbackSource, Role, Said, append_event
from feedback.replies import TAUGHT, is_known
from feedback.tables import replies, surveys

QUIET_FOR = timedelta(minutes=15)
"""A thread that was quiet for this long counts as over."""
LOOK_BACK = timedelta(days=1)
_WHOLE = 2**32

ANSWERS = ("yes", "partly", "no")


@dataclass(frozen=True, slots=True)
class Survey:
    """One person to ask about one thread. `reply_id` is the thread's last answer, `question` what it answered."""

    id: str
    person: str
    reply_id: str
    question: str


def draw(db: Database, team: str, *, share: float, now: datetime) -> list[Survey]:
    """Draw the given share of the threads that are over, and record whom to ask: nobody twice in a month."""
    given = (replies.c.team == team) & (replies.c.created_at >= now - LOOK_BACK) & (replies.c.finish != TAUGHT)
    columns = (replies.c.id, replies.c.asker, replies.c.channel, replies.c.thread_ts, replies.c.question)
    query = select(*columns, replies.c.created_at).where(given, replies.c.thread_ts != "", replies.c.question != "")
    with db.read() as connection:
        rows = connection.execute(query.order_by(replies.c.created_at)).all()
    last = {(row.channel, row.thread_ts): row for row in rows}
    over = [row for row in last.values() if row.created_at <= now - QUIET_FOR]
    drawn = [row for row in over if _is_drawn(f"{team}:{row.channel}:{row.thread_ts}", share)]
    return [
        Survey(survey_id, row.asker, row.id, row.question)
        for row in drawn
        if row.asker.startswith(("U", "W")) and (survey_id := _book(db, team, row.asker, row.id, now))
    ]


def record_answer(db: Database, reply_id: str, person: str, role: str, answer: str, *, key: str) -> FeedbackEvent:
    """Log the person's answer. The first answer to a survey (`key`) stays.

    Raises `UnknownReply`, and `ValueError` for an unknown answer.
    """
    if answer not in ANSWERS:
        raise ValueError(answer)
    said = Said(reply_id, person, Role(role), FeedbackKind.SURVEY, FeedbackSource.BUTTON, {"helped": answer}, key)
    with db.begin() as connection:
        if not is_known(connection, reply_id):
            raise UnknownReply(reply_id)
        return append_event(connection, db, said)


def _is_drawn(thread: str, share: float) -> bool:
    """Draw by the thread's name, so that every look at it gives the same result."""
    return zlib.crc32(thread.encode()) < share * _WHOLE


def _book(db: Database, team: str, person: str, reply_id: str, now: datetime) -> str | None:
    row = {
        "id": db.new_id("V"),
        "team": team,
        "person": person,
        "month": f"{now:%Y-%m}",
        "reply_id": reply_id,
        "asked_at": now,
    }
    with db.begin() as connection:
        is_new = insert_once(connection, surveys, row, ("team", "person", "month"))
    return str(row["id"]) if is_new else None
