"""Turns: a lock that admits threads strictly in the order in which they came. Knows nothing of what they do inside."""

from collections import deque
from threading import Lock
from types import TracebackType


class Turns:
    """A context manager for one thread at a time; the longest-waiting thread is next.

    Python's own locks may admit a thread that has just left before those that wait: in a burst, one of eight writers
    then waits for hundreds of others' turns. Nesting raises `TimeoutError`, as does waiting longer than
    `timeout_seconds`.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._guard = Lock()
        self._queue: deque[Lock] = deque()

    def __enter__(self) -> None:
        ticket = Lock()
        with self._guard:
            if self._queue:
                ticket.acquire()
            self._queue.append(ticket)
        if not ticket.acquire(timeout=self._timeout_seconds):
            self._give_up(ticket)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._guard:
            self._queue.popleft()
            if self._queue:
                self._queue[0].release()

    def _give_up(self, ticket: Lock) -> None:
        with self._guard:
            if self._queue[0] is ticket:
                return  # the turn came at the last moment
            self._queue.remove(ticket)
        raise TimeoutError(f"no turn within {self._timeout_seconds:g} seconds")
