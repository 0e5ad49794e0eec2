"""Assigns conversations to the candidate or to what serves, and reads how each of them went.

A thread keeps its arm: the draw is a hash of the trial and the thread. A thread that began before the trial takes no
part. Knows nothing of what follows from the outcomes.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any

from sqlalchemy import Row, select

from feedback.database import Database
from feedback.events import FeedbackEvent, FeedbackKind, find_events
from feedback.replies import HANDED_OVER, UNSPOKEN
from feedback.tables import feedback_events, replies
from feedback.votes import Vote, derive_verdicts
from retrain.canary.log import Canary

_BATCH = 500
Thread = tuple[str, str, str]


class Sign(StrEnum):
    """A sign that a conversation went badly."""

    DOWN = "thumbs down"
    REASKED = "asked again"
    PERSON = "called a person"
    WITHHELD = "sentence without support"


@dataclass(frozen=True, slots=True)
class Conversation:
    """How one conversation went. `share` was the chance that the candidate got it, and `is_tried` that it did."""

    at: datetime
    share: float
    is_tried: bool
    signs: frozenset[Sign]

    @property
    def went_badly(self) -> bool:
        """Whether anything says that it went badly."""
        return bool(self.signs)


def is_candidates(canary: Canary, team: str, channel: str, thread_ts: str) -> bool:
    """Whether the candidate answers in this thread. A question without a thread stays with what serves."""
    share = _find_share(canary, thread_ts)
    return share > 0.0 and _draw(canary, team, channel, thread_ts) < share


def read_conversations(db: Database, canary: Canary, until: datetime, settle: timedelta) -> list[Conversation]:
    """Return the trial's conversations that were settled by then, in the order of their first answers.

    Only those count whose first answer a model wrote: neither arm has a part in the others. What was said later than
    `settle` after the first answer does not count, so that an outcome never changes once it is counted.
    """
    threads = _read_threads(db, canary, until)
    settled = {
        thread: rows
        for thread, rows in threads.items()
        if rows[0].created_at + settle <= until and rows[0].finish not in UNSPOKEN and rows[0].completion_tokens > 0
    }
    said = _read_events(db, [row.id for rows in settled.values() for row in rows])
    found = [_judge(canary, thread, rows, said, rows[0].created_at + settle) for thread, rows in settled.items()]
    return sorted(found, key=lambda one: one.at)


def _judge(
    canary: Canary, thread: Thread, rows: Sequence[Row[Any]], said: dict[str, list[FeedbackEvent]], ends: datetime
) -> Conversation:
    given = [row for row in rows if row.created_at <= ends]
    events = [event for row in given for event in said[row.id] if event.at <= ends]
    signs = {*_read_signs(events)}
    if any(row.finish == HANDED_OVER for row in given):
        signs.add(Sign.PERSON)
    if any(row.withheld for row in given):
        signs.add(Sign.WITHHELD)
    share = _find_share(canary, thread[2])
    return Conversation(given[0].created_at, share, is_candidates(canary, *thread), frozenset(signs))


def _read_signs(events: Sequence[FeedbackEvent]) -> Iterator[Sign]:
    votes = [event for event in events if event.kind is FeedbackKind.VOTE]
    if any(standing.verdict is Vote.DOWN for standing in derive_verdicts(votes)):
        yield Sign.DOWN
    kinds = {event.kind for event in events}
    if FeedbackKind.REASKED in kinds:
        yield Sign.REASKED
    if FeedbackKind.ESCALATION in kinds:
        yield Sign.PERSON


def _read_threads(db: Database, canary: Canary, until: datetime) -> dict[Thread, list[Row[Any]]]:
    given = replies.c
    columns = (given.id, given.team, given.channel, given.thread_ts, given.created_at, given.finish)
    query = (
        select(*columns, given.completion_tokens, given.withheld)
        .where(given.created_at >= canary.began_at, given.created_at <= until, given.thread_ts != "")
        .order_by(given.team, given.channel, given.thread_ts, given.created_at, given.id)
    )
    with db.read() as connection:
        rows: Sequence[Any] = connection.execute(query).all()
    by_thread = groupby(rows, key=lambda row: (row.team, row.channel, row.thread_ts))
    return {thread: list(of) for thread, of in by_thread if _find_share(canary, thread[2]) > 0.0}


def _read_events(db: Database, reply_ids: Sequence[str]) -> dict[str, list[FeedbackEvent]]:
    found: dict[str, list[FeedbackEvent]] = defaultdict(list)
    kinds = [kind.value for kind in (FeedbackKind.VOTE, FeedbackKind.REASKED, FeedbackKind.ESCALATION)]
    with db.read() as connection:
        for start in range(0, len(reply_ids), _BATCH):
            about = feedback_events.c.reply_id.in_(reply_ids[start : start + _BATCH])
            for event in find_events(connection, about, feedback_events.c.kind.in_(kinds)):
                found[event.reply_id].append(event)
    return found


def _find_share(canary: Canary, thread_ts: str) -> float:
    """Return the share that held when the thread began; 0.0 for one from before the trial, or for no thread."""
    try:
        return canary.share_at(datetime.fromtimestamp(float(thread_ts), UTC))
    except (ValueError, OverflowError, OSError):
        return 0.0


def _draw(canary: Canary, team: str, channel: str, thread_ts: str) -> float:
    """Return the thread's place in [0, 1), the same each time."""
    words = "\n".join((canary.id, team, channel, thread_ts))
    return int.from_bytes(hashlib.blake2b(words.encode(), digest_size=7).digest()) / 2**56
