"""The stage of an import: a SQLite file that gathers messages until whole conversations can be read from it.

A conversation's messages lie anywhere in a mailbox of gigabytes; here they are joined on disk, with little memory.
After a kill, the stage tells what was read already. It holds people's words unmasked, and is deleted once the import is
done.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from feedback.history.message import Left, Message

LONGEST_THREAD = 1000
"""In messages; a longer conversation is a channel that nobody threads, and is read in pieces."""

PAUSE_SECONDS = 900.0
"""In a channel without threads a new conversation begins after a quarter of an hour of silence."""

_EXAMPLES = 3
_LONGEST_CHAIN = 100
_SCHEMA = """
CREATE TABLE IF NOT EXISTS file (path TEXT PRIMARY KEY, records INTEGER, is_done INTEGER, format TEXT, problem TEXT);
CREATE TABLE IF NOT EXISTS message (
    seq INTEGER PRIMARY KEY, thread TEXT, id TEXT, parent TEXT, author TEXT, name TEXT, side TEXT, text TEXT, at REAL,
    place TEXT, others TEXT, subject TEXT
);
CREATE TABLE IF NOT EXISTS dropped (reason TEXT, place TEXT, count INTEGER, PRIMARY KEY (reason, place));
"""
_COLUMNS = tuple(field.name for field in fields(Message))
_INSERT = f"INSERT INTO message ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


class StagedFile(NamedTuple):
    """How far a file is read: its records, whether all, its format, and why it could not be read."""

    records: int
    is_done: bool
    format: str
    problem: str


@dataclass(frozen=True, slots=True)
class AuthorStatistics:
    """How many conversations somebody opened, and how many they joined later."""

    author: str
    opened: int
    joined: int


class Stage:
    """An open stage. Not thread-safe."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._connection = sqlite3.connect(path)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        self._connection.close()

    def delete(self) -> None:
        """Close the stage and remove its files."""
        self.close()
        for ending in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)

    def find_file(self, path: str) -> StagedFile:
        row = self._connection.execute(
            "SELECT records, is_done, format, problem FROM file WHERE path = ?", (path,)
        ).fetchone()
        return StagedFile(row[0], bool(row[1]), row[2], row[3]) if row else StagedFile(0, False, "", "")

    def record(self, path: str, file: StagedFile, given: Iterable[Message | Left]) -> None:
        """Store what a file gave, and how far it is read, in one transaction."""
        rows, left = [], Counter[tuple[str, str]]()
        for one in given:
            if isinstance(one, Left):
                left[(one.reason, one.where)] += 1
            else:
                rows.append([getattr(one, column) for column in _COLUMNS])
        with self._connection:
            self._connection.executemany(_INSERT, rows)
            for (reason, place), count in left.items():
                self._note(reason, place, count)
            self._connection.execute("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?)", (path, *file))

    def _note(self, reason: str, place: str, count: int) -> None:
        """Count what was left out, and keep a few of the places for people to look at."""
        known = self._connection.execute("SELECT COUNT(*) FROM dropped WHERE reason = ?", (reason,)).fetchone()[0]
        self._connection.execute(
            "INSERT INTO dropped VALUES (?, ?, ?)"
            " ON CONFLICT (reason, place) DO UPDATE SET count = count + excluded.count",
            (reason, place if known <= _EXAMPLES else "", count),
        )

    def dropped(self) -> tuple[Counter[str], dict[str, list[str]]]:
        """Return how much was left out by reason, with some places for each."""
        counts: Counter[str] = Counter()
        places: dict[str, list[str]] = {}
        for reason, place, count in self._connection.execute("SELECT reason, place, count FROM dropped ORDER BY place"):
            counts[reason] += count
            if place and len(places.setdefault(reason, [])) < _EXAMPLES:
                places[reason].append(place)
        return counts, places

    def files(self) -> dict[str, StagedFile]:
        rows = self._connection.execute("SELECT path, records, is_done, format, problem FROM file ORDER BY path")
        return {row[0]: StagedFile(row[1], bool(row[2]), row[3], row[4]) for row in rows}

    def count(self) -> int:
        return int(self._connection.execute("SELECT COUNT(*) FROM message").fetchone()[0])

    def join_threads(self) -> None:
        """Assign each message to a conversation: by parents, by a mail's subject, or by time in a channel."""
        with self._connection:
            for column in ("id", "thread, at, seq", "subject", "place, at, seq"):
                name = column.split(",")[0]
                self._connection.execute(f"CREATE INDEX IF NOT EXISTS by_{name} ON message ({column})")
            self._join_parents()
            self._join_subjects()
            self._join_sessions()

    def _join_parents(self) -> None:
        """Follow In-Reply-To up to a mail whose conversation is known. A missing parent joins its children."""
        follow = """
            UPDATE message SET thread = (
                SELECT above.thread FROM message AS above WHERE above.id = message.parent AND above.thread <> '' LIMIT 1
            )
            WHERE thread = '' AND parent <> '' AND EXISTS (
                SELECT 1 FROM message AS above WHERE above.id = message.parent AND above.thread <> ''
            )
        """
        for _ in range(_LONGEST_CHAIN):
            if not self._connection.execute(follow).rowcount:
                break
        self._connection.execute("UPDATE message SET thread = parent WHERE thread = '' AND parent <> ''")

    def _join_subjects(self) -> None:
        """Join a reply that names no other mail to the last mail of its subject between the same people."""
        orphans = self._connection.execute(
            "SELECT seq, subject, author, others, at FROM message WHERE thread = '' AND others <> '' ORDER BY at, seq"
        )
        for seq, subject, author, others, at in orphans.fetchall():
            thread = self._find_subject(seq, subject, at, {author, *others.split(",")})
            self._connection.execute("UPDATE message SET thread = ? WHERE seq = ?", (thread, seq))

    def _find_subject(self, seq: int, subject: str, at: float | None, people: set[str]) -> str:
        """Return the conversation of this subject with the most of these people, the last of several, or a new one."""
        candidates = self._connection.execute(
            "SELECT thread, author, others FROM message WHERE subject = ? AND thread <> '' AND seq <> ?"
            " AND (at IS NULL OR ? IS NULL OR at <= ?) ORDER BY at DESC LIMIT 20",
            (subject, seq, at, at),
        )
        shared = [(len(people & {author, *others.split(",")}), thread) for thread, author, others in candidates]
        most, thread = max(shared, key=lambda one: one[0], default=(0, ""))
        return str(thread) if subject and most else f"mail {seq}"

    def _join_sessions(self) -> None:
        """Split a channel without threads where nobody wrote for a while."""
        rows = self._connection.execute("SELECT seq, place, at FROM message WHERE thread = '' ORDER BY place, at, seq")
        threads: list[tuple[str, int]] = []
        name, last_place, last_at = "", None, None
        for seq, place, at in rows:
            if place != last_place or at is None or last_at is None or at - last_at > PAUSE_SECONDS:
                is_untimed = at is None and place == last_place and last_at is None and name
                name = name if is_untimed else f"{place} {seq}"
            threads.append((name, seq))
            last_place, last_at = place, at
        self._connection.executemany("UPDATE message SET thread = ? WHERE seq = ?", threads)

    def count_authors(self) -> list[AuthorStatistics]:
        """Return who opens conversations and who joins those of others."""
        rows = self._connection.execute(
            """
            WITH numbered AS (
                SELECT thread, author, FIRST_VALUE(author) OVER (PARTITION BY thread ORDER BY at, seq) AS opener
                FROM message
            )
            SELECT author, COUNT(DISTINCT CASE WHEN author = opener THEN thread END),
                COUNT(DISTINCT CASE WHEN author <> opener THEN thread END)
            FROM numbered GROUP BY author
            """
        )
        return [AuthorStatistics(*row) for row in rows]

    def knows_sides(self) -> bool:
        """Whether any message names its author's side."""
        return self._connection.execute("SELECT 1 FROM message WHERE side <> '' LIMIT 1").fetchone() is not None

    def conversations(self) -> Iterator[list[Message]]:
        """Yield each conversation's messages in the order in which they were written."""
        rows = self._connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM message ORDER BY thread, at, seq")
        for _, together in groupby(rows, key=lambda row: row[_COLUMNS.index("thread")]):
            messages: list[Message] = []
            for row in together:
                messages.append(Message(*row))
                if len(messages) >= LONGEST_THREAD:
                    yield messages
                    messages = []
            if messages:
                yield messages
