"""Writes of many threads are committed together, each at its caller's word, and one that fails harms no other."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, event, select

from feedback import inbox
from feedback.database import Database, insert_once
from feedback.gathering import Gathering
from feedback.tables import inbox as rows
from tests.patience import PATIENCE_SECONDS


def record(db: Database, key: str) -> bool:
    return inbox.record_event(db, key, "message", team="T1", channel="C1", ts="1.1", payload={"key": key})


def count_commits(db: Database) -> list[None]:
    commits: list[None] = []
    event.listen(db.engine, "commit", lambda _connection: commits.append(None))
    return commits


def keys(db: Database) -> list[str]:
    with db.read() as connection:
        return list(connection.scalars(select(rows.c.event_key).order_by(rows.c.event_key)))


def test_what_waits_while_one_commits_is_in_the_next_commit(db: Database) -> None:
    commits = count_commits(db)
    with ThreadPoolExecutor(20) as pool:
        with db.begin():  # the disk, as it were: nobody else commits meanwhile
            futures = [pool.submit(record, db, f"Ev{number:02}") for number in range(20)]
            while len(db.gathering._queue) < 19:
                pass
        assert all(future.result(PATIENCE_SECONDS) for future in futures)
    assert keys(db) == [f"Ev{number:02}" for number in range(20)]
    assert len(commits) == 3, "the one that held them up, the first, and all the others"


def test_what_is_urgent_is_committed_before_the_rest_and_apart_from_it(db: Database) -> None:
    order: list[str] = []

    def write(key: str) -> None:
        def note(_: Connection) -> None:
            count = sum(len(waiting) for waiting in (db.gathering._queue, db.gathering._urgent))
            order.append(f"{key}, {count} wait" if key.startswith("urgent") else key)

        db.write(note, is_urgent=key.startswith("urgent"))

    with ThreadPoolExecutor(20) as pool:
        with db.begin():
            first = pool.submit(write, "first")
            while not db.gathering._has_leader:
                pass
            others = [pool.submit(write, f"other {number}") for number in range(5)]
            while len(db.gathering._queue) < 5:
                pass
            urgent = [pool.submit(write, f"urgent {number}") for number in range(3)]
            while len(db.gathering._urgent) < 3:
                pass
        for future in (first, *others, *urgent):
            future.result(PATIENCE_SECONDS)
    assert order[0] == "first"
    assert sorted(order[1:4]) == [f"urgent {number}, 5 wait" for number in range(3)]
    assert sorted(order[4:]) == [f"other {number}" for number in range(5)]


def test_what_is_urgent_does_not_hold_up_the_rest_for_ever(db: Database) -> None:
    gathering, order, is_over = Gathering(), list[str](), threading.Event()

    def hurry() -> None:
        while not is_over.is_set():
            gathering.run(db.begin, lambda _: order.append("urgent"), is_urgent=True)

    with ThreadPoolExecutor(9) as pool:
        hurrying = [pool.submit(hurry) for _ in range(8)]
        while len(order) < 50:
            pass
        gathering.run(db.begin, lambda _: order.append("other"))
        is_over.set()
        for future in hurrying:
            future.result(PATIENCE_SECONDS)
    assert "other" in order


def test_of_many_who_write_the_same_exactly_one_is_first(db: Database) -> None:
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda _: record(db, "Ev1"), range(200)))
    assert results.count(True) == 1
    assert keys(db) == ["Ev1"]


def test_a_write_that_fails_is_told_to_its_caller_and_the_others_are_kept(db: Database) -> None:
    def explode(_: Connection) -> None:
        raise ValueError("a bug")

    def work(number: int) -> object:
        if number % 5 == 0:
            with pytest.raises(ValueError, match="a bug"):
                db.write(explode)
            return None
        return record(db, f"Ev{number:02}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert len(keys(db)) == 32


def test_a_disk_that_fails_is_told_to_all_and_the_next_write_works(db: Database) -> None:
    @contextmanager
    def fail() -> Iterator[Connection]:
        with db.begin() as connection:
            yield connection
            raise OSError("disk full")

    gathering = Gathering()
    insert: Callable[[Connection], bool] = lambda connection: insert_once(  # noqa: E731
        connection,
        rows,
        {"event_key": "Ev1", "kind": "message", "payload": {}, "received_at": db.clock()},
        ("event_key",),
    )
    with pytest.raises(OSError, match="disk full"):
        gathering.run(fail, insert)
    assert keys(db) == []
    assert gathering.run(db.begin, insert)
    assert keys(db) == ["Ev1"]


def test_a_thread_that_ends_in_the_middle_leaves_nobody_waiting(db: Database) -> None:
    class Ended(BaseException):
        pass

    def end(_: Connection) -> None:
        begun.set()
        assert may_end.wait(PATIENCE_SECONDS)
        raise Ended

    begun, may_end = threading.Event(), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        ended = pool.submit(db.write, end)
        assert begun.wait(PATIENCE_SECONDS)
        other = pool.submit(record, db, "Ev1")
        while not db.gathering._queue:
            pass
        may_end.set()
        assert other.result(PATIENCE_SECONDS)
        assert isinstance(ended.exception(5), Ended)
    assert keys(db) == ["Ev1"]
