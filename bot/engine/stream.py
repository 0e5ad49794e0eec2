"""The caller's side of a generation: text pieces as they come, then the completion or the error. Safe from any thread.

A reader that stops reading blocks nobody: its pieces wait in memory, at most one answer's worth. Knows no model.
"""

from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Event

from bot.engine.port import Completion, EngineError


class QueuedGeneration:
    """A `Generation` that an engine's thread feeds. `wake` tells the engine that it was cancelled."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._pieces: SimpleQueue[str | None] = SimpleQueue()
        self._settled = Event()
        self._outcome: Completion | EngineError | None = None
        self.is_cancelled = False

    def __iter__(self) -> Iterator[str]:
        while (piece := self._pieces.get()) is not None:
            yield piece
        self._pieces.put(None)  # a second reading ends at once
        if isinstance(self._outcome, EngineError):
            raise self._outcome

    def cancel(self) -> None:
        self.is_cancelled = True
        self._wake()

    def completion(self) -> Completion:
        self._settled.wait()
        if isinstance(self._outcome, Completion):
            return self._outcome
        assert self._outcome is not None  # settled
        raise self._outcome

    @property
    def is_settled(self) -> bool:
        """Whether the stream has ended."""
        return self._settled.is_set()

    def emit(self, piece: str) -> None:
        """Engine's side: pass on a piece of text."""
        self._pieces.put(piece)

    def settle(self, outcome: Completion | EngineError) -> None:
        """Engine's side: end the stream. Only the first call counts."""
        if not self._settled.is_set():
            self._outcome = outcome
            self._settled.set()
            self._pieces.put(None)
