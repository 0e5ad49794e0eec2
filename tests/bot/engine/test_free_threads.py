"""A core that other work holds is left alone, and used again when it is free."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from bot.engine.free_threads import WINDOW_SECONDS, FreeThreads, Work, build_free_threads


class Machine:
    """Two cores by default, on which others hold so many and the engine computes with the threads that it chose."""

    def __init__(self, limit: int = 2, cores: int = 2) -> None:
        self._now, self._everyone, self._own = 0.0, 0.0, 0.0
        self._cores = cores
        self._threads = FreeThreads(limit, cores, self._read, lambda: self._now)
        self.chosen = self._threads.choose()

    def compute(self, others: float, seconds: float = 1.1 * WINDOW_SECONDS) -> int:
        """Let the time pass; where there is more to do than cores, everybody gets a fair part."""
        wanted = others + self.chosen
        part = min(1.0, self._cores / wanted)
        self._now += seconds
        self._everyone += wanted * part * seconds
        self._own += part * seconds
        self.chosen = self._threads.choose()
        return self.chosen

    def _read(self) -> Work:
        return Work(self._everyone, self._own)


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_an_idle_machine_gives_every_core(machine: Machine) -> None:
    assert [machine.compute(others=0.0) for _ in range(5)] == [2] * 5


def test_those_who_read_the_answers_take_no_core(machine: Machine) -> None:
    assert [machine.compute(others=0.3) for _ in range(5)] == [2] * 5


def test_a_taken_core_is_left_within_a_window(machine: Machine) -> None:
    assert [machine.compute(others=1.0) for _ in range(5)] == [1] * 5


def test_one_thread_is_always_left(machine: Machine) -> None:
    assert machine.compute(others=9.0) == 1


def test_between_two_readings_nothing_changes(machine: Machine) -> None:
    assert machine.compute(others=1.0, seconds=WINDOW_SECONDS / 2) == 2


def test_a_core_is_used_again_only_after_a_calm_time(machine: Machine) -> None:
    machine.compute(others=1.0)
    windows = [machine.compute(others=0.0) for _ in range(4)]
    assert windows == [1, 1, 2, 2]


def test_a_short_pause_of_the_other_work_is_not_a_calm_time(machine: Machine) -> None:
    assert {machine.compute(others) for others in [1.0, 0.0, 0.0] * 5} == {1}


def test_an_hour_without_questions_is_a_calm_time(machine: Machine) -> None:
    machine.compute(others=1.0)
    assert machine.compute(others=0.0, seconds=3600.0) == 2


def test_more_cores_than_the_limit_bear_other_work() -> None:
    machine = Machine(limit=2, cores=4)
    assert [machine.compute(others) for others in (0.0, 1.0, 2.0, 4.0)] == [2, 2, 2, 1]


def test_without_a_reading_the_limit_stands() -> None:
    times: Iterator[float] = iter(range(9))
    threads = FreeThreads(2, 2, lambda: None, lambda: next(times))
    assert [threads.choose() for _ in range(3)] == [2, 2, 2]


def test_a_busy_neighbour_is_seen_on_this_machine() -> None:
    """As many processes as there are cores leave one thread."""
    cores = len(os.sched_getaffinity(0))
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        threads, until = build_free_threads(2), time.monotonic() + 20
        while threads.choose() != 1 and time.monotonic() < until:
            time.sleep(0.01)
        assert threads.choose() == 1
    finally:
        for process in busy:
            process.kill()
            process.wait()
