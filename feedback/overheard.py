"""What people said and did around Chip's replies, not yet taken up: answers in threads, thumbs without a word."""

from datetime import datetime

from sqlalchemy import exists, select

from feedback.database import Database
from feedback.events import FeedbackKind
from feedback.replies import UNSPOKEN
from feedback.tables import feedback_events, messages, proposals, replies, standing_votes, tickets
from feedback.votes import Vote


def find_threads(db: Database, team: str, *, since: datetime) -> list[tuple[str, str]]:
    """Return the threads, as channel and root, in which people talked since then and that no ticket was about."""
    said = messages.c
    ticketed = exists().where(
        tickets.c.team == team, tickets.c.channel == said.channel, tickets.c.thread_ts == said.thread_ts
    )
    query = select(said.channel, said.thread_ts).where(
        said.team == team, said.role == "aside", said.created_at >= since, ~ticketed
    )
    with db.read() as connection:
        return [(row.channel, row.thread_ts) for row in connection.execute(query.distinct())]


def find_bare_dislikes(db: Database, team: str, *, since: datetime, until: datetime, limit: int) -> list[str]:
    """Return the replies that somebody disliked in this time, and that nobody corrected and nothing was proposed for.

    Replies that said "I don't know" are gaps already.
    """
    vote, given = standing_votes.c, replies.c
    corrected = exists().where(
        feedback_events.c.reply_id == vote.reply_id, feedback_events.c.kind == FeedbackKind.CORRECTION.value
    )
    proposed = exists().where(proposals.c.reply_id == vote.reply_id)
    query = (
        select(vote.reply_id)
        .join(replies, given.id == vote.reply_id)
        .where(vote.at >= since, vote.at <= until, vote.verdict == Vote.DOWN.value)
        .where(given.team == team, given.question != "", ~given.refused, given.finish.not_in(UNSPOKEN))
        .where(~corrected, ~proposed)
        .distinct()
        .limit(limit)
    )
    with db.read() as connection:
        return list(connection.scalars(query))
