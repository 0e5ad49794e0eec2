"""The rules that admins give a channel: what Chip answers there, for whom, when and how.

Knows nothing of Slack's events. A channel without rules has the defaults.
"""

import re
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, select

from feedback.database import Database
from feedback.tables import channel_rules

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class Listen(StrEnum):
    """What Chip answers in a channel besides mentions, which it always answers."""

    MENTION = "mention"
    FOLLOW_UPS = "follow_ups"
    EVERY = "every"


class AnswerIn(StrEnum):
    """Where an answer goes: into the thread, or only to the asker."""

    THREAD = "thread"
    EPHEMERAL = "ephemeral"


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours in which Chip answers only mentions. They may extend over midnight."""

    start: time
    end: time

    def holds(self, now: time) -> bool:
        """Whether a clock time is within the hours, which may extend over midnight."""
        if self.start <= self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}–{self.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """One channel's rules. `audience` is customer or staff, or None if the settings decide."""

    listen: Listen = Listen.FOLLOW_UPS
    audience: str | None = None
    quiet: Quiet | None = None
    answer_in: AnswerIn = AnswerIn.THREAD
    answers_bots: bool = False
    hides_votes: bool = False


DEFAULT_RULES = ChannelRules()


@dataclass(frozen=True, slots=True)
class RuleBook:
    """One workspace's rules. Each call reads them, so that every process follows a change at once."""

    db: Database
    team: str

    def find(self, channel: str) -> ChannelRules:
        """Return the channel's rules, or the defaults."""
        return _load_rules(self.db, self.team, channel).get(channel, DEFAULT_RULES)

    def all(self) -> dict[str, ChannelRules]:
        """Return the rules of every channel that has any."""
        return _load_rules(self.db, self.team)

    def set(self, channel: str, rules: ChannelRules, *, by: str) -> None:
        """Set a channel's rules."""
        row = {
            "team": self.team,
            "channel": channel,
            "listen": rules.listen.value,
            "audience": rules.audience,
            "quiet_from": f"{rules.quiet.start:%H:%M}" if rules.quiet else None,
            "quiet_to": f"{rules.quiet.end:%H:%M}" if rules.quiet else None,
            "answer_in": rules.answer_in.value,
            "answers_bots": rules.answers_bots,
            "hides_votes": rules.hides_votes,
            "set_by": by,
            "set_at": self.db.clock(),
        }
        same = (channel_rules.c.team == self.team) & (channel_rules.c.channel == channel)
        with self.db.begin() as connection:
            connection.execute(delete(channel_rules).where(same))
            connection.execute(insert(channel_rules).values(row))


def parse_quiet(start: str, end: str) -> Quiet | None:
    """Return the quiet hours from two clock times ("22:00"); None if both are empty. Raises `ValueError`."""
    if not start.strip() and not end.strip():
        return None
    return Quiet(_parse_clock(start), _parse_clock(end))


def _parse_clock(text: str) -> time:
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    return time(int(found.group(1)), int(found.group(2)))


def is_quiet(rules: ChannelRules, now: datetime) -> bool:
    """Whether `now`, in the workspace's time zone, is within the channel's quiet hours."""
    return rules.quiet is not None and rules.quiet.holds(now.time())


def _load_rules(db: Database, team: str, channel: str | None = None) -> dict[str, ChannelRules]:
    query = select(channel_rules).where(channel_rules.c.team == team)
    if channel is not None:
        query = query.where(channel_rules.c.channel == channel)
    with db.read() as connection:
        rows = connection.execute(query).all()
    return {row.channel: _build_rules(row) for row in rows}


def _build_rules(row: Any) -> ChannelRules:
    quiet = parse_quiet(row.quiet_from, row.quiet_to) if row.quiet_from and row.quiet_to else None
    where = AnswerIn(row.answer_in)
    return ChannelRules(Listen(row.listen), row.audience, quiet, where, row.answers_bots, row.hides_votes)
