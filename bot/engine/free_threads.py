"""How many threads the next decode should use on a machine that does other work too.

llama.cpp's threads meet at a barrier after every operation and spin there. Where another program holds a core, each
barrier waits for a time slice: on two cores beside a training process, a model of 5 M parameters gave 18 tokens a
second with two threads and 295 with one. So a core that is taken is left alone. Knows nothing of llama.cpp.
"""

import os
from collections.abc import Callable

CALM_BATCHES = 16
"""Batches in a row for which a core must look free before it is used again."""


class FreeThreads:
    """Counts the runnable threads of the machine before each batch. Without such a count it stays at the limit."""

    def __init__(self, limit: int, cores: int, count_runnable: Callable[[], int | None]) -> None:
        self._limit = limit
        self._cores = cores
        self._count_runnable = count_runnable
        self._current = limit
        self._calm = 0

    def choose(self) -> int:
        """Return the number of threads for the next batch, from 1 to the limit."""
        wanted = self._wanted()
        self._calm = self._calm + 1 if wanted > self._current else 0
        if wanted < self._current or self._calm >= CALM_BATCHES:
            self._current, self._calm = wanted, 0
        return self._current

    def _wanted(self) -> int:
        runnable = self._count_runnable()
        if runnable is None:
            return self._limit
        others = max(0, runnable - self._current)  # ours still spin after the last batch
        return min(self._limit, max(1, self._cores - others))


def build_free_threads(limit: int) -> FreeThreads:
    """Return a chooser for this machine; where it does not tell its runnable threads, one that keeps the limit."""
    everyone = os.cpu_count() or 1
    ours = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else everyone

    def count_runnable() -> int | None:
        """Our share, where we may use only some cores of a machine whose count is of all."""
        running = _read_runnable()
        return None if running is None else round(running * ours / everyone)

    return FreeThreads(limit, ours, count_runnable)


def _read_runnable() -> int | None:
    """Return the runnable threads that Linux counts ("0.42 0.30 0.25 3/345 9876": 3), None elsewhere. Takes 20 µs."""
    try:
        with open("/proc/loadavg", "rb", buffering=0) as load:
            return int(load.read(64).split()[3].split(b"/")[0])
    except OSError:
        return None
