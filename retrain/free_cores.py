"""Decides how many threads training uses: one, and a second one while a core is free.

Training is for the night, but an admin who asks for it waits, and two threads on two idle cores take little more than
half the time. While people are being answered, a second thread would wait at every operation for a core that they use,
and delay their answers. Knows nothing of what is computed.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

WINDOW_SECONDS = 1.0
"""The kernel counts in hundredths of a second. Over this time, others' work is known to a fiftieth of a core."""

_NO_WORK = {"idle", "iowait", "guest", "guest_nice"}  # a guest's time is part of the user's


@dataclass(frozen=True, slots=True)
class Work:
    """Seconds until now: on the clock, of computing on our cores by anybody, and of computing by this process."""

    at: float
    everyone: float
    own: float


def find_cores() -> set[int]:
    """Return the cores that this process may use."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def read_busy_seconds() -> float | None:
    """Return the seconds that these cores have computed for anybody; None if the machine does not tell.

    Takes 70 µs, and is accurate to hundredths of a second.
    """
    ours = find_cores()
    try:
        times = [each for core, each in enumerate(psutil.cpu_times(percpu=True)) if core in ours]
    except OSError:
        return None
    return float(sum(seconds for each in times for kind, seconds in each._asdict().items() if kind not in _NO_WORK))


def read_work() -> Work:
    """Return the work until now. If the machine does not tell others' work, they are assumed to use every core."""
    now, busy = time.monotonic(), read_busy_seconds()
    return Work(now, now * len(find_cores()) if busy is None else busy, time.process_time())


class FreeCores:
    """Chooses between two batches, and counts the seconds of computing, each thread's as a share of them."""

    def __init__(self, limit: int, cores: int, read: Callable[[], Work] = read_work) -> None:
        self._limit = limit
        self._cores = cores
        self._read = read
        self._threads = 1
        self._before = read()
        self._seconds = 0.0

    def choose(self) -> int:
        """Return the number of threads for the next batch, from 1 to the limit."""
        work = self._read()
        passed = work.at - self._before.at
        if passed >= WINDOW_SECONDS:
            own = work.own - self._before.own
            others = max(0.0, work.everyone - self._before.everyone - own) / passed
            self._seconds += own / self._threads
            self._before = work
            self._threads = min(self._limit, max(1, self._cores - round(others)))
        return self._threads

    def seconds(self) -> float:
        """Return the seconds of computing until now: on a busy machine the adapter comes later, but is no worse."""
        return self._seconds + (self._read().own - self._before.own) / self._threads
