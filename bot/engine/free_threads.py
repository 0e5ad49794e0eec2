"""Decides how many threads the next decode uses on a machine that does other work too.

llama.cpp's threads meet at a barrier after every operation and spin there. If another program uses a core, each barrier
waits for a time slice: on two cores beside a training process, a model of 5 M parameters gave 18 tokens a second with
two threads and 295 with one. So Chip leaves a busy core alone. Knows nothing of llama.cpp.

What others use is what the cores computed minus what the engine's own threads did, over a fifth of a second. The kernel
also tells the number of runnable threads, but that misleads: a reader of answers is runnable for a moment after every
batch, and so on an idle machine a core always looked busy.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from retrain.free_cores import find_cores, read_busy_seconds

WINDOW_SECONDS = 0.2
"""The kernel counts in hundredths of a second. Over this time, two cores are measured to a tenth of a core."""
CALM_SECONDS = 0.5
"""A core must look free for this long before it is used again."""


@dataclass(frozen=True, slots=True)
class Work:
    """Seconds of computing until now: of our cores by anybody, and of the engine's thread."""

    everyone: float
    own: float


class FreeThreads:
    """Chooses before each batch. If the machine does not tell its work (None), the limit is used."""

    def __init__(
        self,
        limit: int,
        cores: int,
        read_work: Callable[[], Work | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._cores = cores
        self._read_work = read_work
        self._clock = clock
        self._current = limit
        self._calm = 0.0
        self._read_at = float("-inf")
        self._before: Work | None = None

    def choose(self) -> int:
        """Return the number of threads for the next batch, from 1 to the limit. Call it on the engine's thread."""
        now = self._clock()
        passed = now - self._read_at
        if passed < WINDOW_SECONDS:
            return self._current
        before, after = self._before, self._read_work()
        self._read_at, self._before = now, after
        if after is None:
            self._current = self._limit
        elif before is not None:
            self._adapt(self._find_free(before, after, passed), passed)
        return self._current

    def _find_free(self, before: Work, after: Work, passed: float) -> int:
        """Return how many threads find a free core. The threads that help compute as much as the engine's own."""
        own = (after.own - before.own) * self._current
        others = max(0.0, after.everyone - before.everyone - own) / passed
        return min(self._limit, max(1, self._cores - round(others)))

    def _adapt(self, free: int, passed: float) -> None:
        self._calm = self._calm + passed if free > self._current else 0.0
        if free < self._current or self._calm >= CALM_SECONDS:
            self._current, self._calm = free, 0.0


def build_free_threads(limit: int) -> FreeThreads:
    """Return a chooser for the cores that this process may use."""

    def read_work() -> Work | None:
        busy = read_busy_seconds()
        return None if busy is None else Work(busy, time.thread_time())

    return FreeThreads(limit, len(find_cores()), read_work)
