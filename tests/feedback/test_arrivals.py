"""What arrived is on disk before anybody hears that it did, and goes when it is done with."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from feedback.arrivals import Arrivals
from feedback.errors import DatabaseUnusable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "arrivals.db"


@pytest.fixture
def arrivals(path: Path) -> Iterator[Arrivals]:
    opened = Arrivals(path)
    yield opened
    opened.close()


def read(path: Path) -> list[tuple[int, str]]:
    """What another process would find if this one were killed now."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT number, body FROM arrivals ORDER BY number").fetchall()
    finally:
        connection.close()


def test_what_is_kept_is_on_disk_and_goes_with_the_sweep_after_it_is_dropped(arrivals: Arrivals, path: Path) -> None:
    first, second = arrivals.keep("one"), arrivals.keep("two 🙂")
    assert read(path) == [(first, "one"), (second, "two 🙂")]
    arrivals.drop(first)
    assert arrivals.list_kept() == [(second, "two 🙂")]
    arrivals.sweep()
    assert read(path) == [(second, "two 🙂")]


def test_what_came_together_is_kept_together_in_its_order(arrivals: Arrivals, path: Path) -> None:
    bodies = [f"body {number}" for number in range(1_200)]
    assert read(path) == []
    numbers = arrivals.keep_all(bodies)
    assert read(path) == list(zip(numbers, bodies, strict=True))


def test_many_threads_get_each_the_number_of_its_own_body(arrivals: Arrivals, path: Path) -> None:
    bodies = [f"body {number}" for number in range(2_000)]
    with ThreadPoolExecutor(16) as pool:
        numbers = list(pool.map(arrivals.keep, bodies))
    assert dict(zip(numbers, bodies, strict=True)) == dict(read(path))


def test_more_than_a_statement_takes_are_dropped(arrivals: Arrivals, path: Path) -> None:
    for number in range(1_200):
        arrivals.drop(arrivals.keep(str(number)))
    last = arrivals.keep("last")
    arrivals.sweep()
    assert read(path) == [(last, "last")]


def test_whoever_waits_together_hears_together_that_the_disk_refuses(arrivals: Arrivals, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA max_page_count")
    arrivals._connection.execute("PRAGMA max_page_count = 3")  # a full disk, as SQLite sees it
    large = "x" * 100_000
    heard: list[Exception] = []

    def keep() -> None:
        with pytest.raises(sqlite3.Error) as error:
            arrivals.keep(large)
        heard.append(error.value)

    threads = [threading.Thread(target=keep) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 8
    assert read(path) == []
    arrivals._connection.execute("PRAGMA max_page_count = 1000000")
    assert arrivals.keep(large) == 1
    other.close()


def test_a_damaged_file_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "arrivals.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(DatabaseUnusable, match="move it away"):
        Arrivals(tmp_path / "arrivals.db")
