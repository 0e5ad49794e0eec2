"""The database: opened, brought up to date, and lent out in transactions. Knows no table.

SQLite is the default, and PostgreSQL the other. Both are set up alike: nothing that was committed is lost, readers wait
for nobody, and there is one writer at a time, so that what a transaction read still holds when it writes.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, NoSuchModuleError

from feedback.errors import DatabaseUnusable
from feedback.gathering import Gathering
from feedback.turns import Turns

T = TypeVar("T")

BUSY_TIMEOUT_MS = 30_000
WAL_PAUSE_SECONDS = 0.01
FULL = "the disk is full; make room and start Chip again"

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_READ_ONLY = "chip_read_only"
_WRITING_LOCK = 0x43686970  # any number that nobody else locks: "Chip" in ASCII
_POSTGRESQL = "postgresql+psycopg"
_CONNECTIONS = {"pool_size": 8, "max_overflow": 24}  # as many threads read at once


@dataclass(frozen=True, slots=True)
class Database:
    """An open database with the clock and the id maker that every record takes. Thread-safe.

    The one thread that writes holds `writing`. SQLite has one writer anyway, but it waits by sleeping and retrying:
    with eight threads that record 1,000 events, a record took 1.1 s at p99 that way, and 50 ms with threads taking
    turns. On PostgreSQL each would hold a connection while it waits.
    """

    engine: Engine
    clock: Callable[[], datetime]
    new_id: Callable[[str], str]
    writing: AbstractContextManager[Any] = field(default_factory=nullcontext, repr=False)
    gathering: Gathering = field(default_factory=Gathering, repr=False)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Lend a connection in a transaction that commits at the end and rolls back on an exception."""
        with self.writing, self.engine.begin() as connection:
            yield connection

    def write(self, work: Callable[[Connection], T], *, is_urgent: bool = False) -> T:
        """Run the work in a transaction that other threads' work may share. Return once it is committed.

        Urgent work comes first and shares a transaction only with urgent work.
        """
        return self.gathering.run(self.begin, work, is_urgent=is_urgent)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a connection for reading only. On SQLite it never waits for a writer."""
        with self.engine.connect().execution_options(**{_READ_ONLY: True}) as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_database(url: str, *, clock: Callable[[], datetime], new_id: Callable[[str], str]) -> Database:
    """Open the database, and create or upgrade it as needed.

    `clock` returns aware datetimes. `new_id("R")` returns a new id that starts with R. Raises `DatabaseUnusable` for a
    bad URL, an unreachable or damaged database, or one that a newer Chip has upgraded.
    """
    engine = _build_engine(url)
    try:
        _upgrade(engine)
    except DatabaseUnusable:
        engine.dispose()
        raise
    return Database(engine, clock, new_id, Turns(BUSY_TIMEOUT_MS / 1000))


def find_damage(db: Database) -> str:
    """Return what SQLite finds wrong with the pages of its file; "" for nothing, or for another database."""
    if db.engine.dialect.name != "sqlite":
        return ""
    try:
        with db.read() as connection:
            found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
    except DatabaseError as error:
        return str(error.orig)
    return "" if found == "ok" else " ".join(found.split())[:200]


def migrate(url: str) -> None:
    """Bring the database at `url` up to the newest schema. Raises `DatabaseUnusable`."""
    engine = _build_engine(url)
    try:
        _upgrade(engine)
    finally:
        engine.dispose()


def insert_once(connection: Connection, table: Table, row: Mapping[str, Any], key: Iterable[str]) -> bool:
    """Insert the row unless a row with the same `key` columns exists. Return whether it was new. Safe under races.

    `key` is unique in the table. Raises `IntegrityError` for a row that is refused for another reason.
    """
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).values(row).on_conflict_do_nothing(index_elements=list(key))
    # SQLAlchemy keeps the count of an INSERT only if it is told to; psycopg's is -1 otherwise.
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount > 0


def _build_engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _build_sqlite(parsed)
        if parsed.drivername in ("postgresql", _POSTGRESQL):
            return _build_postgresql(parsed)
    except (ArgumentError, NoSuchModuleError) as error:
        raise DatabaseUnusable(_hide(url), f"not a usable database URL ({type(error).__name__})") from error
    raise DatabaseUnusable(_hide(url), "Chip keeps its data in SQLite or PostgreSQL (postgresql://…)")


def _build_sqlite(url: URL) -> Engine:
    _prepare_file(url)
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _build_postgresql(url: URL) -> Engine:
    try:
        engine = create_engine(
            url.set(drivername=_POSTGRESQL), pool_pre_ping=True, hide_parameters=True, **_CONNECTIONS
        )
    except ImportError as error:
        reason = "PostgreSQL needs another package. Run: .venv/bin/pip install 'psycopg[binary]'"
        raise DatabaseUnusable(url.render_as_string(), reason) from error
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _prepare_file(url: URL) -> None:
    if url.database in (None, "", ":memory:"):
        raise DatabaseUnusable(url.render_as_string(), "SQLite in memory forgets what was acknowledged; name a file")
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnusable(url.render_as_string(), f"its folder cannot be made: {error.strerror}") from error


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself: `_begin_sqlite` does
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}").close()
    _use_wal(connection)
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _use_wal(connection: Any) -> None:
    """Switch to WAL.

    If another connection writes or switches at that moment, SQLite refuses at once, without a timeout.
    """
    give_up_at = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                raise
            time.sleep(WAL_PAUSE_SECONDS)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first and writes later could fail half-way instead."""
    reads_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    """Wait until no other transaction writes, in any process: what `BEGIN IMMEDIATE` does on SQLite."""
    if not connection.get_execution_options().get(_READ_ONLY, False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITING_LOCK})")


def _upgrade(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise DatabaseUnusable(engine.url.render_as_string(), f"its schema is unknown to this Chip: {error}") from error
    except DBAPIError as error:
        is_full = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        reason = FULL if is_full else str(error.orig)
        raise DatabaseUnusable(engine.url.render_as_string(), reason) from error


def _hide(url: str) -> str:
    """Return the URL without its password; only the scheme if it cannot be parsed."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url.partition(":")[0]
