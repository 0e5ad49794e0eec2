"""The hours of each day in which no retrain begins by itself, in one time zone. Knows nothing of schedules."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from retrain.errors import RetrainError

_HOURS = re.compile(r"\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` up to `end`, which is on the next day if it comes before `begin`."""

    begin: time
    end: time
    zone: tzinfo

    def leave(self, instant: datetime) -> datetime:
        """Return the instant itself, or the end of the quiet hours that it lies in, in UTC."""
        local = instant.astimezone(self.zone)
        if not self._holds(local.time()):
            return instant.astimezone(UTC)
        days = 1 if local.time() >= self.end else 0
        ends = datetime.combine(local.date() + timedelta(days=days), self.end, self.zone)
        return ends.astimezone(UTC)

    def _holds(self, at: time) -> bool:
        if self.begin < self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


def parse_quiet_hours(text: str, zone: tzinfo) -> QuietHours:
    """Read hours like "08:00-18:00". Raises `RetrainError` for what is none."""
    try:
        begin, end = _read_hours(text)
    except ValueError as error:
        raise RetrainError(f"'{text}' are no hours. Write them like 08:00-18:00.") from error
    if begin == end:
        raise RetrainError(f"'{text}' leave no hour for a training. Write hours like 08:00-18:00.")
    return QuietHours(begin, end, zone)


def _read_hours(text: str) -> tuple[time, time]:
    found = _HOURS.fullmatch(text)
    if found is None:
        raise ValueError(text)
    first, second, third, fourth = map(int, found.groups())
    return time(first, second), time(third, fourth)
