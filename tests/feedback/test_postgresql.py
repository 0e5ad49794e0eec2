"""A real PostgreSQL does what SQLite does: it migrates, has one writer, tells repetitions, and keeps the log."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from bot.cli.main import app
from bot.cli.terminal import console, output
from feedback.consent import record_consent
from feedback.database import Database, migrate, open_database
from feedback.errors import DatabaseUnusable
from feedback.inbox import find_event, record_event
from feedback.replies import find_reply, record_reply
from feedback.tables import feedback_events
from feedback.votes import Vote, record_button, verdicts

from .conftest import Clock, GiveReply, build_reply
from .postgres import find_programs, run_sql, running_postgres

# What holds on SQLite holds here: the same tests, over this module's `db`.
from .test_database import (  # noqa: F401
    test_a_failed_transaction_leaves_nothing,
    test_an_instant_comes_back_aware_and_in_utc,
    test_reading_does_not_wait_for_a_writer,
    test_text_that_no_database_takes_is_stored_with_marks_in_its_place,
    test_the_log_cannot_be_rewritten_even_by_hand,
    test_the_migrated_schema_is_the_schema_in_the_code,
)
from .test_inbox import (  # noqa: F401
    test_an_event_comes_back_as_it_was_stored,
    test_an_event_is_new_once,
    test_of_many_threads_with_one_key_exactly_one_is_told_that_it_is_new,
    test_what_is_done_is_not_found_again_and_the_rest_comes_in_order,
)
from .test_measures import test_the_measures_count_what_stands  # noqa: F401
from .test_votes import (  # noqa: F401
    test_a_resumed_event_is_logged_once_and_changes_nothing,
    test_threads_that_log_the_same_vote_leave_one_row,
)

PROGRAMS = find_programs()
pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL is not installed")
_NAMES = (f"t{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    assert PROGRAMS is not None
    with running_postgres(PROGRAMS) as address:
        run_sql(f"{address}/postgres", "CREATE DATABASE template_of_chip")
        migrate(f"{address}/template_of_chip")
        yield address


@pytest.fixture
def url(server: str) -> str:
    name = next(_NAMES)
    run_sql(f"{server}/postgres", f"CREATE DATABASE {name} TEMPLATE template_of_chip")
    return f"{server}/{name}"


@pytest.fixture
def db(url: str, clock: Clock) -> Iterator[Database]:
    numbers = itertools.count(1)
    with closing(open_database(url, clock=clock, new_id=lambda prefix: f"{prefix}{next(numbers)}")) as database:
        yield database


def run_together(count: int, work: Callable[[int], None]) -> None:
    """Do the work on so many threads that begin at once."""
    gate = threading.Barrier(count)

    def begin(number: int) -> None:
        gate.wait()
        work(number)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_several_processes_write_one_after_another(url: str, db: Database, clock: Clock, give_reply: GiveReply) -> None:
    """Each has a `Database` of its own, as processes have, and so no lock of this process in common."""
    give_reply("R1")
    told: list[bool | Vote] = []
    others = [open_database(url, clock=clock, new_id=lambda prefix, n=n: f"{prefix}-{n}") for n in range(4)]  # type: ignore[misc]

    def write(number: int) -> None:
        own = others[number]
        told.append(record_event(own, "Ev1", "message", team="T1", channel="C1", ts="1.0", payload={}))
        record_button(own, reply_id="R1", person="U1", role="customer", verdict="up", key="once")

    run_together(len(others), write)
    for one in others:
        one.close()
    assert sorted(told) == [False, False, False, True]
    assert verdicts(db, "R1") == {"U1": "up"}
    with db.read() as connection:
        assert len(connection.execute(select(feedback_events)).all()) == 1


def test_several_starts_at_once_migrate_a_new_database_once(server: str) -> None:
    name = next(_NAMES)
    run_sql(f"{server}/postgres", f"CREATE DATABASE {name}")
    failures: list[Exception] = []

    def start(_: int) -> None:
        try:
            migrate(f"{server}/{name}")
        except DatabaseUnusable as error:
            failures.append(error)

    run_together(4, start)
    assert failures == []


def test_a_server_that_is_not_there_is_one_sentence_without_the_password(clock: Clock) -> None:
    url = "postgresql://chip:secret@127.0.0.1:9/chip"
    with pytest.raises(DatabaseUnusable, match=r"127\.0\.0\.1") as refused:
        open_database(url, clock=clock, new_id=str)
    assert "secret" not in str(refused.value)


@pytest.fixture
def old_data(path: Path, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a reply, a vote, a consent and an event in SQLite, as the environment names it."""
    numbers = itertools.count(1)
    with closing(
        open_database(f"sqlite:///{path}", clock=clock, new_id=lambda prefix: f"{prefix}-old-{next(numbers)}")
    ) as db:
        record_reply(db, build_reply("R1", question="Wo ist der Mäher? 🤖"))
        record_button(db, reply_id="R1", person="U1", role="customer", verdict="down")
        record_consent(db, "T1", by="UA", is_on=True)
        record_event(db, "Ev1", "message", team="T1", channel="C1", ts="1.0", payload={"text": "ü", "n": [1, None]})
    monkeypatch.setenv("CHIP_DATA", str(tmp_path))
    for printer in (console, output):
        monkeypatch.setattr(printer, "width", 1000)
    return path


@pytest.mark.usefixtures("old_data")
def test_all_rows_move_over_and_new_ones_are_numbered_after_them(url: str, db: Database) -> None:
    result = CliRunner().invoke(app, ["migrate-data", url])
    assert result.exit_code == 0, result.output
    assert "feedback_events: 1 rows" in result.output
    moved = find_reply(db, "R1")
    assert moved is not None
    assert moved.question == "Wo ist der Mäher? 🤖"
    event = find_event(db, "Ev1")
    assert event is not None
    assert event.payload == {"text": "ü", "n": [1, None]}
    record_button(db, reply_id="R1", person="U2", role="customer", verdict="up")
    assert verdicts(db, "R1") == {"U1": "down", "U2": "up"}


@pytest.mark.usefixtures("old_data")
def test_a_database_that_holds_rows_is_not_moved_into(url: str, db: Database) -> None:
    record_consent(db, "T9", by="UA", is_on=True)
    result = CliRunner().invoke(app, ["migrate-data", url])
    assert result.exit_code == 1
    assert "holds rows already" in result.output
    assert find_reply(db, "R1") is None
