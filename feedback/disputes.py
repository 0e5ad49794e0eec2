"""Disputes: questions on whose answers people's votes disagree."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, case, cast, func, select

from feedback.database import Database
from feedback.tables import replies, standing_votes
from feedback.votes import Vote

FEWEST_VOTES = 3


@dataclass(frozen=True, slots=True)
class Dispute:
    """Votes on the answers to one question. `reply_id` is one of the `answers` replies."""

    reply_id: str
    ups: int
    downs: int
    answers: int


def find_disputed(db: Database, team: str, *, since: datetime, limit: int) -> list[Dispute]:
    """Return the questions with votes up and down since then, at least `FEWEST_VOTES`, the most voted first."""
    vote, given = standing_votes.c, replies.c
    asked = func.lower(case((given.query != "", given.query), else_=given.question))
    ups, downs = (func.sum(cast(vote.verdict == verdict.value, Integer)) for verdict in (Vote.UP, Vote.DOWN))
    query = (
        select(func.max(given.id), ups, downs, func.count(given.id.distinct()))
        .join(replies, given.id == vote.reply_id)
        .where(vote.at >= since, given.team == team, given.question != "")
        .group_by(asked)
        .having(ups > 0, downs > 0, ups + downs >= FEWEST_VOTES)
        .order_by((ups + downs).desc(), func.max(given.id))
        .limit(limit)
    )
    with db.read() as connection:
        return [Dispute(*row) for row in connection.execute(query)]
