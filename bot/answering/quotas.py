"""How many questions may be asked in a while: by one person, and by the whole workspace. Knows nothing of Slack."""

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.views import wording
from config.settings import LimitSettings

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Limit:
    """At most so many questions within a period, of one person or of everybody, and what is said beyond that."""

    most: int
    period: timedelta
    is_personal: bool
    sentence: str


class Quotas:
    """The questions of the last day, counted against the limits. Thread-safe.

    `earlier` are instants with their askers from before this start, oldest first.
    """

    def __init__(
        self, settings: LimitSettings, clock: Callable[[], datetime], earlier: Iterable[tuple[datetime, str]] = ()
    ) -> None:
        self._limits = _list_limits(settings)
        self._clock = clock
        self._asked = deque(earlier if self._limits else ())
        self._lock = threading.Lock()

    def take(self, person: str) -> str | None:
        """Count a question of this person; return what to say instead of an answer if it is one too many."""
        with self._lock:
            now = self._clock()
            while self._asked and self._asked[0][0] <= now - DAY:
                self._asked.popleft()
            for limit in self._limits:
                counted = self._list_counted(limit, person, now - limit.period)
                if len(counted) >= limit.most:
                    again = counted[-limit.most] + limit.period - now
                    return limit.sentence.format(most=limit.most, again=_name_time(again))
            if self._limits:
                self._asked.append((now, person))
        return None

    def _list_counted(self, limit: _Limit, person: str, since: datetime) -> list[datetime]:
        """Return the instants of the questions that count, oldest first."""
        found: list[datetime] = []
        for at, who in reversed(self._asked):
            if at <= since:
                break
            if who == person or not limit.is_personal:
                found.append(at)
        return found[::-1]


def _list_limits(settings: LimitSettings) -> list[_Limit]:
    limits: list[_Limit] = []
    if (most := settings.person_per_minute) is not None:
        limits.append(_Limit(most, MINUTE, True, wording.ASKED_OFTEN))
    if (most := settings.workspace_per_minute) is not None:
        limits.append(_Limit(most, MINUTE, False, wording.WORKSPACE_ASKED_OFTEN))
    if (most := settings.workspace_per_day) is not None:
        limits.append(_Limit(most, DAY, False, wording.WORKSPACE_ASKED_TODAY))
    return limits


def _name_time(again: timedelta) -> str:
    seconds = max(1, math.ceil(again.total_seconds()))
    if seconds < 100:
        return f"{seconds} seconds"
    return f"{math.ceil(seconds / 60)} minutes" if seconds < 6_000 else f"{math.ceil(seconds / 3_600)} hours"
