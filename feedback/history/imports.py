"""Imported question-answer pairs in the database: what each import gave, its use, and staff's decisions.

A pair is stored once, however often it is imported. The use of an import can be changed at any time; its pairs follow.
Knows nothing of files.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, delete, exists, func, insert, or_, select, update

from feedback.choices import TRAINING
from feedback.database import Database
from feedback.errors import AlreadyDecided, FeedbackError
from feedback.tables import imported_pairs, imports, installations, replies, switches

HELD_OUT_SHARE = 5
"""Of an import that is used for everything, one conversation in this many is held out."""


class Use(StrEnum):
    """The use of an import's pairs."""

    REVIEW = "review"
    TRAINING = "training"
    HELD_OUT = "held-out"
    ALL = "all"


class Status(StrEnum):
    """Staff's decision about a pair."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


class UnknownImport(FeedbackError):
    """There is no import of this id."""

    def __init__(self, import_id: str) -> None:
        super().__init__(f"There is no import {import_id}. `chip import list` names those that there are.")


class UnknownPair(FeedbackError):
    """There is no imported pair of this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no imported answer {number}; its import may have been removed.")


@dataclass(frozen=True, slots=True)
class NewPair:
    """A pair to be stored, already masked. `context` is what was said before, oldest first."""

    question: str
    answer: str
    thread: str
    asker: str
    answerer: str
    audience: str
    at: float | None
    context: tuple[str, ...] = ()
    follows: bool = False

    @property
    def digest(self) -> str:
        """Return what makes two pairs the same: a digest of their words."""
        words = "\0".join(" ".join(text.casefold().split()) for text in (self.question, self.answer))
        return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class ImportedPair:
    """A stored pair. `asker` and `answerer` are Slack ids or pseudonyms; `audience` is customer or staff.

    `follows`: the question makes no sense without `context`.
    """

    number: int
    import_id: str
    digest: str
    thread: str
    asker: str
    answerer: str
    audience: str
    question: str
    answer: str
    context: tuple[str, ...]
    follows: bool
    at: datetime | None
    status: Status
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class Import:
    """One import: who made it, from what, its use, how many of its pairs are stored, and its report."""

    id: str
    at: datetime
    by: str
    source: str
    digest: str
    used_as: Use
    pairs: int
    report: dict[str, Any]


def record_import(db: Database, *, by: str, source: str, digest: str, used_as: Use) -> str:
    """Begin an import and return its id. If the same content was imported before, return that import's id."""
    with db.begin() as connection:
        known = connection.scalar(select(imports.c.id).where(imports.c.digest == digest))
        if known:
            return str(known)
        import_id = db.new_id("I")
        row = {"id": import_id, "at": db.clock(), "by": by, "source": source, "digest": digest}
        connection.execute(insert(imports).values(row | {"used_as": used_as.value, "report": {}}))
    return import_id


def record_pairs(db: Database, import_id: str, pairs: Iterable[NewPair]) -> int:
    """Store the pairs that are new, and return how many those are."""
    rows = {pair.digest: _build_row(import_id, pair) for pair in pairs}
    if not rows:
        return 0
    with db.begin() as connection:
        known = set(connection.scalars(select(imported_pairs.c.digest).where(imported_pairs.c.digest.in_(list(rows)))))
        new = [row for digest, row in rows.items() if digest not in known]
        if new:
            connection.execute(insert(imported_pairs), new)
    return len(new)


def _build_row(import_id: str, pair: NewPair) -> dict[str, Any]:
    thread = hashlib.sha256(pair.thread.encode("utf-8", "replace")).hexdigest()[:16]
    return {
        "import_id": import_id,
        "digest": pair.digest,
        "thread": thread,
        "asker": pair.asker,
        "answerer": pair.answerer,
        "audience": pair.audience,
        "question": pair.question,
        "answer": pair.answer,
        "context": list(pair.context),
        "follows": pair.follows,
        "held_back": int(thread, 16) % HELD_OUT_SHARE == 0,
        "at": datetime.fromtimestamp(pair.at, UTC) if pair.at and pair.at > 1 else None,
        "status": Status.PROPOSED.value,
    }


def end_import(db: Database, import_id: str, report: dict[str, Any]) -> None:
    """Store an import's report."""
    with db.begin() as connection:
        connection.execute(update(imports).where(imports.c.id == import_id).values(report=report))


def find_import(db: Database, digest: str) -> Import | None:
    """Return the finished import of the same content."""
    return next((one for one in list_imports(db) if one.digest == digest and one.report), None)


def list_imports(db: Database) -> list[Import]:
    """Return the imports, the newest first."""
    counted = (
        select(imported_pairs.c.import_id, func.count().label("pairs")).group_by(imported_pairs.c.import_id).subquery()
    )
    query = (
        select(imports, func.coalesce(counted.c.pairs, 0).label("pairs"))
        .outerjoin(counted, counted.c.import_id == imports.c.id)
        .order_by(imports.c.at.desc())
    )
    with db.read() as connection:
        return [
            Import(row.id, row.at, row.by, row.source, row.digest, Use(row.used_as), row.pairs, row.report)
            for row in connection.execute(query)
        ]


def use_import(db: Database, import_id: str, used_as: Use) -> None:
    """Change the use of an import's pairs. Raises `UnknownImport`."""
    with db.begin() as connection:
        changed = connection.execute(update(imports).where(imports.c.id == import_id).values(used_as=used_as.value))
        if not changed.rowcount:
            raise UnknownImport(import_id)


def remove_import(db: Database, import_id: str) -> int:
    """Delete an import with its pairs, and return how many. What staff approved of it stays. Raises `UnknownImport`."""
    with db.begin() as connection:
        pairs = connection.execute(delete(imported_pairs).where(imported_pairs.c.import_id == import_id))
        if not connection.execute(delete(imports).where(imports.c.id == import_id)).rowcount:
            raise UnknownImport(import_id)
    return pairs.rowcount


def list_proposals(db: Database, *, limit: int, after: int = 0) -> list[ImportedPair]:
    """Return answers that wait for staff's review, in the order of import, those after the number `after`.

    Questions that depend on what was said before are left out: nobody finds their answer by asking.
    """
    waits = (imported_pairs.c.status == Status.PROPOSED.value) & ~imported_pairs.c.follows
    query = _select(Use.REVIEW).where(waits, imported_pairs.c.number > after)
    with db.read() as connection:
        return _load(connection, query.order_by(imported_pairs.c.number).limit(limit))


def count_proposals(db: Database) -> int:
    """Return how many answers wait for staff's review."""
    waits = (imported_pairs.c.status == Status.PROPOSED.value) & ~imported_pairs.c.follows
    with db.read() as connection:
        return connection.scalar(select(func.count()).select_from(_select(Use.REVIEW).where(waits).subquery())) or 0


def find_pair(db: Database, number: int) -> ImportedPair:
    """Return a pair by its number. Raises `UnknownPair`."""
    with db.read() as connection:
        found = _load(connection, select(imported_pairs).where(imported_pairs.c.number == number))
    if not found:
        raise UnknownPair(number)
    return found[0]


def decide_pair_in(connection: Connection, db: Database, number: int, *, status: Status, by: str) -> None:
    """Store staff's decision about a pair in a transaction of the caller's. A rejected one is used for nothing.

    Raises `UnknownPair`, and `AlreadyDecided` where somebody was first.
    """
    is_it = imported_pairs.c.number == number
    decided = {"status": status.value, "decided_by": by, "decided_at": db.clock()}
    waits = imported_pairs.c.status == Status.PROPOSED.value
    if connection.execute(update(imported_pairs).where(is_it, waits).values(decided)).rowcount:
        return
    found = connection.execute(select(imported_pairs.c.decided_by).where(is_it)).one_or_none()
    if found is None:
        raise UnknownPair(number)
    raise AlreadyDecided(f"imported answer {number}", found.decided_by)


def find_training_pairs(db: Database, *, limit: int) -> list[ImportedPair]:
    """Return the newest pairs to train on, without those of people who refused and without follow-ups."""
    query = (
        _select(Use.TRAINING)
        .where(~imported_pairs.c.follows, ~_has_refused())
        .order_by(imported_pairs.c.at.is_(None), imported_pairs.c.at.desc(), imported_pairs.c.number.desc())
    )
    with db.read() as connection:
        return _load(connection, query.limit(limit))


def find_heldout_pairs(db: Database, *, limit: int) -> list[ImportedPair]:
    """Return the pairs whose questions are held out, in the order of import, without follow-ups."""
    query = _select(Use.HELD_OUT).where(~imported_pairs.c.follows).order_by(imported_pairs.c.number)
    with db.read() as connection:
        return _load(connection, query.limit(limit))


def find_known_digests(db: Database, digests: Sequence[str]) -> set[str]:
    """Return the digests among these whose pairs the database still holds."""
    with db.read() as connection:
        found: set[str] = set()
        for start in range(0, len(digests), 500):
            piece = list(digests[start : start + 500])
            found |= set(connection.scalars(select(imported_pairs.c.digest).where(imported_pairs.c.digest.in_(piece))))
    return found


def find_served_teams(db: Database) -> frozenset[str]:
    """Return the workspaces that Chip has answered in or is installed in."""
    with db.read() as connection:
        found = [
            *connection.scalars(select(replies.c.team).distinct()),
            *connection.scalars(select(installations.c.team)),
        ]
    return frozenset(found)


def _select(use: Use) -> Select[Any]:
    """Return the pairs with this use. Of an import for everything, the held-out conversations count as held out."""
    is_held_back = imported_pairs.c.held_back if use is Use.HELD_OUT else ~imported_pairs.c.held_back
    used = or_(imports.c.used_as == use.value, and_(imports.c.used_as == Use.ALL.value, is_held_back))
    return (
        select(imported_pairs)
        .join(imports, imports.c.id == imported_pairs.c.import_id)
        .where(used, imported_pairs.c.status != Status.REJECTED.value)
    )


def _has_refused() -> ColumnElement[bool]:
    """Whether a pair's asker or answerer does not let Chip be trained on their words."""
    return exists().where(
        switches.c.name == TRAINING,
        switches.c.value == "off",
        switches.c.subject.in_((imported_pairs.c.asker, imported_pairs.c.answerer)),
    )


def _load(connection: Connection, query: Select[Any]) -> list[ImportedPair]:
    return [_build_pair(row) for row in connection.execute(query)]


def _build_pair(row: Row[Any]) -> ImportedPair:
    return ImportedPair(
        number=row.number,
        import_id=row.import_id,
        digest=row.digest,
        thread=row.thread,
        asker=row.asker,
        answerer=row.answerer,
        audience=row.audience,
        question=row.question,
        answer=row.answer,
        context=tuple(row.context),
        follows=row.follows,
        at=row.at,
        status=Status(row.status),
        decided_by=row.decided_by,
    )
