"""The catalogue: which documents are indexed, their passages, vectors and facts, and verified answers, in one file.

It is the truth about what search may show; Chroma and BM25 are built from it and can be rebuilt from it. Knows nothing
of ranking or of reading files.
"""

import json
import secrets
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.english.facts import Fact, draw_facts
from retrieval.passage import Audience, Passage, Vectors, VerifiedAnswer
from retrieval.reading.documents import Document, Unreadable
from retrieval.reading.loss import Loss, measure_loss
from retrieval.store.vectors import Stored

# Raise it with every change of a table: a file of another version is read again from the sources.
_SCHEMA_VERSION = 12
_SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS items (
    origin TEXT NOT NULL, name TEXT NOT NULL, fingerprint TEXT NOT NULL, PRIMARY KEY (origin, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS problems (
    origin TEXT NOT NULL, item TEXT NOT NULL, path TEXT NOT NULL, reason TEXT NOT NULL,
    FOREIGN KEY (origin, item) REFERENCES items (origin, name) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS problems_by_item ON problems (origin, item);
CREATE TABLE IF NOT EXISTS syncs (origin TEXT PRIMARY KEY, at TEXT NOT NULL, problem TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    source TEXT PRIMARY KEY, origin TEXT NOT NULL, item TEXT NOT NULL, digest TEXT NOT NULL, title TEXT NOT NULL,
    audience TEXT NOT NULL, updated TEXT, url TEXT, superseded_by TEXT, written INTEGER NOT NULL,
    words INTEGER NOT NULL, lost INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS documents_by_written ON documents (written);
CREATE INDEX IF NOT EXISTS documents_by_origin ON documents (origin);
CREATE INDEX IF NOT EXISTS documents_by_audience ON documents (audience);
CREATE TABLE IF NOT EXISTS passages (
    id TEXT PRIMARY KEY, source TEXT NOT NULL REFERENCES documents (source) ON DELETE CASCADE,
    position INTEGER NOT NULL, text TEXT NOT NULL, heading TEXT NOT NULL, page INTEGER,
    units INTEGER NOT NULL, unit_vectors BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS passages_by_source ON passages (source, position);
CREATE TABLE IF NOT EXISTS facts (
    subject TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
    passage TEXT NOT NULL REFERENCES passages (id) ON DELETE CASCADE, unit INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS facts_by_subject ON facts (subject, kind);
CREATE INDEX IF NOT EXISTS facts_by_passage ON facts (passage);
CREATE TABLE IF NOT EXISTS verified (
    id TEXT PRIMARY KEY, question TEXT NOT NULL, answer TEXT NOT NULL, author TEXT NOT NULL, approved_at TEXT NOT NULL,
    audience TEXT NOT NULL, evidence TEXT NOT NULL, vector BLOB NOT NULL,
    near TEXT NOT NULL, is_checked INTEGER NOT NULL, is_outrun INTEGER NOT NULL
);
"""
_COLUMNS = (
    "p.id, p.text, p.heading, d.title, p.source, d.audience, d.updated, d.url, p.page, p.position, p.units, "
    "p.unit_vectors "
    "FROM passages p JOIN documents d USING (source)"
)
# SQLite's oldest limit on the number of values in one statement.
_MAX_VALUES = 900


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage with the vectors of its units, in the order of `split_units`: (units, width), rows of length 1."""

    passage: Passage
    unit_vectors: Vectors


@dataclass(frozen=True, slots=True)
class Listed:
    """A document as the catalogue lists it: what it came from, and the digest of what it held."""

    source: str
    item: str
    digest: str


@dataclass(frozen=True, slots=True)
class Sync:
    """When a source was last read, in UTC, and why that failed; `problem` is empty where it did not."""

    at: datetime
    problem: str


@dataclass(frozen=True, slots=True)
class Edition:
    """A document as one of several versions; `superseded_by` is the source of a newer one.

    `origin` is the name of where it comes from, which its source begins with but for the folder's.
    """

    source: str
    origin: str
    title: str
    audience: Audience
    updated: date | None
    superseded_by: str | None


@dataclass(frozen=True, slots=True)
class VerifiedRow:
    """A verified answer with its question's vector, (width,).

    What is approved while no document answers has no evidence. `near` are then the passages that were nearest, and
    `is_outrun` says whether another one answers by now, once somebody has looked (`is_checked`).
    """

    answer: VerifiedAnswer
    vector: Vectors
    near: tuple[str, ...] = ()
    is_checked: bool = False
    is_outrun: bool = False


class Catalogue:
    """One connection, used by one thread at a time; each document is written in one transaction."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raise `sqlite3.DatabaseError` where it is damaged."""
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            # A power cut may undo the last documents, never half of one; the next sync reads them again.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._create_tables()
            self.identity = self._find_identity()
            # quick_check reads every page: about 30 ms for 10 MB, and the only way to notice a damaged one now.
            if self._connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("The catalogue is damaged.")
        except sqlite3.DatabaseError:
            self._connection.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def find_setting(self, name: str) -> str | None:
        row = self._read("SELECT value FROM settings WHERE name = ?", (name,))
        return str(row[0][0]) if row else None

    def record_setting(self, name: str, value: str) -> None:
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def list_documents(self, origin: str) -> dict[str, Listed]:
        """Return every document from this origin, by its source."""
        rows = self._read("SELECT source, item, digest FROM documents WHERE origin = ?", (origin,))
        return {source: Listed(source, item, digest) for source, item, digest in rows}

    def list_items(self, origin: str) -> dict[str, str]:
        """Return item → fingerprint of every item of this origin that was read, or found to be unreadable."""
        return dict(self._read("SELECT name, fingerprint FROM items WHERE origin = ?", (origin,)))

    def list_problems(self, origin: str) -> dict[str, list[Unreadable]]:
        """Return item → what could not be read of it."""
        problems: dict[str, list[Unreadable]] = defaultdict(list)
        for item, path, reason in self._read("SELECT item, path, reason FROM problems WHERE origin = ?", (origin,)):
            problems[item].append(Unreadable(path, reason))
        return dict(problems)

    def record_item(self, origin: str, name: str, fingerprint: str, problems: Sequence[Unreadable] = ()) -> None:
        """Note that an item was read, and what could not be read of it."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", (origin, name, fingerprint))
            connection.executemany(
                "INSERT INTO problems VALUES (?, ?, ?, ?)",
                [(origin, name, each.path, each.reason) for each in problems],
            )

    def delete_items(self, origin: str, names: Sequence[str]) -> None:
        with self._transaction() as connection:
            connection.executemany(
                "DELETE FROM items WHERE origin = ? AND name = ?", [(origin, name) for name in names]
            )

    def record_sync(self, origin: str, sync: Sync) -> None:
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO syncs VALUES (?, ?, ?)", (origin, sync.at.isoformat(), sync.problem)
            )

    def delete_sync(self, origin: str) -> None:
        with self._transaction() as connection:
            connection.execute("DELETE FROM syncs WHERE origin = ?", (origin,))

    def list_syncs(self) -> dict[str, Sync]:
        """Return the last sync of every origin that has had one."""
        rows = self._read("SELECT origin, at, problem FROM syncs", ())
        return {origin: Sync(datetime.fromisoformat(at), problem) for origin, at, problem in rows}

    def record_document(self, document: Document, origin: str, item: str, entries: Sequence[Entry]) -> None:
        """Replace the document and its passages: readers see the old ones or the new ones."""
        updated = document.updated.isoformat() if document.updated else None
        values = (document.source, origin, item, document.digest, document.title, document.audience.value, updated)
        loss = measure_loss(document, [entry.passage for entry in entries])
        with self._transaction() as connection:
            written = self.last_written() + 1
            connection.execute("INSERT OR REPLACE INTO settings VALUES ('written', ?)", (str(written),))
            connection.execute("DELETE FROM documents WHERE source = ?", (document.source,))
            connection.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?)",
                (*values, document.url, written, loss.words, loss.lost),
            )
            connection.executemany(
                "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [_to_row(position, entry) for position, entry in enumerate(entries)],
            )
            facts = [fact for entry in entries for fact in draw_facts(entry.passage)]
            connection.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?)", map(astuple, facts))

    def delete_document(self, source: str) -> None:
        with self._transaction() as connection:
            connection.execute("DELETE FROM documents WHERE source = ?", (source,))

    def list_editions(self) -> list[Edition]:
        """Return all documents but verified answers, by source."""
        columns = "source, origin, title, audience, updated, superseded_by"
        rows = self._read(f"SELECT {columns} FROM documents WHERE origin != 'verified' ORDER BY source", ())
        return [_to_edition(row) for row in rows]

    def find_editions(self, sources: Sequence[str]) -> dict[str, Edition]:
        """Return the documents of these sources that exist, by source."""
        columns = "source, origin, title, audience, updated, superseded_by"
        rows = self._read_many(f"SELECT {columns} FROM documents WHERE source IN", sources)
        return {edition.source: edition for edition in map(_to_edition, rows)}

    def find_held(self, audiences: frozenset[Audience]) -> frozenset[Audience]:
        """Return those of the audiences that any document is meant for."""
        statement = "SELECT 1 FROM documents WHERE audience = ? LIMIT 1"
        return frozenset(audience for audience in audiences if self._read(statement, (audience.value,)))

    def list_groups(self) -> frozenset[Audience]:
        """Return the user groups that documents are meant for."""
        rows = self._read(
            "SELECT DISTINCT audience FROM documents WHERE audience >= 'group:' AND audience < 'group;'", ()
        )
        return frozenset(Audience(row[0]) for row in rows)

    def record_superseded(self, newer: Mapping[str, str | None]) -> None:
        """Note for each source which newer document says the same (None: none does)."""
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE documents SET superseded_by = ? WHERE source = ?", [(new, old) for old, new in newer.items()]
            )

    def read_text(self, source: str) -> str:
        """Return a document's passages as one text; empty where there is no such document."""
        rows = self._read("SELECT text FROM passages WHERE source = ? ORDER BY position", (source,))
        return "\n".join(row[0] for row in rows)

    def list_verified(self) -> list[VerifiedRow]:
        """Return all verified answers, by id."""
        return [_to_verified(row) for row in self._read("SELECT * FROM verified ORDER BY id", ())]

    def count_verified(self) -> int:
        return int(self._read("SELECT count(*) FROM verified", ())[0][0])

    def record_verified(self, row: VerifiedRow) -> None:
        answer = row.answer
        who = (answer.author, answer.approved_at.isoformat(), answer.audience.value)
        held = (json.dumps(answer.evidence), row.vector.astype(np.float32).tobytes())
        values = (answer.id, answer.question, answer.answer, *who, *held)
        silence = (json.dumps(row.near), row.is_checked, row.is_outrun)
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO verified VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, *silence),
            )

    def record_outrun(self, outrun: Mapping[str, bool], documents: str) -> None:
        """Note by id whether a document answers by now what none answered; those that are not named stay as they were.

        `documents`: as of which documents all were looked at.
        """
        rows = [(is_outrun, identity) for identity, is_outrun in outrun.items()]
        with self._transaction() as connection:
            connection.executemany("UPDATE verified SET is_checked = 1, is_outrun = ? WHERE id = ?", rows)
            connection.execute("INSERT OR REPLACE INTO settings VALUES ('checked', ?)", (documents,))

    def last_checked(self) -> str | None:
        """Return what `describe_documents` said when all verified answers were looked at last; None for never."""
        return self.find_setting("checked")

    def delete_verified(self, identity: str) -> None:
        with self._transaction() as connection:
            connection.execute("DELETE FROM verified WHERE id = ?", (identity,))

    def find_known(self, ids: Sequence[str]) -> set[str]:
        """Return those ids that are passages."""
        return {row[0] for row in self._read_many("SELECT id FROM passages WHERE id IN", ids)}

    def list_stored(self, source: str) -> list[Stored]:
        """Return what the vector index holds of a document."""
        rows = self._read(
            "SELECT p.id, d.audience, p.units FROM passages p JOIN documents d USING (source) WHERE p.source = ?",
            (source,),
        )
        return [Stored(identity, Audience(audience), units) for identity, audience, units in rows]

    def get_entries(self, ids: Sequence[str]) -> dict[str, Entry]:
        """Return the entries that exist, by id."""
        return {row[0]: _to_entry(row) for row in self._read_many(f"SELECT {_COLUMNS} WHERE p.id IN", ids)}

    def find_facts(
        self, subjects: Collection[str], audiences: frozenset[Audience], kinds: Collection[str] = ()
    ) -> list[Fact]:
        """Return what documents for these audiences say of these subjects, of these kinds (none: all), by subject."""
        asked = {"f.subject": subjects, "d.audience": audiences} | ({"f.kind": kinds} if kinds else {})
        where = " AND ".join(f"{column} IN ({', '.join('?' * len(values))})" for column, values in asked.items())
        rows = self._read(
            "SELECT f.* FROM facts f JOIN passages p ON p.id = f.passage JOIN documents d USING (source) "
            f"WHERE {where} ORDER BY f.subject, f.kind, f.rowid",
            [value for values in asked.values() for value in values],
        )
        return [Fact(*row) for row in rows]

    def walk_entries(self, batch_size: int = 500) -> Iterator[list[Entry]]:
        """Yield all entries by id, in batches, so that memory stays flat."""
        last = ""
        while rows := self._read(f"SELECT {_COLUMNS} WHERE p.id > ? ORDER BY p.id LIMIT ?", (last, batch_size)):
            last = rows[-1][0]
            yield [_to_entry(row) for row in rows]

    def walk_since(self, written: int) -> list[Passage]:
        """Return the passages of the documents that were written after the one with this number."""
        rows = self._read(f"SELECT {_COLUMNS} WHERE d.written > ? ORDER BY p.id", (written,))
        return [_to_entry(row).passage for row in rows]

    def last_written(self) -> int:
        """Return the number of the document that was written last; they rise with each, and none is given twice."""
        return int(self.find_setting("written") or 0)

    def find_state(self) -> tuple[int, int]:
        """Return what changes whenever a document comes, changes or goes: `last_written`, and how many there are."""
        ((documents,),) = self._read("SELECT count(*) FROM documents", ())
        return self.last_written(), int(documents)

    def list_sources(self) -> set[str]:
        return {row[0] for row in self._read("SELECT source FROM documents", ())}

    def list_written(self, after: int) -> dict[str, Audience]:
        """Return the documents that were written after the one with this number, by source, and who may read them."""
        rows = self._read("SELECT source, audience FROM documents WHERE written > ? ORDER BY written", (after,))
        return {source: Audience(audience) for source, audience in rows}

    def read_vectors(self, sources: Sequence[str]) -> dict[str, dict[str, Vectors]]:
        """Return the passages of these documents, by source, each with the vectors of its units by its id."""
        found: dict[str, dict[str, Vectors]] = {source: {} for source in sources}
        statement = "SELECT source, id, units, unit_vectors FROM passages WHERE units > 0 AND source IN"
        for source, identity, units, vectors in self._read_many(statement, sources):
            found[source][identity] = _to_vectors(vectors, units)
        return found

    def count_since(self, written: int) -> int:
        """Return how many passages `walk_since` gives."""
        statement = "SELECT count(*) FROM passages JOIN documents USING (source) WHERE written > ?"
        return int(self._read(statement, (written,))[0][0])

    def describe_documents(self) -> str:
        """Return what changes whenever a document comes, changes or goes; verified answers are none."""
        statement = "SELECT coalesce(max(written), 0), count(*) FROM documents WHERE origin != 'verified'"
        return "{}:{}".format(*self._read(statement, ())[0])

    def count(self) -> tuple[int, int]:
        """Return the number of documents, without verified answers, and of all passages."""
        ((documents, passages),) = self._read(
            "SELECT (SELECT count(*) FROM documents WHERE origin != 'verified'), (SELECT count(*) FROM passages)", ()
        )
        return int(documents), int(passages)

    def count_readable(self, audiences: frozenset[Audience]) -> int:
        """Return the number of documents, without verified answers, that are meant for one of these audiences."""
        marks = ", ".join("?" * len(audiences))
        statement = f"SELECT count(*) FROM documents WHERE origin != 'verified' AND audience IN ({marks})"
        return int(self._read(statement, tuple(audiences))[0][0])

    def list_losses(self) -> list[Loss]:
        """Return the documents that gave no passage or lost so many words that somebody should look at them."""
        rows = self._read(
            "SELECT d.source, d.words, d.lost, count(p.id) FROM documents d LEFT JOIN passages p USING (source) "
            "WHERE d.origin != 'verified' GROUP BY d.source ORDER BY d.source",
            (),
        )
        return [loss for loss in (Loss(*row) for row in rows) if loss.is_worth_a_look]

    def version(self) -> int:
        """Return a number that changes when another connection has written; writes of our own leave it alone."""
        return int(self._read("PRAGMA data_version", ())[0][0])

    def count_units(self) -> int:
        """Return the number of quotable units, each of which has one vector."""
        return int(self._read("SELECT coalesce(sum(units), 0) FROM passages", ())[0][0])

    def _read(self, statement: str, values: Sequence[str | int]) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(statement, tuple(values)).fetchall()

    def _read_many(self, statement: str, values: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield what `statement`, which ends in IN, finds for any number of values."""
        for start in range(0, len(values), _MAX_VALUES):
            part = values[start : start + _MAX_VALUES]
            yield from self._read(f"{statement} ({', '.join('?' * len(part))})", part)

    def _create_tables(self) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        has_tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if has_tables and version != _SCHEMA_VERSION:
            raise sqlite3.DatabaseError("it was written by another version of Chip")
        self._connection.executescript(_SCHEMA)
        self._connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")

    def _find_identity(self) -> str:
        """Return what tells this file from any other, also from one that stood here before."""
        self._connection.execute("INSERT OR IGNORE INTO settings VALUES ('identity', ?)", (secrets.token_hex(8),))
        return str(self._connection.execute("SELECT value FROM settings WHERE name = 'identity'").fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def _to_row(position: int, entry: Entry) -> tuple[str | int | bytes | None, ...]:
    passage = entry.passage
    # Half precision moves a cosine by less than 1e-3 and halves the largest column.
    blob = entry.unit_vectors.astype(np.float16).tobytes()
    words = (passage.text, passage.heading)
    return (passage.id, passage.source, position, *words, passage.page, len(entry.unit_vectors), blob)


def _to_entry(row: tuple[Any, ...]) -> Entry:
    identity, text, heading, title, source, audience, updated, url, page, position, units, unit_vectors = row
    day = date.fromisoformat(updated) if updated else None
    passage = Passage(identity, text, heading, title, source, Audience(audience), day, url, page, position)
    return Entry(passage, _to_vectors(unit_vectors, units))


def _to_vectors(stored: bytes, units: int) -> Vectors:
    return np.frombuffer(stored, dtype=np.float16).astype(np.float32).reshape(units, -1)


def _to_edition(row: tuple[Any, ...]) -> Edition:
    source, origin, title, audience, updated, superseded_by = row
    day = date.fromisoformat(updated) if updated else None
    return Edition(source, origin, title, Audience(audience), day, superseded_by)


def _to_verified(row: tuple[Any, ...]) -> VerifiedRow:
    identity, question, answer, author, approved_at, audience, evidence, vector, near, is_checked, is_outrun = row
    when, rests_on = datetime.fromisoformat(approved_at), tuple(json.loads(evidence))
    approved = VerifiedAnswer(identity, question, answer, author, when, Audience(audience), rests_on)
    at = np.frombuffer(vector, dtype=np.float32)
    return VerifiedRow(approved, at, tuple(json.loads(near)), bool(is_checked), bool(is_outrun))
