"""Copies one SQLite file as it stands at an instant, while others write to it. Knows no table.

The copy is one file without a log beside it, and says which schema it holds.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic.script import ScriptDirectory
from alembic.util import CommandError

from feedback.database import BUSY_TIMEOUT_MS, MIGRATIONS
from feedback.errors import DatabaseUnusable


def copy_database(source: Path, target: Path) -> None:
    """Copy the database. Raises `DatabaseUnusable` if it is damaged, or if the copy cannot be written.

    All pages are copied in one step, under one read lock: with WAL writers do not wait for it, and a copy in several
    steps would begin again whenever somebody writes in between.
    """
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as held,
            closing(sqlite3.connect(target)) as copy,
        ):
            held.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            held.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            _require_whole(copy, source)
    except sqlite3.Error as error:
        raise DatabaseUnusable(str(source), f"it cannot be copied: {error}") from error


def require_usable(database: Path) -> None:
    """Raise `DatabaseUnusable` if the file is damaged, or if a newer Chip made its schema. Changes nothing."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            _require_whole(connection, database)
            has_schema = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
            found = connection.execute("SELECT version_num FROM alembic_version").fetchall() if has_schema else []
    except sqlite3.Error as error:
        raise DatabaseUnusable(str(database), str(error)) from error
    scripts = ScriptDirectory(str(MIGRATIONS))
    for (revision,) in found:
        try:
            scripts.get_revision(revision)
        except CommandError as error:
            reason = f"its schema {revision} is of a newer Chip; update Chip first"
            raise DatabaseUnusable(str(database), reason) from error


def _require_whole(connection: sqlite3.Connection, source: Path) -> None:
    """Read every page and every index. A damaged database is no back-up, and its owner must know."""
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise DatabaseUnusable(str(source), f"it is damaged: {' '.join(str(found).split())[:200]}")
