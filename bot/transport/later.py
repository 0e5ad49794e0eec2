"""Retries what failed for a temporary reason, after a pause that grows with each try.

Nothing is on disk here: what waits is also in the inbox or among the arrivals, where the next start finds it.
"""

import threading
import time
from collections.abc import Callable

FIRST_PAUSE_SECONDS = 5.0
DOUBLINGS = 6


class Later:
    """Jobs that wait for their next try. Thread-safe. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: list[tuple[float, Callable[[], None]]] = []
        self._lock = threading.Lock()

    def put(self, tries: int, again: Callable[[], None]) -> None:
        """Call `again` after the pause that follows this many earlier tries. It should only queue the work."""
        due = self._clock() + FIRST_PAUSE_SECONDS * 2 ** min(tries, DOUBLINGS)
        with self._lock:
            self._waiting.append((due, again))

    def run_due(self) -> int:
        """Call what is due. Return how many jobs that were."""
        now = self._clock()
        with self._lock:
            due = [again for at, again in self._waiting if at <= now]
            self._waiting = [(at, again) for at, again in self._waiting if at > now]
        for again in due:
            again()
        return len(due)
