"""Replies with all that made them: the exact prompt, the evidence, the base and the adapter.

A long reply has several parts in Slack; each part leads back to its one reply. Knows nothing of votes.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Text, cast, exists, or_, select

from feedback.database import Database, insert_once
from feedback.day_marks import mark_days
from feedback.tables import replies, reply_parts

TAUGHT = "taught"
"""The `finish` of a reply that Chip never gave: staff answered the question and taught Chip the answer."""

HANDED_OVER = "handed_over"
"""The `finish` of a reply for which a person was brought in, because the asker wanted one."""
UNSPOKEN = (TAUGHT, HANDED_OVER)


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One chat message as it went to the model. `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One numbered line of evidence that the model read, cut from the passage `passage_id`."""

    number: int
    text: str
    heading: str
    passage_id: str


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage that search offered, best first: its score among the others and its cosine similarity in [-1, 1]."""

    passage_id: str
    heading: str
    score: float
    similarity: float


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `audience` is customer or staff: whose passages were used.

    `question` is what the person wrote and `query` what was searched for. `answer` is the model's raw text and `shown`
    what people saw. `match` is how well the evidence matched, in the prompt's words. `finish` is why generation ended.
    `first_text_ms` is None if no text was streamed; `adapter_id` is None for the bare base. Of `sentences`, `withheld`
    were not shown because nothing supports them; these two and `asker_role` are None in older rows. `found` is what
    search offered, `confidence` how likely its best answers, in [0, 1], and `cited` the numbers of the lines of
    evidence that the answer names; older rows know none of the three. A forgotten reply has neither `question` nor
    `messages`.
    """

    id: str
    team: str
    channel: str
    thread_ts: str
    question_ts: str
    asker: str
    audience: str
    question: str
    query: str
    answer: str
    shown: str
    prompt: str
    messages: tuple[SentMessage, ...]
    evidence: tuple[SourceLine, ...]
    match: str
    base_id: str
    adapter_id: str | None
    finish: str
    refused: bool
    prompt_tokens: int
    completion_tokens: int
    first_text_ms: int | None
    total_ms: int
    created_at: datetime
    asker_role: str | None = None
    sentences: int | None = None
    withheld: int | None = None
    found: tuple[FoundPassage, ...] = ()
    confidence: float | None = None
    cited: tuple[int, ...] | None = None


_IN_EVIDENCE = ("evidence", "match", "found", "confidence", "cited")
_PLAIN = tuple(name for name in Reply.__slots__ if name not in ("messages", *_IN_EVIDENCE))


def record_reply(db: Database, reply: Reply) -> None:
    """Store the reply. An existing one with the same id stays as it is."""
    db.write(lambda connection: record_reply_in(connection, reply))


def record_reply_in(connection: Connection, reply: Reply) -> bool:
    """Store the reply in a transaction of the caller's; see `record_reply`. Return whether it is new."""
    row: dict[str, Any] = {name: getattr(reply, name) for name in _PLAIN}
    row["messages"] = [asdict(message) for message in reply.messages]
    row["evidence"] = {
        "match": reply.match,
        "lines": [asdict(line) for line in reply.evidence],
        "found": [asdict(passage) for passage in reply.found],
        "confidence": reply.confidence,
        "cited": reply.cited,
    }
    is_new = insert_once(connection, replies, row, ("id",))
    if is_new:
        mark_days(connection, [(reply.team, reply.created_at.astimezone(UTC).date())])
    return is_new


def add_part(db: Database, reply_id: str, channel: str, ts: str) -> None:
    """Note that the message at `ts` shows the reply, or a part of it.

    May come before `record_reply`, and repeatedly.
    """
    row = {"reply_id": reply_id, "channel": channel, "ts": ts}
    db.write(lambda connection: insert_once(connection, reply_parts, row, ("channel", "ts")))


def find_reply(db: Database, reply_id: str) -> Reply | None:
    """Return the recorded reply of this id; None if there is none."""
    with db.read() as connection:
        row = connection.execute(select(replies).where(replies.c.id == reply_id)).one_or_none()
    return None if row is None else _build_reply(row)


def find_worded(db: Database) -> set[str]:
    """Return the ids of all replies that still have their words."""
    with db.read() as connection:
        return set(connection.scalars(select(replies.c.id).where(cast(replies.c.messages, Text) != "[]")))


def find_reply_at(db: Database, channel: str, ts: str) -> Reply | None:
    """Return the reply that the message at `ts` belongs to; None for others' messages and unfinished replies."""
    part = (reply_parts.c.channel == channel) & (reply_parts.c.ts == ts)
    query = select(replies).join(reply_parts, reply_parts.c.reply_id == replies.c.id).where(part)
    with db.read() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else _build_reply(row)


def find_replies_to(db: Database, team: str, channel: str, question_ts: str) -> list[Reply]:
    """Return the replies to one question, oldest first: none, one, or more if a new answer was asked for."""
    question = (replies.c.team == team) & (replies.c.channel == channel) & (replies.c.question_ts == question_ts)
    with db.read() as connection:
        rows = connection.execute(select(replies).where(question).order_by(replies.c.created_at)).all()
    return [_build_reply(row) for row in rows]


def find_thread_replies(db: Database, team: str, channel: str, thread_ts: str) -> list[Reply]:
    """Return the replies given in a thread, oldest first."""
    here = (replies.c.team == team) & (replies.c.channel == channel) & (replies.c.thread_ts == thread_ts)
    with db.read() as connection:
        rows = connection.execute(select(replies).where(here).order_by(replies.c.created_at)).all()
    return [_build_reply(row) for row in rows]


def find_replies(db: Database, reply_ids: Sequence[str]) -> dict[str, Reply]:
    """Return the recorded replies among `reply_ids`, by id."""
    found: dict[str, Reply] = {}
    with db.read() as connection:
        for start in range(0, len(reply_ids), 500):
            batch = reply_ids[start : start + 500]
            rows = connection.execute(select(replies).where(replies.c.id.in_(batch)))
            found |= {row.id: _build_reply(row) for row in rows}
    return found


def find_refused(db: Database, since: datetime | None = None) -> list[Reply]:
    """Return the replies that said "I don't know", given at or after `since`, oldest first."""
    query = select(replies).where(replies.c.refused)
    if since is not None:
        query = query.where(replies.c.created_at >= since)
    with db.read() as connection:
        return [_build_reply(row) for row in connection.execute(query.order_by(replies.c.created_at))]


def list_askers(db: Database, team: str, since: datetime) -> list[tuple[datetime, str]]:
    """Return when who was answered since then, oldest first."""
    query = select(replies.c.created_at, replies.c.asker).where(replies.c.created_at > since, replies.c.team == team)
    with db.read() as connection:
        return [(row.created_at, row.asker) for row in connection.execute(query.order_by(replies.c.created_at))]


def find_parts(db: Database, reply_id: str) -> list[tuple[str, str]]:
    """Return where the reply is shown, as (channel, ts) in the order in which the parts were added."""
    query = select(reply_parts.c.channel, reply_parts.c.ts).where(reply_parts.c.reply_id == reply_id)
    with db.read() as connection:
        return [(row.channel, row.ts) for row in connection.execute(query.order_by(reply_parts.c.number))]


def find_unknown_parts(db: Database, channel: str, stamps: Sequence[str]) -> list[str]:
    """Return those ts of a channel's messages that are not known as part of a reply."""
    with db.read() as connection:
        return [ts for ts in stamps if find_reply_id(connection, channel, ts) is None]


def find_reply_id(connection: Connection, channel: str, ts: str) -> str | None:
    """Return the id of the reply that the message at `ts` belongs to, finished or not."""
    part = (reply_parts.c.channel == channel) & (reply_parts.c.ts == ts)
    return connection.scalar(select(reply_parts.c.reply_id).where(part))


def is_known(connection: Connection, reply_id: str) -> bool:
    """Whether Chip gave this reply: it is recorded, or a part of it was posted."""
    recorded = exists().where(replies.c.id == reply_id)
    posted = exists().where(reply_parts.c.reply_id == reply_id)
    return bool(connection.scalar(select(or_(recorded, posted))))


def _build_reply(row: Row[Any]) -> Reply:
    plain = {name: getattr(row, name) for name in _PLAIN}
    sent = tuple(SentMessage(**message) for message in row.messages)
    stored = row.evidence
    cited = stored.get("cited")
    return Reply(
        **plain,
        messages=sent,
        evidence=tuple(SourceLine(**line) for line in stored["lines"]),
        match=stored["match"],
        found=tuple(FoundPassage(**passage) for passage in stored.get("found", ())),
        confidence=stored.get("confidence"),
        cited=None if cited is None else tuple(cited),
    )
