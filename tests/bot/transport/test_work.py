"""Jobs are begun in order, in turns among their owners; who waits is told honestly, and no note comes too late."""

import threading
import time
from collections.abc import Iterator

import pytest

from bot.answering.question import Question
from bot.answering.waiting import WORTH_TELLING, WaitingNotes
from bot.transport.work import WorkPool
from bot.views import wording
from tests.patience import PATIENCE_SECONDS, wait_until


class Gate:
    """Work that waits until it is let go, and the order in which it was begun."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.begun: list[str] = []

    def job(self, name: str) -> None:
        self.begun.append(name)
        self.open.wait(PATIENCE_SECONDS)


class Slack:
    """Takes statuses, and holds the first one up where told to."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def assistant_threads_setStatus(self, *, channel_id: str, thread_ts: str, status: str) -> None:  # noqa: ARG002, N802
        self.said.append((thread_ts, status))
        self.may_go_on.wait(PATIENCE_SECONDS)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.fixture
def pool(gate: Gate) -> Iterator[WorkPool]:
    pool = WorkPool(1)
    pool.submit("first", lambda: gate.job("first"), "U0")
    wait_until(lambda: gate.begun == ["first"])
    yield pool
    gate.open.set()
    pool.close()


def submit(pool: WorkPool, gate: Gate, *names: str) -> None:
    """Hand in jobs named by owner and number: `U1.2`."""
    for name in names:
        pool.submit(name, lambda name=name: gate.job(name), name.partition(".")[0])  # type: ignore[misc]


def test_one_job_of_each_owner_is_begun_in_the_order_in_which_they_came(pool: WorkPool, gate: Gate) -> None:
    names = [f"U{number}.1" for number in range(1, 30)]
    submit(pool, gate, *names)
    assert [pool.count_ahead(name, name.partition(".")[0]) for name in names] == list(range(1, 30))
    gate.open.set()
    wait_until(lambda: not pool.count())
    assert gate.begun == ["first", *names]


def test_who_hands_in_many_holds_up_nobody_and_the_count_knows_it(pool: WorkPool, gate: Gate) -> None:
    submit(pool, gate, "U1.1", "U1.2", "U1.3", "U1.4", "U2.1", "U3.1", "U3.2")
    order = ["U1.1", "U2.1", "U3.1", "U1.2", "U3.2", "U1.3", "U1.4"]
    assert [pool.count_ahead(name, name.partition(".")[0]) for name in order] == list(range(1, 8))
    gate.open.set()
    wait_until(lambda: not pool.count())
    assert gate.begun == ["first", *order]


def test_in_a_burst_who_asked_first_is_first_and_whoever_had_a_turn_asks_as_if_anew(pool: WorkPool, gate: Gate) -> None:
    asked = {"U3.1": 3.0, "U1.1": 1.0, "U1.2": 1.5, "U4.1": 4.0, "U2.1": 2.0}
    for name, at in asked.items():
        pool.submit(name, lambda name=name: gate.job(name), name.partition(".")[0], at=at)  # type: ignore[misc]
    order = ["U1.1", "U2.1", "U3.1", "U4.1", "U1.2"]
    assert [pool.count_ahead(name, name.partition(".")[0]) for name in order] == list(range(1, 6))
    gate.open.set()
    wait_until(lambda: not pool.count())
    assert gate.begun == ["first", *order]


def test_a_job_that_fails_ends_and_the_next_is_begun(pool: WorkPool, gate: Gate) -> None:
    def explode() -> None:
        raise ValueError("a bug")

    pool.submit("bad", explode)
    submit(pool, gate, "U1.1")
    gate.open.set()
    wait_until(lambda: not pool.count())
    assert gate.begun == ["first", "U1.1"]


def test_the_pace_is_that_of_all_workers_and_not_of_those_that_end_together() -> None:
    with_four = WorkPool(4)
    for number in range(12):
        with_four.submit(f"{number}", lambda: time.sleep(0.2))
    wait_until(lambda: with_four.count() <= 8)
    assert with_four.wait_seconds(8) is None or with_four.wait_seconds(8) > 0.3  # type: ignore[operator]
    with_four.close()
    wait = with_four.wait_seconds(8)
    assert wait is not None
    assert wait > 0.3, "two rounds of 0.2 s"


def ask(number: int) -> Question:
    return Question("T1", "D1", f"{number}.0", f"{number}.0", f"U{number}", "How long?")


def wait_for_many(pool: WorkPool, gate: Gate, notes: WaitingNotes, count: int) -> None:
    for number in range(1, count + 1):
        question = ask(number)

        def run(key: str = f"Q{number}") -> None:
            notes.leave(key)
            gate.job(key)

        pool.submit(f"Q{number}", run, question.person)
        notes.tell(f"Q{number}", question)


def test_only_who_waits_for_many_is_told_and_no_time_is_named_that_nobody_knows(pool: WorkPool, gate: Gate) -> None:
    slack = Slack()
    notes = WaitingNotes(slack, pool)  # type: ignore[arg-type]  # it needs the one method
    wait_for_many(pool, gate, notes, 10)
    wait_until(lambda: len(slack.said) == 3)
    assert slack.said == [(f"{n}.0", wording.WAITING_UNKNOWN.format(ahead=n)) for n in range(WORTH_TELLING, 11)]
    notes.close()


def test_whoever_still_waits_is_told_anew_with_the_pace_of_the_last_ones(pool: WorkPool, gate: Gate) -> None:
    slack = Slack()
    notes = WaitingNotes(slack, pool)  # type: ignore[arg-type]
    wait_for_many(pool, gate, notes, 12)
    wait_until(lambda: len(slack.said) == 5)
    pool._pace_seconds = 2.0
    slack.said.clear()
    notes.refresh()
    wait_until(lambda: len(slack.said) == 5)
    assert slack.said[-1] == ("12.0", wording.WAITING.format(ahead=12, seconds=24))
    gate.open.set()
    wait_until(lambda: not pool.count())
    slack.said.clear()
    notes.refresh()
    notes.close()
    assert slack.said == []


def test_an_answer_does_not_begin_while_its_note_is_being_set(pool: WorkPool, gate: Gate) -> None:
    slack = Slack()
    slack.may_go_on.clear()
    notes = WaitingNotes(slack, pool)  # type: ignore[arg-type]
    wait_for_many(pool, gate, notes, WORTH_TELLING)
    wait_until(lambda: len(slack.said) == 1)
    gate.open.set()
    time.sleep(0.1)
    assert "Q8" not in gate.begun
    slack.may_go_on.set()
    wait_until(lambda: "Q8" in gate.begun)
    notes.close()
