"""Votes: reactions and buttons become one verdict for each person and reply.

A person's reactions to a reply are a set. Each member is a part of the reply and an exact name with its skin tone.
Their button is the one pressed last. The verdict is the latest signal that still stands. Removing a reaction takes back
only that reaction: it never un-presses a button, for which Slack has no gesture.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select

from feedback.database import Database
from feedback.emoji import DEFAULT_VOTES, EmojiVotes, Vote, normalise_emoji
from feedback.errors import UnknownReply
from feedback.events import FeedbackEvent, FeedbackKind, FeedbackSource, Role, Said, append_event, find_events
from feedback.replies import find_reply_id, is_known
from feedback.tables import feedback_events, standing_votes

__all__ = [
    "DEFAULT_VOTES",
    "EmojiVotes",
    "StandingVerdict",
    "Vote",
    "count_voters",
    "derive_verdict",
    "derive_verdicts",
    "read_standing",
    "record_button",
    "record_reaction",
    "standing_verdicts",
    "verdicts",
]


@dataclass(frozen=True, slots=True)
class StandingVerdict:
    """What a person thinks of a reply now, in what role, and since when."""

    reply_id: str
    person: str
    role: Role
    verdict: Vote
    at: datetime


def record_reaction(
    db: Database,
    *,
    channel: str,
    ts: str,
    person: str,
    role: str,
    emoji: str,
    added: bool,
    votes: EmojiVotes = DEFAULT_VOTES,
    key: str | None = None,
    at: datetime | None = None,
) -> Vote | None:
    """Log a reaction that was added to, or removed from, the message at `ts`. Return the person's verdict now.

    None if the message is not Chip's or the emoji is no vote, in which case nothing is logged, or if the person has no
    vote left. `key` and `at`: see `events.Said`; give `at` for all of a reply's signals or for none.
    """
    verdict = votes.find_verdict(emoji)
    if verdict is None:
        return None
    value = {"emoji": normalise_emoji(emoji), "verdict": verdict.value, "added": added, "channel": channel, "ts": ts}
    with db.begin() as connection:
        reply_id = find_reply_id(connection, channel, ts)
        if reply_id is None:
            return None
        said = Said(reply_id, person, Role(role), FeedbackKind.VOTE, FeedbackSource.REACTION, value, key, at)
        append_event(connection, db, said)
        standing = _fold(connection, reply_id, person)
    return None if standing is None else standing.verdict


def record_button(
    db: Database,
    *,
    reply_id: str,
    person: str,
    role: str,
    verdict: str,
    key: str | None = None,
    at: datetime | None = None,
) -> Vote:
    """Log a press of a feedback button ("up" or "down"). Return the person's verdict now.

    Raises `UnknownReply`.
    """
    value = {"verdict": Vote(verdict).value}
    said = Said(reply_id, person, Role(role), FeedbackKind.VOTE, FeedbackSource.BUTTON, value, key, at)
    with db.begin() as connection:
        return press_in(connection, db, said)


def press_in(connection: Connection, db: Database, said: Said) -> Vote:
    """Log a press in a transaction of the caller's; see `record_button`. `said.value` holds the verdict."""
    if not is_known(connection, said.reply_id):
        raise UnknownReply(said.reply_id)
    append_event(connection, db, said)
    standing = _fold(connection, said.reply_id, said.person)
    return Vote(said.value["verdict"]) if standing is None else standing.verdict


def verdicts(db: Database, reply_id: str) -> dict[str, Vote]:
    """Return each voter's standing verdict on the reply, by person."""
    query = select(standing_votes).where(standing_votes.c.reply_id == reply_id).order_by(standing_votes.c.person)
    with db.read() as connection:
        return {row.person: Vote(row.verdict) for row in connection.execute(query)}


def count_voters(db: Database, reply_ids: Sequence[str]) -> dict[str, int]:
    """Return how many people's verdicts stand on each of the replies, by reply; those without any are left out."""
    counted: dict[str, int] = {}
    with db.read() as connection:
        for start in range(0, len(reply_ids), 500):
            is_it = standing_votes.c.reply_id.in_(reply_ids[start : start + 500])
            query = select(standing_votes.c.reply_id, func.count()).where(is_it).group_by(standing_votes.c.reply_id)
            counted |= {reply_id: count for reply_id, count in connection.execute(query)}
    return counted


def standing_verdicts(db: Database, since: datetime | None = None) -> list[StandingVerdict]:
    """Return everybody's standing verdicts given at or after `since`, oldest first."""
    return list(read_standing(db, since))


def read_standing(db: Database, since: datetime | None = None) -> Iterator[StandingVerdict]:
    """Yield everybody's standing verdicts given at or after `since`, oldest first, a few thousand in memory at once."""
    query = select(standing_votes).order_by(standing_votes.c.at, standing_votes.c.reply_id, standing_votes.c.person)
    if since is not None:
        query = query.where(standing_votes.c.at >= since)
    with db.read() as connection:
        for row in connection.execution_options(yield_per=5_000).execute(query):
            yield _build_standing(row)


def _build_standing(row: Row[Any]) -> StandingVerdict:
    return StandingVerdict(row.reply_id, row.person, Role(row.role), Vote(row.verdict), row.at)


def _fold(connection: Connection, reply_id: str, person: str) -> StandingVerdict | None:
    """Fold a person's votes on a reply into the verdict that stands. Note it and return it."""
    standing = derive_verdict(find_events(connection, *_is_vote(reply_id, person)))
    mine = (standing_votes.c.reply_id == reply_id) & (standing_votes.c.person == person)
    connection.execute(delete(standing_votes).where(mine))
    if standing is not None:
        values = {"role": standing.role.value, "verdict": standing.verdict.value, "at": standing.at}
        connection.execute(insert(standing_votes).values(reply_id=reply_id, person=person, **values))
    return standing


def derive_verdict(events: Iterable[FeedbackEvent]) -> StandingVerdict | None:
    """Fold one person's votes on one reply, in any order, into the verdict that stands; None if none does."""
    standing: dict[str, FeedbackEvent] = {}
    for event in sorted(events, key=_when):
        # A press has no name, so the latest replaces the one before it.
        signal = f"{event.value['emoji']} {event.value['channel']} {event.value['ts']}" if _is_reaction(event) else ""
        if event.value.get("added", True):
            standing[signal] = event
        else:
            standing.pop(signal, None)
    if not standing:
        return None
    last = max(standing.values(), key=_when)
    return StandingVerdict(last.reply_id, last.person, last.role, Vote(last.value["verdict"]), last.at)


def derive_verdicts(events: Iterable[FeedbackEvent]) -> list[StandingVerdict]:
    """Fold any votes, in any order, into the verdict of each person on each reply."""
    by_voter = sorted(events, key=_voter)
    folded = (derive_verdict(votes) for _, votes in groupby(by_voter, key=_voter))
    return [standing for standing in folded if standing is not None]


def _is_vote(reply_id: str, person: str) -> list[ColumnElement[bool]]:
    mine = [feedback_events.c.reply_id == reply_id, feedback_events.c.person == person]
    return [*mine, feedback_events.c.kind == FeedbackKind.VOTE.value]


def _is_reaction(event: FeedbackEvent) -> bool:
    return event.source is FeedbackSource.REACTION


def _voter(event: FeedbackEvent) -> tuple[str, str]:
    return (event.reply_id, event.person)


def _when(event: FeedbackEvent) -> tuple[datetime, int]:
    return (event.at, event.number)
