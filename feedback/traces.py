"""Traces of deleted words in the files of a data folder: searched byte by byte, and overwritten where SQLite left them.

SQLite marks deleted rows as free and keeps their bytes, in the pages of the database and in its write-ahead log. Knows
nothing of what was deleted or why.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

_SQLITE_HEADER = b"SQLite format 3\x00"
_CHUNK = 8 * 2**20


@dataclass(slots=True)
class Search:
    """What a search went through, and in which files it found something, by their paths in the folder."""

    files: int = 0
    size: int = 0
    found: dict[str, int] = field(default_factory=dict)


def search(folder: Path, marks: Iterable[str]) -> Search:
    """Search every file of the folder for the marks, as they are and as JSON writes them; count them by file."""
    wanted = sorted({form for mark in marks if mark for form in _find_forms(mark)})
    searched = Search()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            count, size = _count(path, wanted)
        except FileNotFoundError:  # a file of the moment, such as a lock
            continue
        searched.files += 1
        searched.size += size
        if count:
            searched.found[str(path.relative_to(folder))] = count
    return searched


def _find_forms(mark: str) -> set[bytes]:
    escaped = (json.dumps(mark, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    return {mark.encode("utf-8", "replace"), *(form.encode("utf-8", "replace") for form in escaped)}


def _count(path: Path, wanted: list[bytes]) -> tuple[int, int]:
    """Return how often the marks occur in a file, and its size. Chunks overlap by the longest mark."""
    overlap = max(map(len, wanted), default=1) - 1
    count = size = 0
    with path.open("rb") as file:
        kept = b""
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            text = kept + chunk
            kept = text[max(0, len(text) - overlap) :] if overlap else b""
            count += sum(text.count(mark) - kept.count(mark) for mark in wanted)
        count += sum(kept.count(mark) for mark in wanted)
    return count, size


def find_databases(folder: Path, paths: Iterable[str]) -> Iterator[Path]:
    """Yield the SQLite files among the paths; for a file beside a database, such as its log, the database."""
    seen = set()
    for name in paths:
        path = folder / name.removesuffix("-wal").removesuffix("-shm").removesuffix("-journal")
        if path not in seen and _is_database(path):
            seen.add(path)
            yield path


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE_HEADER)) == _SQLITE_HEADER
    except OSError:
        return False


def overwrite_deleted(database: Path, *, busy_seconds: float = 30.0) -> bool:
    """Write the database anew without what was deleted, and empty its log. False if readers were in the way."""
    try:
        with closing(sqlite3.connect(database, timeout=busy_seconds, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete = ON").close()
            empty_log(connection)
            connection.execute("VACUUM").close()
            return empty_log(connection)
    except sqlite3.OperationalError:
        return False


def empty_log(connection: sqlite3.Connection) -> bool:
    """Move the write-ahead log into the database and cut it to nothing. False if a reader still needs it."""
    row = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return row is None or row[0] == 0
