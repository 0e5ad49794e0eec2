"""The catalogue's SQLite file: its tables, one connection with one transaction at a time, and settings by name.

Knows nothing of what the tables mean.
"""

import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Raise it with every change of a table. A file of another version is discarded, and the sources are read again.
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
CREATE TABLE IF NOT EXISTS remarks (
    source TEXT NOT NULL REFERENCES documents (source) ON DELETE CASCADE, kind TEXT NOT NULL, word TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS remarks_by_source ON remarks (source);
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
# SQLite's oldest limit on the number of values in one statement.
_MAX_VALUES = 900


_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_SCHEMA}
_DAMAGE.add(sqlite3.SQLITE_ERROR)  # a table or a column is missing


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether an error means that the file is damaged. A full disk or a lock, for example, passes and means nothing."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return code is None or code & 0xFF in _DAMAGE


class CatalogueFile:
    """One connection, used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raise `sqlite3.DatabaseError` if it is damaged."""
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            # A power cut may undo the last documents, but never half of one. The next sync reads them again.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._create_tables()
            self.id = self._find_id()
            # quick_check reads every page: about 30 ms for 10 MB, and the only way to notice a damaged page now.
            if self._connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("The catalogue is damaged.")
        except sqlite3.DatabaseError:
            self._connection.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def find_setting(self, name: str) -> str | None:
        """Return the setting of this name; None if it was never set."""
        row = self.read("SELECT value FROM settings WHERE name = ?", (name,))
        return str(row[0][0]) if row else None

    def record_setting(self, name: str, value: str) -> None:
        """Set the setting of this name."""
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def version(self) -> int:
        """Return a number that changes when another connection has written. Our own writes do not change it."""
        return int(self.read("PRAGMA data_version", ())[0][0])

    def read(self, statement: str, values: Sequence[str | int]) -> list[tuple[Any, ...]]:
        """Return all rows that a statement finds."""
        with self._lock:
            return self._connection.execute(statement, tuple(values)).fetchall()

    def read_many(self, statement: str, values: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield what `statement`, which ends in IN, finds for any number of values."""
        for start in range(0, len(values), _MAX_VALUES):
            part = values[start : start + _MAX_VALUES]
            yield from self.read(f"{statement} ({', '.join('?' * len(part))})", part)

    def _create_tables(self) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        has_tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if has_tables and version != _SCHEMA_VERSION:
            raise sqlite3.DatabaseError("it was written by another version of Chip")
        self._connection.executescript(_SCHEMA)
        self._connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")

    def _find_id(self) -> str:
        """Return an id that differs from any other file's, even from that of a file that was here before."""
        self._connection.execute("INSERT OR IGNORE INTO settings VALUES ('identity', ?)", (secrets.token_hex(8),))
        return str(self._connection.execute("SELECT value FROM settings WHERE name = 'identity'").fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for a transaction that commits at the end and rolls back on an exception."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
