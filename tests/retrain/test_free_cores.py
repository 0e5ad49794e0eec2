"""A second thread is for a core that nobody computes on, and computing is counted as one thread would take."""

import time

import pytest

from retrain import free_cores
from retrain.free_cores import FreeCores, Work, find_cores, read_work


class Machine:
    """Two cores on which this process computes with `threads`, and others with `others` cores."""

    def __init__(self) -> None:
        self.work = Work(100.0, 500.0, 7.0)

    def pass_time(self, seconds: float, *, threads: int, others: float) -> None:
        own = seconds * min(threads, 2 - others)
        work = self.work
        self.work = Work(work.at + seconds, work.everyone + own + seconds * others, work.own + own)

    def read(self) -> Work:
        return self.work


@pytest.mark.parametrize(("others", "threads"), [(0.0, 2), (0.1, 2), (0.4, 2), (0.7, 1), (1.0, 1), (1.9, 1)])
def test_a_second_thread_is_used_where_a_core_is_free(others: float, threads: int) -> None:
    machine = Machine()
    cores = FreeCores(2, 2, machine.read)
    assert cores.choose() == 1
    for _ in range(5):
        machine.pass_time(2.0, threads=cores.choose(), others=others)
    assert cores.choose() == threads


def test_one_thread_stays_one_and_a_moment_changes_nothing() -> None:
    machine = Machine()
    one, two = FreeCores(1, 2, machine.read), FreeCores(2, 2, machine.read)
    machine.pass_time(0.5, threads=1, others=0.0)
    assert (one.choose(), two.choose()) == (1, 1)
    machine.pass_time(5.0, threads=1, others=0.0)
    assert (one.choose(), two.choose()) == (1, 2)


def test_seconds_are_those_of_each_thread() -> None:
    machine = Machine()
    cores = FreeCores(2, 2, machine.read)
    machine.pass_time(3.0, threads=1, others=0.0)
    assert cores.seconds() == pytest.approx(3.0)
    assert cores.choose() == 2
    machine.pass_time(4.0, threads=2, others=0.0)
    assert cores.seconds() == pytest.approx(7.0)
    assert cores.choose() == 2
    assert cores.seconds() == pytest.approx(7.0)


def test_the_machine_tells_its_work() -> None:
    before = read_work()
    sum(range(3_000_000))
    after = read_work()
    assert after.own > before.own
    assert after.at > before.at
    assert after.everyone >= before.everyone
    assert find_cores()


def test_where_the_machine_does_not_tell_one_thread_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_cores, "WINDOW_SECONDS", 0.0)
    monkeypatch.setattr(free_cores, "read_busy_seconds", lambda: None)
    cores = FreeCores(2, 2)
    time.sleep(0.05)
    assert cores.choose() == 1
