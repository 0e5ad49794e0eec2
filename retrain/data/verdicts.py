"""Combines all feedback on each reply: how likely the reply is good, and who says so.

Weighs votes by their raters' reliability. The claim check is a rater too; asking again and asking for a person are
weaker ones. A burst of votes counts for nothing until staff let it, and people who vote in lockstep count as one. Reads
the database in batches and keeps columns of numbers, so that a million votes take some tens of megabytes.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from feedback.database import Database
from feedback.events import FeedbackKind, Role
from feedback.replies import TAUGHT
from feedback.tables import feedback_events, replies, standing_votes
from retrain.data.claims import check_shown
from retrain.data.crowds import find_counted
from retrain.data.lockstep import Cast, find_bursts, find_groups
from retrain.data.raters import Ballots, Numbers, Ratings, Trust, rate
from retrain.settings import CurateSettings
from retrieval.factcheck.check import Support
from retrieval.prompt import ChatMessage

TRUST = {
    Role.CUSTOMER: Trust(0.8, 0.35, 6),
    Role.STAFF: Trust(0.92, 0.1, 12),
    Role.ADMIN: Trust(0.92, 0.1, 12),
}
# The claim check passes most bad replies too, since Chip quotes: what it tells is that an answer is made up.
CHECK = Trust(0.97, 0.6, 1, fixed=True)
# These only ever say "down": half as likely of a good reply as of a bad one.
WEAK = Trust(0.9, 0.8, 1, fixed=True)
_WEAK_KINDS = (FeedbackKind.REASKED.value, FeedbackKind.ESCALATION.value)
_BATCH = 2_000
_LOOKED_AT = 5  # times as many replies as may be learned from


@dataclass(frozen=True, slots=True)
class Weighed:
    """Every reply with votes, by position. `people` are raters; the first of a group represents it.

    `good` is the probability that the reply is good. `support` is its evidence's verdict, None if the evidence was
    forgotten or never recorded. `refused` tells whether it said "I don't know". `leader` is the most reliable rater who
    agrees with the result, by position in `people`, and `by_staff` tells whether any of those is staff. `aside` counts
    the votes that wait for review because they came in a burst. Replies before the `first` are too old to use.
    """

    reply_ids: Sequence[str]
    good: NDArray[np.float64]
    ups: Numbers
    downs: Numbers
    support: Sequence[Support | None]
    refused: NDArray[np.bool_]
    leader: Numbers
    by_staff: NDArray[np.bool_]
    people: Sequence[str]
    group: Numbers
    reliability: NDArray[np.float64]
    aside: Sequence[int]
    first: int = 0

    def describe_raters(self) -> dict[str, Any]:
        """Return how many people voted, how many count together with another, and how reliable they are."""
        tenths = np.clip((self.reliability * 10).astype(int), 0, 9)
        shares = {f"{tenth / 10:.1f} to {(tenth + 1) / 10:.1f}": int((tenths == tenth).sum()) for tenth in range(10)}
        together = int((self.group != np.arange(len(self.people))).sum())
        reliability = {share: many for share, many in shares.items() if many}
        return {"people": len(self.people), "together": together, "reliability": reliability}


@dataclass(frozen=True, slots=True)
class _Votes:
    """All standing votes in the order of time, with the ids that their numbers represent."""

    cast: Cast
    reply_ids: list[str]
    people: list[str]
    roles: list[Role]


def weigh(db: Database, settings: CurateSettings) -> Weighed:
    """Return the result of all standing votes."""
    votes = _load_votes(db)
    is_staff = np.array([role is not Role.CUSTOMER for role in votes.roles], dtype=bool)
    bursts = find_bursts(
        votes.cast, seconds=settings.burst_seconds, of_person=settings.burst_of_person, on_reply=settings.burst_on_reply
    )
    bursts &= ~is_staff[votes.cast.people] if len(votes.cast) else bursts
    bursts &= ~find_counted(db, votes.cast, votes.people, votes.reply_ids)
    group = find_groups(votes.cast, len(votes.people))
    counted = _count_groups_once(votes.cast.keep(~bursts), group, votes.people)
    first = max(0, len(votes.reply_ids) - _LOOKED_AT * settings.most_likes)
    support, refused = _check_replies(db, votes.reply_ids, first)
    ratings = _rate(db, votes, counted, support)
    return _summarise(votes, counted, ratings, group, is_staff, support, refused, bursts, first)


def _load_votes(db: Database) -> _Votes:
    numbers: dict[str, int] = {}
    people: dict[str, int] = {}
    roles: dict[int, Role] = {}
    columns = (array("i"), array("i"), array("b"), array("q"))
    query = select(standing_votes).order_by(standing_votes.c.at, standing_votes.c.reply_id, standing_votes.c.person)
    with db.read() as connection:
        for row in connection.execution_options(yield_per=_BATCH).execute(query):
            person = people.setdefault(row.person, len(people))
            roles[person] = Role(row.role)  # the latest one
            columns[0].append(numbers.setdefault(row.reply_id, len(numbers)))
            columns[1].append(person)
            columns[2].append(row.verdict == "up")
            columns[3].append(int(row.at.timestamp()))
    replies_voted, voters, ups, seconds = (np.array(column) for column in columns)
    cast = Cast(replies_voted.astype(np.int32), voters.astype(np.int32), ups.astype(bool), seconds.astype(np.int64))
    return _Votes(cast, list(numbers), list(people), [roles[person] for person in range(len(people))])


def _count_groups_once(cast: Cast, group: Numbers, people: Sequence[str]) -> Cast:
    """Keep the last vote of each group on each reply."""
    if not len(cast):
        return cast
    key = cast.replies.astype(np.int64) * len(people) + group[cast.people]
    _, last = np.unique(key[::-1], return_index=True)
    return cast.keep(np.sort(len(key) - 1 - last))


def _check_replies(
    db: Database, reply_ids: Sequence[str], first: int
) -> tuple[list[Support | None], NDArray[np.bool_]]:
    """Return each reply's verdict by its evidence, and whether the reply was a refusal.

    Skips replies before the `first`, which are too old to learn from.
    """
    support: dict[str, Support] = {}
    refused = set()
    about = replies.c
    shown = select(about.id, about.messages, about.answer, about.shown, about.evidence, about.refused)
    with db.read() as connection:
        for batch in _cut(reply_ids[first:]):
            for row in connection.execute(shown.where(replies.c.id.in_(batch), replies.c.finish != TAUGHT)):
                if row.answer and row.messages:
                    messages = [ChatMessage(**message) for message in row.messages]
                    support[row.id] = check_shown(messages, row.answer, row.shown, row.evidence["lines"])
                if row.refused:
                    refused.add(row.id)
    found = [support.get(reply_id) for reply_id in reply_ids]
    return found, np.array([reply_id in refused for reply_id in reply_ids], dtype=bool)


def _cut(reply_ids: Sequence[str]) -> Iterator[list[str]]:
    left = iter(reply_ids)
    while batch := list(islice(left, _BATCH)):
        yield batch


def _rate(db: Database, votes: _Votes, counted: Cast, support: Sequence[Support | None]) -> Ratings:
    """Estimate the raters' reliability, with the claim check and the weak signals as raters of fixed reliability."""
    check, weak = len(votes.people), len(votes.people) + 1
    checked = np.array([number for number, one in enumerate(support) if one is not None], np.int32)
    passed = np.array([one is Support.SUPPORTED for one in support if one is not None], dtype=bool)
    doubted = _load_doubts(db, votes.reply_ids)
    ballots = Ballots(
        np.concatenate([counted.replies, checked, doubted]),
        np.concatenate([counted.people, np.full(len(checked), check, np.int32), np.full(len(doubted), weak, np.int32)]),
        np.concatenate([counted.ups, passed, np.zeros(len(doubted), dtype=bool)]),
    )
    return rate(ballots, len(votes.reply_ids), [*(TRUST[role] for role in votes.roles), CHECK, WEAK])


def _load_doubts(db: Database, reply_ids: Sequence[str]) -> Numbers:
    """Return the replies after which somebody asked again or asked for a person, once for each person and kind."""
    numbers = {reply_id: number for number, reply_id in enumerate(reply_ids)}
    about = feedback_events.c
    query = select(about.reply_id, about.person, about.kind).where(about.kind.in_(_WEAK_KINDS)).distinct()
    with db.read() as connection:
        rows = connection.execution_options(yield_per=_BATCH).execute(query)
        return np.array([numbers[row.reply_id] for row in rows if row.reply_id in numbers], np.int32)


def _summarise(
    votes: _Votes,
    counted: Cast,
    ratings: Ratings,
    group: Numbers,
    is_staff: NDArray[np.bool_],
    support: Sequence[Support | None],
    refused: NDArray[np.bool_],
    bursts: NDArray[np.bool_],
    first: int,
) -> Weighed:
    many = len(votes.reply_ids)
    reliability = ratings.reliability[: len(votes.people)]
    leader = np.full(many, -1, np.int32)
    agrees = counted.ups == (ratings.good[counted.replies] >= 0.5)
    order = np.argsort(reliability[counted.people[agrees]], kind="stable")
    leader[counted.replies[agrees][order]] = counted.people[agrees][order]  # the last one, the most reliable, stays
    by_staff = np.bincount(counted.replies, agrees & is_staff[counted.people], many) > 0 if many else refused
    return Weighed(
        votes.reply_ids,
        ratings.good,
        np.bincount(counted.replies[counted.ups], minlength=many).astype(np.int32),
        np.bincount(counted.replies[~counted.ups], minlength=many).astype(np.int32),
        support,
        refused,
        leader,
        by_staff,
        votes.people,
        group,
        reliability,
        np.bincount(votes.cast.replies[bursts], minlength=many).tolist(),
        first,
    )
