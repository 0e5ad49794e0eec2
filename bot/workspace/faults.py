"""Owns the faults that a test may switch on: lost acks, refused or failing calls, dropped connections.

Knows nothing of why. Whatever delivers or answers asks it first.
"""

from __future__ import annotations

import random
from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallFault:
    """How one call of a method goes wrong: an HTTP status and an error code, for 429 with `Retry-After`.

    `done`: the call takes effect anyway, and only its answer is lost. Status 0: the connection breaks during the
    answer.
    """

    status: int
    error: str
    retry_after_seconds: int | None = None
    done: bool = False


class Faults:
    """Counts down: each fault strikes as often as asked and then is over."""

    def __init__(self) -> None:
        self._lost_acks = 0
        self._lost_share = 0.0
        self._delays: deque[float] = deque()
        self._chance = random.Random(0)
        self._calls: dict[str, deque[CallFault]] = defaultdict(deque)

    def lose_acks(self, times: int = 1) -> None:
        """The next acks from the app are lost, so that Slack delivers again."""
        self._lost_acks += times

    def lose_share_of_acks(self, share: float, seed: int = 0) -> None:
        """From now on each ack is lost with this probability; 0 ends it."""
        self._lost_share, self._chance = share, random.Random(seed)

    def rate_limit(self, method: str, retry_after_seconds: int = 1, times: int = 1) -> None:
        """The next calls of `method` are answered 429."""
        self._calls[method].extend([CallFault(429, "ratelimited", retry_after_seconds)] * times)

    def fail(self, method: str, error: str = "internal_error", status: int = 200, times: int = 1) -> None:
        """The next calls of `method` are answered with this error code and HTTP status; nothing else happens."""
        self._calls[method].extend([CallFault(status, error)] * times)

    def lose_answer(self, method: str, status: int = 503, times: int = 1) -> None:
        """The next calls of `method` take effect, but the app is told that they failed."""
        self._calls[method].extend([CallFault(status, "service_unavailable", done=True)] * times)

    def break_off(self, method: str, times: int = 1, done: bool = False) -> None:
        """The answers to the next calls of `method` break off; with `done` the calls take effect anyway."""
        self._calls[method].extend([CallFault(0, "connection_reset", done=done)] * times)

    def delay_acks(self, seconds: float, times: int = 1) -> None:
        """The next acks from the app arrive that much later."""
        self._delays.extend([seconds] * times)

    def take_ack_delay(self) -> float:
        return self._delays.popleft() if self._delays else 0.0

    def take_lost_ack(self) -> bool:
        if self._lost_acks == 0:
            return self._chance.random() < self._lost_share
        self._lost_acks -= 1
        return True

    def find_call_fault(self, method: str) -> CallFault | None:
        waiting = self._calls[method]
        return waiting.popleft() if waiting else None

    def clear(self) -> None:
        self._lost_acks = 0
        self._lost_share = 0.0
        self._delays.clear()
        self._calls.clear()
