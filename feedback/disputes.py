"""Disputes: questions on whose answers people's votes disagree."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from feedback.database import Database
from feedback.tables import replies, standing_votes
from feedback.votes import Vote

FEWEST_VOTES = 3
_AT_ONCE = 500  # ids in one statement


@dataclass(frozen=True, slots=True)
class Dispute:
    """Votes on the answers to one question. `reply_id` is one of the `answers` replies."""

    reply_id: str
    ups: int
    downs: int
    answers: int


def find_disputed(db: Database, team: str, *, since: datetime, limit: int) -> list[Dispute]:
    """Return the questions with votes up and down since then, at least `FEWEST_VOTES`, the most voted first."""
    votes = _count_votes(db, since)
    groups = [
        Dispute(max(ids), sum(votes[one][Vote.UP] for one in ids), sum(votes[one][Vote.DOWN] for one in ids), len(ids))
        for ids in _group_by_question(db, team, list(votes))
    ]
    disputed = (one for one in groups if one.ups and one.downs and one.ups + one.downs >= FEWEST_VOTES)
    return sorted(disputed, key=lambda one: (-one.ups - one.downs, one.reply_id))[:limit]


def _count_votes(db: Database, since: datetime) -> dict[str, Counter[str]]:
    """Return how often each verdict was given on each reply since then."""
    vote = standing_votes.c
    query = select(vote.reply_id, vote.verdict, func.count()).where(vote.at >= since)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    with db.read() as connection:
        for reply_id, verdict, count in connection.execute(query.group_by(vote.reply_id, vote.verdict)):
            counts[reply_id][verdict] = count
    return counts


def _group_by_question(db: Database, team: str, reply_ids: list[str]) -> list[list[str]]:
    """Return the replies that answer the same question, in whatever case it was asked."""
    given = replies.c
    groups: defaultdict[str, list[str]] = defaultdict(list)
    with db.read() as connection:
        for start in range(0, len(reply_ids), _AT_ONCE):
            is_it = given.id.in_(reply_ids[start : start + _AT_ONCE])
            query = select(given.id, given.query, given.question).where(is_it, given.team == team, given.question != "")
            for reply_id, searched, question in connection.execute(query):
                groups[(searched or question).casefold()].append(reply_id)
    return list(groups.values())
