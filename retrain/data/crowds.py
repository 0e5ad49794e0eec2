"""Crowds of votes, which wait for staff: many of one person, or many alike on one reply, within a few minutes.

They count for nothing until staff say that they do. Knows nothing of how staff are asked.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from feedback.database import Database
from feedback.decisions import find_all_decided
from feedback.events import Role
from feedback.votes import StandingVerdict, Vote, read_standing
from retrain.data.lockstep import Cast, Mask, find_crowded
from retrain.settings import CurateSettings

CROWD = "crowd"
"""The kind of the decisions about crowds."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Votes within a few minutes: of one `person`, or of many people on one reply, where `person` is empty.

    `first` and `last` are seconds since 1970. `reply_id` is the reply, or the first of those that the person voted on.
    """

    person: str
    reply_id: str
    first: int
    last: int
    votes: int
    ups: int

    @property
    def key(self) -> str:
        """What a decision about this crowd names."""
        what = f"person {self.person}" if self.person else f"reply {self.reply_id}"
        return f"{what} {self.first} {self.last}"


def find_crowds(db: Database, settings: CurateSettings, *, since: datetime) -> list[Crowd]:
    """Return the crowds among the votes of customers since then, the largest first."""
    said = [one for one in read_standing(db, since) if one.role is Role.CUSTOMER]
    by_person = _find(said, [one.person for one in said], settings.burst_of_person, settings.burst_seconds)
    alike = [f"{one.reply_id} {one.verdict}" for one in said]
    by_reply = _find(said, alike, settings.burst_on_reply, settings.burst_seconds)
    crowds = [_build(group, group[0].person) for group in by_person] + [_build(group, "") for group in by_reply]
    return sorted(crowds, key=lambda crowd: (-crowd.votes, crowd.key))


def find_counted(db: Database, cast: Cast, people: list[str], reply_ids: list[str]) -> Mask:
    """Return which votes belong to a crowd that staff let count."""
    counted = np.zeros(len(cast), dtype=bool)
    for key, decision in find_all_decided(db, CROWD).items():
        what, name, first, last = key.split(" ")
        names, column = (people, cast.people) if what == "person" else (reply_ids, cast.replies)
        if decision.outcome == "approved" and name in names:
            inside = (cast.seconds >= int(first)) & (cast.seconds <= int(last))
            counted |= (column == names.index(name)) & inside
    return counted


def _find(said: list[StandingVerdict], keys: list[str], many: int, seconds: int) -> Iterator[list[StandingVerdict]]:
    numbers: dict[str, int] = {}
    column = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
    at = np.array([int(one.at.timestamp()) for one in said], dtype=np.int64)
    crowded = np.flatnonzero(find_crowded(column, at, many, seconds))
    order = crowded[np.lexsort((at[crowded], column[crowded]))]
    for group in np.split(order, np.flatnonzero(np.diff(column[order]) | (np.diff(at[order]) > seconds)) + 1):
        if len(group):
            yield [said[int(number)] for number in group]


def _build(group: Iterable[StandingVerdict], person: str) -> Crowd:
    said = list(group)
    first, last = (int(one.at.timestamp()) for one in (said[0], said[-1]))
    return Crowd(person, said[0].reply_id, first, last, len(said), sum(one.verdict is Vote.UP for one in said))
