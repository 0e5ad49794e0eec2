"""Signals that are neither vote nor correction: why an answer was bad, asked again, a person wanted.

Knows what was said and by whom. The bot owns the words for people.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, select

from feedback.database import Database
from feedback.errors import UnknownReply
from feedback.events import FeedbackEvent, FeedbackKind, FeedbackSource, Role, Said, append_event, find_events
from feedback.replies import is_known
from feedback.tables import feedback_events, replies

_WORD = re.compile(r"[^\W_]+")
_COMMON = frozenset(
    _WORD.findall(
        "a an and are at be can could did do does for from had has have hello hey hi how i if in is it its may me my "
        "of on or our please should so tell thanks that the their there they this to us was we were what when where "
        "which who why will with would you your"
    )
)
ALIKE = 0.6


class Reason(StrEnum):
    """Why an answer was bad."""

    WRONG = "wrong"
    OUTDATED = "outdated"
    INCOMPLETE = "incomplete"
    TOO_LONG = "too_long"
    TONE = "tone"
    OTHER = "other"


def record_escalation(
    db: Database,
    reply_id: str,
    person: str,
    role: str,
    *,
    source: FeedbackSource = FeedbackSource.BUTTON,
    key: str | None = None,
    at: datetime | None = None,
) -> FeedbackEvent:
    """Log that the person asked for a human after this reply. Raises `UnknownReply`."""
    return _record(db, Said(reply_id, person, Role(role), FeedbackKind.ESCALATION, source, {}, key, at))


def record_reason(
    db: Database,
    reply_id: str,
    person: str,
    role: str,
    reason: Reason,
    *,
    source: FeedbackSource = FeedbackSource.MODAL,
    key: str | None = None,
) -> FeedbackEvent:
    """Log why the person found this reply bad. Raises `UnknownReply`."""
    said = Said(reply_id, person, Role(role), FeedbackKind.REASON, source, {"reason": reason.value}, key)
    return _record(db, said)


def record_reasked(
    db: Database, reply_id: str, person: str, role: str, *, again: str, key: str | None = None
) -> FeedbackEvent:
    """Log that the person asked the same thing again after this reply. `again` is the later reply's id."""
    return _record(
        db, Said(reply_id, person, Role(role), FeedbackKind.REASKED, FeedbackSource.MESSAGE, {"again": again}, key)
    )


def find_asked_before(db: Database, *, team: str, person: str, question: str, since: datetime, but: str) -> str | None:
    """Return the id of the person's latest reply since then to a similar question, other than the reply `but`."""
    recent = (
        select(replies.c.id, replies.c.question)
        .where(replies.c.team == team, replies.c.asker == person, replies.c.created_at >= since, replies.c.id != but)
        .order_by(replies.c.created_at.desc())
        .limit(20)
    )
    with db.read() as connection:
        rows = connection.execute(recent).all()
    return next((row.id for row in rows if are_alike(question, row.question)), None)


def find_reasons(db: Database, reply_ids: Sequence[str] | None = None) -> list[FeedbackEvent]:
    """Return why replies were found bad, oldest first; only of the given replies if any are given."""
    conditions = [feedback_events.c.kind == FeedbackKind.REASON.value]
    if reply_ids is not None:
        conditions.append(feedback_events.c.reply_id.in_(reply_ids))
    with db.read() as connection:
        return find_events(connection, *conditions)


def are_alike(one: str, other: str) -> bool:
    """Whether two questions share most of their distinctive words (Jaccard at least 0.6) and all their numbers."""
    return are_words_alike(find_telling_words(one), find_telling_words(other))


def are_words_alike(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether two sets of distinctive words belong to similar questions."""
    if any(any(character.isdigit() for character in word) for word in ours ^ theirs):
        return False
    return share_most(ours, theirs)


def share_most(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether two sets of words share most of their words, whichever those are."""
    shared = len(ours & theirs)
    return shared > 0 and shared / (len(ours) + len(theirs) - shared) >= ALIKE


def find_telling_words(text: str) -> frozenset[str]:
    """Return the words that distinguish one question from another."""
    return frozenset(word for word in _WORD.findall(text.casefold()) if word not in _COMMON)


def _record(db: Database, said: Said) -> FeedbackEvent:
    def append(connection: Connection) -> FeedbackEvent:
        if not is_known(connection, said.reply_id):
            raise UnknownReply(said.reply_id)
        return append_event(connection, db, said)

    return db.write(append)
