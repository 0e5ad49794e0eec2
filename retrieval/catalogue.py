"""The catalogue: which documents are indexed, their passages and their vectors, in one SQLite file.

It is the truth about what search may show; Chroma and BM25 are built from it and can be rebuilt from it. Knows nothing
of ranking or of reading files.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.passage import Audience, Passage

Vectors = NDArray[np.float32]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    source TEXT PRIMARY KEY, origin TEXT NOT NULL, digest TEXT NOT NULL, title TEXT NOT NULL, updated TEXT
);
CREATE TABLE IF NOT EXISTS passages (
    id TEXT PRIMARY KEY, source TEXT NOT NULL REFERENCES documents (source) ON DELETE CASCADE,
    position INTEGER NOT NULL, text TEXT NOT NULL, heading TEXT NOT NULL, title TEXT NOT NULL, audience TEXT NOT NULL,
    units INTEGER NOT NULL, unit_vectors BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS passages_by_source ON passages (source, position);
"""
_COLUMNS = "id, text, heading, title, source, audience, units, unit_vectors"
# SQLite's oldest limit on the number of values in one statement.
_MAX_VALUES = 900


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage with the vectors of its units, in the order of `split_units`: (units, width), rows of length 1."""

    passage: Passage
    unit_vectors: Vectors


class Catalogue:
    """One connection, used by one thread at a time; each document is written in one transaction."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raise `sqlite3.DatabaseError` where it is damaged."""
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.executescript(_SCHEMA)
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

    def list_digests(self, origin: str) -> dict[str, str]:
        """Return source → digest of every document from this origin."""
        rows = self._read("SELECT source, digest FROM documents WHERE origin = ?", (origin,))
        return {source: digest for source, digest in rows}

    def record_document(
        self, source: str, origin: str, digest: str, title: str, updated: str | None, entries: Sequence[Entry]
    ) -> None:
        """Replace the document and its passages: readers see the old ones or the new ones."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM documents WHERE source = ?", (source,))
            connection.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?)", (source, origin, digest, title, updated))
            connection.executemany(
                "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_to_row(position, entry) for position, entry in enumerate(entries)],
            )

    def delete_document(self, source: str) -> None:
        with self._transaction() as connection:
            connection.execute("DELETE FROM documents WHERE source = ?", (source,))

    def list_passage_ids(self, source: str) -> list[str]:
        return [row[0] for row in self._read("SELECT id FROM passages WHERE source = ? ORDER BY position", (source,))]

    def get_entries(self, ids: Sequence[str]) -> dict[str, Entry]:
        """Return the entries that exist, by id."""
        found: dict[str, Entry] = {}
        for start in range(0, len(ids), _MAX_VALUES):
            part = list(ids[start : start + _MAX_VALUES])
            marks = ", ".join("?" * len(part))
            for row in self._read(f"SELECT {_COLUMNS} FROM passages WHERE id IN ({marks})", part):
                found[row[0]] = _to_entry(row)
        return found

    def walk_entries(self, batch_size: int = 500) -> Iterator[list[Entry]]:
        """Yield all entries by id, in batches, so that memory stays flat."""
        last = ""
        while rows := self._read(
            f"SELECT {_COLUMNS} FROM passages WHERE id > ? ORDER BY id LIMIT ?", (last, batch_size)
        ):
            last = rows[-1][0]
            yield [_to_entry(row) for row in rows]

    def count(self) -> tuple[int, int]:
        """Return the number of documents and of passages."""
        ((documents, passages),) = self._read(
            "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM passages)", ()
        )
        return int(documents), int(passages)

    def version(self) -> int:
        """Return a number that changes when another connection has written; writes of our own leave it alone."""
        return int(self._read("PRAGMA data_version", ())[0][0])

    def count_units(self) -> int:
        """Return the number of quotable units, each of which has one vector."""
        return int(self._read("SELECT coalesce(sum(units), 0) FROM passages", ())[0][0])

    def _read(self, statement: str, values: Sequence[str | int]) -> list[tuple[str, ...]]:
        with self._lock:
            return self._connection.execute(statement, tuple(values)).fetchall()

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


def _to_row(position: int, entry: Entry) -> tuple[str | int | bytes, ...]:
    passage = entry.passage
    return (
        passage.id,
        passage.source,
        position,
        passage.text,
        passage.heading,
        passage.title,
        str(passage.audience),
        len(entry.unit_vectors),
        # Half precision moves a cosine by less than 1e-3 and halves the largest column.
        entry.unit_vectors.astype(np.float16).tobytes(),
    )


def _to_entry(row: tuple[object, ...]) -> Entry:
    identity, text, heading, title, source, audience, units, unit_vectors = row
    passage = Passage(str(identity), str(text), str(heading), str(title), str(source), Audience(str(audience)))
    vectors = np.frombuffer(unit_vectors, dtype=np.float16)  # type: ignore[call-overload]  # sqlite3 types it as object
    return Entry(passage, vectors.astype(np.float32).reshape(int(str(units)), -1))
