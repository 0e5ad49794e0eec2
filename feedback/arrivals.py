"""Arrivals: what Slack delivered and the inbox does not hold yet, in a file of its own, so that Slack never waits.

An event becomes a row here before it is acknowledged, and stays until the inbox holds it or refuses it. The inbox
shares its one writer with everything else that Chip records; here a row is one statement. Knows nothing of events.
"""

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from feedback.errors import DatabaseUnusable

_MAX_VALUES = 500  # in one statement; SQLite's oldest limit is 999
_BUSY_SECONDS = 10.0


@dataclass(slots=True)
class _Row:
    """A body that one thread waits for. `number` is 0 until it is stored."""

    body: str
    number: int = 0
    error: Exception | None = None


class Arrivals:
    """The table in its file. Thread-safe. What arrives while the disk is busy is stored together."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raises `DatabaseUnusable` if that fails."""
        self._lock = threading.Lock()
        self._waiting: list[_Row] = []
        self._ended: list[int] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None
            )
            for statement in (
                "PRAGMA journal_mode = WAL",
                "PRAGMA synchronous = FULL",
                "PRAGMA secure_delete = ON",
                "CREATE TABLE IF NOT EXISTS arrivals (number INTEGER PRIMARY KEY, body TEXT NOT NULL)",
            ):
                self._connection.execute(statement)
        except (OSError, sqlite3.Error) as error:
            reason = f"it cannot be used ({error}); it holds at most what came in Chip's last seconds: move it away"
            raise DatabaseUnusable(str(path), reason) from error

    def keep(self, body: str) -> int:
        """Store a body and return its number once the disk has it. Raises `sqlite3.Error` if it cannot be stored."""
        return self.keep_all([body])[0]

    def keep_all(self, bodies: Sequence[str]) -> list[int]:
        """Store bodies together and return their numbers. Raises `sqlite3.Error` if one cannot be stored."""
        rows = [_Row(body) for body in bodies]
        self._waiting.extend(rows)
        with self._lock:
            while any(not row.number and row.error is None for row in rows):
                self._store_waiting()
        for row in rows:
            if row.error is not None:
                raise row.error
        return [row.number for row in rows]

    def drop(self, number: int) -> None:
        """Mark a row as dropped: the next `sweep` deletes it."""
        self._ended.append(number)

    def sweep(self) -> None:
        """Delete dropped rows. This costs a write to the disk, so no thread that acknowledges does it."""
        with self._lock:
            ended = self._ended[:]
            for start in range(0, len(ended), _MAX_VALUES):
                part = ended[start : start + _MAX_VALUES]
                self._connection.execute(f"DELETE FROM arrivals WHERE number IN ({_marks(part)})", part)
            del self._ended[: len(ended)]

    def list_kept(self) -> list[tuple[int, str]]:
        """Return the numbers and bodies that are not dropped, in order of arrival."""
        with self._lock:
            ended = set(self._ended)
            rows = self._connection.execute("SELECT number, body FROM arrivals ORDER BY number").fetchall()
        return [(number, body) for number, body in rows if number not in ended]

    def close(self) -> None:
        """Delete dropped rows and close the file."""
        self.sweep()
        with self._lock:
            self._connection.close()

    def _store_waiting(self) -> None:
        """Store every waiting body in one statement. Several would each wait for the interpreter's lock."""
        rows = self._waiting[:_MAX_VALUES]
        del self._waiting[: len(rows)]
        marks = ", ".join(["(?)"] * len(rows))
        try:
            last = self._connection.execute(f"INSERT INTO arrivals (body) VALUES {marks}", [row.body for row in rows])
        except sqlite3.Error as error:
            for row in rows:
                row.error = error
            return
        first = (last.lastrowid or 0) - len(rows) + 1
        for number, row in enumerate(rows, start=first):
            row.number = number


def _marks(values: Sequence[int]) -> str:
    return ", ".join("?" * len(values))
