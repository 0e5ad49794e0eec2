"""Corrections: what a reply should have said, who says so, and whether it holds.

A correction by staff holds at once. A customer's waits until staff decide. So does what staff wrote to one person, in a
ticket or in a thread, because it may be about that person alone, and what Chip proposes out of the documents. Of all
that hold for one reply, the one approved last supersedes the others. Knows nothing of how a correction is retrieved or
trained on.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Select, func, select

from feedback.database import Database
from feedback.errors import AlreadyDecided, NotAllowed, UnknownCorrection, UnknownReply, UnusableText
from feedback.events import FeedbackEvent, FeedbackKind, FeedbackSource, Role, Said, append_event, find_events
from feedback.replies import is_known
from feedback.tables import feedback_events, replies

MAX_CHARACTERS = 3000
_AT_ONCE = 500  # ids in one statement

_DECIDERS = (Role.STAFF, Role.ADMIN)
_WAITING_SOURCES = (FeedbackSource.TICKET, FeedbackSource.THREAD, FeedbackSource.DOCUMENTS)
_KINDS = (FeedbackKind.CORRECTION.value, FeedbackKind.DECISION.value)
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


class State(StrEnum):
    """Whether a correction holds."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction as it stands. `decided_by` and `decided_at` are None while it waits.

    `number` orders corrections by when they reached their present state. `question` is what it answers in general
    words, "" for the question of its reply. `became` is the id of staff's own text that took its place, if one did.
    """

    id: str
    reply_id: str
    person: str
    role: Role
    text: str
    at: datetime
    state: State
    decided_by: str | None
    decided_at: datetime | None
    number: int
    source: FeedbackSource = FeedbackSource.MODAL
    question: str = ""
    became: str = ""


def clean_text(text: str) -> str:
    """Return the text without control characters and outer space. Raises `UnusableText` unless 1 to 3,000 remain."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (
        character for character in lines if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")
    )
    clean = _BIDI_CONTROLS.sub("", "".join(kept)).strip().strip("\u200b\u2060\ufeff").strip()
    if not 1 <= len(clean) <= MAX_CHARACTERS:
        raise UnusableText(len(clean), MAX_CHARACTERS)
    return clean


def record_correction(
    db: Database,
    *,
    reply_id: str,
    person: str,
    role: str,
    text: str,
    source: FeedbackSource = FeedbackSource.MODAL,
    key: str | None = None,
    at: datetime | None = None,
) -> Correction:
    """Log what the reply should have said. Raises `UnknownReply`, or `UnusableText` for an empty or overlong text."""
    said = Said(reply_id, person, Role(role), FeedbackKind.CORRECTION, source, {"text": clean_text(text)}, key, at)
    with db.begin() as connection:
        return append_correction(connection, db, said)


def append_correction(connection: Connection, db: Database, said: Said) -> Correction:
    """Log a correction, whose text is clean, in a transaction of the caller's. Raises `UnknownReply`."""
    if not is_known(connection, said.reply_id):
        raise UnknownReply(said.reply_id)
    event = append_event(connection, db, said)
    return _derive(_find_all(connection, said.reply_id))[event.id]


def decide(
    db: Database,
    correction_id: str,
    *,
    by: str,
    role: str,
    approved: bool,
    source: FeedbackSource = FeedbackSource.BUTTON,
    key: str | None = None,
    at: datetime | None = None,
    if_waiting: bool = False,
) -> Correction:
    """Log that staff approve or reject a correction. The last decision holds.

    `if_waiting`: only the first decision counts, however many people decide at once. Raises `NotAllowed` for a
    customer, `UnknownCorrection` and `AlreadyDecided`.
    """
    if Role(role) not in _DECIDERS:
        raise NotAllowed(by, role, "decide on a correction")
    said = Said("", by, Role(role), FeedbackKind.DECISION, source, {"approved": approved}, key, at)
    with db.begin() as connection:
        return decide_in(connection, db, correction_id, said, if_waiting=if_waiting)


def decide_in(
    connection: Connection, db: Database, correction_id: str, said: Said, *, if_waiting: bool = True
) -> Correction:
    """Log a decision in a transaction of the caller's; `said.value` holds `approved`. Raises as `decide` does."""
    reply_id = _find_reply_id(connection, correction_id)
    if if_waiting:
        _refuse_decided(connection, reply_id, correction_id)
    value = {"correction_id": correction_id, **said.value}
    append_event(connection, db, replace(said, reply_id=reply_id, value=value))
    return _derive(_find_all(connection, reply_id))[correction_id]


def replace_in(connection: Connection, db: Database, correction_id: str, said: Said) -> Correction:
    """Let staff's own words hold in the place of a waiting correction, in a transaction of the caller's.

    `said.value` holds the `text`, which is clean, and may hold the `question` that it answers. Raises as `decide` does.
    """
    reply_id = _find_reply_id(connection, correction_id)
    _refuse_decided(connection, reply_id, correction_id)
    theirs = _derive(_find_all(connection, reply_id))[correction_id].person
    # `of` lets a person's words be forgotten in what became of them.
    own = append_event(connection, db, replace(said, reply_id=reply_id, value={**said.value, "of": theirs}))
    value = {"correction_id": correction_id, "approved": False, "instead": own.id}
    decision = replace(said, reply_id=reply_id, kind=FeedbackKind.DECISION, value=value)
    append_event(connection, db, decision)
    return _derive(_find_all(connection, reply_id))[own.id]


def _find_reply_id(connection: Connection, correction_id: str) -> str:
    is_it = (feedback_events.c.id == correction_id) & (feedback_events.c.kind == FeedbackKind.CORRECTION.value)
    found = find_events(connection, is_it)
    if not found:
        raise UnknownCorrection(correction_id)
    return found[0].reply_id


def _find_all(connection: Connection, reply_id: str) -> list[FeedbackEvent]:
    return find_events(connection, feedback_events.c.reply_id == reply_id, feedback_events.c.kind.in_(_KINDS))


def _refuse_decided(connection: Connection, reply_id: str, correction_id: str) -> None:
    """Raise `AlreadyDecided` unless the correction waits. In a transaction that writes, nobody decides meanwhile."""
    present = _derive(_find_all(connection, reply_id))[correction_id]
    if present.state is not State.WAITING:
        raise AlreadyDecided(f"correction {correction_id}", present.decided_by)


def set_aside(db: Database, correction_id: str, *, by: str, at: datetime | None = None) -> Correction:
    """Log that a correction must be decided again. Raises `UnknownCorrection`."""
    with db.begin() as connection:
        said = Said("", by, Role.ADMIN, FeedbackKind.DECISION, FeedbackSource.COMMAND, {"approved": None}, None, at)
        return decide_in(connection, db, correction_id, said, if_waiting=False)


def find_in(connection: Connection, correction_id: str) -> Correction:
    """Return the correction of this id in a transaction of the caller's. Raises `UnknownCorrection`."""
    return _derive(_find_all(connection, _find_reply_id(connection, correction_id)))[correction_id]


def find_correction(db: Database, correction_id: str) -> Correction | None:
    """Return the correction of this id; None if there is none or it was forgotten."""
    return _load_corrections(db).get(correction_id)


def find_all(db: Database) -> dict[str, Correction]:
    """Return every correction that was not forgotten, by id, in the order in which they were made."""
    return _load_corrections(db)


def find_pending(db: Database) -> list[Correction]:
    """Return the corrections that wait for a decision, oldest first; none about a question that was forgotten."""
    with db.read() as connection:
        undecided = [row.reply_id for row in connection.execute(_select_undecided().distinct())]
        # One statement for all of them would look every correction up that there is.
        made = {
            correction.id: correction
            for start in range(0, len(undecided), _AT_ONCE)
            for correction in _load_about(connection, undecided[start : start + _AT_ONCE])
        }
        waiting = sorted(
            (one for one in made.values() if one.state is State.WAITING), key=lambda one: (one.at, one.number)
        )
        about = {correction.reply_id for correction in waiting}
        gone = set(connection.scalars(select(replies.c.id).where(replies.c.id.in_(about), replies.c.question == "")))
    return [correction for correction in waiting if correction.reply_id not in gone]


def approved(db: Database, about: Select[tuple[str]] | None = None) -> list[Correction]:
    """Return the correction that holds for each corrected reply, in the order in which they began to hold.

    `about` selects the ids of the replies that count; None means all.
    """
    by_reply: dict[str, Correction] = {}
    held = (correction for correction in _load_corrections(db, about).values() if correction.state is State.APPROVED)
    for correction in sorted(held, key=_when_decided):
        by_reply[correction.reply_id] = correction
    return sorted(by_reply.values(), key=_when_decided)


class Held:
    """The corrections that hold. They are read again once feedback has changed: 4,700 take 0.2 s. Thread-safe."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: tuple[object, list[Correction]] = (None, [])

    def list(self) -> list[Correction]:
        """Return what `approved` returns; the same list as long as nothing has changed."""
        with self._db.read() as connection:
            # After something was forgotten, the last number alone may be given again.
            events = select(func.max(feedback_events.c.number), func.max(feedback_events.c.at), func.count())
            stamp = tuple(connection.execute(events.where(feedback_events.c.kind.in_(_KINDS))).one())
        if stamp != self._known[0]:
            self._known = (stamp, approved(self._db))
        return self._known[1]

    def texts(self) -> Sequence[str]:
        """Return their texts, in the order in which they began to hold."""
        return [correction.text for correction in self.list()]


def _load_corrections(db: Database, about: Select[tuple[str]] | None = None) -> dict[str, Correction]:
    is_about = [] if about is None else [feedback_events.c.reply_id.in_(about)]
    with db.read() as connection:
        return _derive(find_events(connection, feedback_events.c.kind.in_(_KINDS), *is_about))


def _load_about(connection: Connection, reply_ids: Sequence[str]) -> Iterable[Correction]:
    is_about = feedback_events.c.reply_id.in_(reply_ids)
    return _derive(find_events(connection, is_about, feedback_events.c.kind.in_(_KINDS))).values()


def _select_undecided() -> Select[tuple[str]]:
    """Select the replies with a correction that did not hold at once, or was taken back: all that may wait."""
    said = feedback_events.c
    is_correction, is_decision = (said.kind == kind for kind in _KINDS)
    by_others = said.role.not_in(_DECIDERS) | said.source.in_([source.value for source in _WAITING_SOURCES])
    taken_back = is_decision & (said.source == FeedbackSource.COMMAND.value)
    return select(said.reply_id).where(said.kind.in_(_KINDS), (is_correction & by_others) | taken_back)


def _derive(events: list[FeedbackEvent]) -> dict[str, Correction]:
    """Fold corrections and decisions into the present state, by correction id, in the order in which they were made."""
    decisions: dict[str, FeedbackEvent] = {}
    for event in events:
        if event.kind is FeedbackKind.DECISION:
            decisions[event.value["correction_id"]] = event
    made = (event for event in events if event.kind is FeedbackKind.CORRECTION)
    return {event.id: _build_correction(event, decisions.get(event.id)) for event in made}


def _build_correction(event: FeedbackEvent, decision: FeedbackEvent | None) -> Correction:
    state, last = State.WAITING, None
    if decision is not None and decision.value["approved"] is None:
        last = decision
    elif decision is not None:
        state, last = State.APPROVED if decision.value["approved"] else State.REJECTED, decision
    elif event.role in _DECIDERS and event.source not in _WAITING_SOURCES:
        state, last = State.APPROVED, event
    return Correction(
        id=event.id,
        reply_id=event.reply_id,
        person=event.person,
        role=event.role,
        text=event.value["text"],
        at=event.at,
        state=state,
        decided_by=None if last is None else last.person,
        decided_at=None if last is None else last.at,
        number=event.number if last is None else last.number,
        source=event.source,
        question=event.value.get("question", ""),
        became="" if decision is None else decision.value.get("instead", ""),
    )


def _when_decided(correction: Correction) -> tuple[datetime, int]:
    return (correction.decided_at or correction.at, correction.number)
