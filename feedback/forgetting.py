"""What Chip forgets: a deleted message, a person who asks for it, a workspace that removed Chip.

Forgetting is deletion, also of feedback, which nothing else may delete. Ids, figures and verdicts without a person's
words may stay if they say nothing about a person. Datasets and adapters follow: see `retrain.erasure`.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from feedback.database import Database
from feedback.pseudonyms import pseudonym
from feedback.tables import (
    channel_rules,
    correction_cards,
    erasing,
    feedback_events,
    imported_pairs,
    inbox,
    messages,
    replies,
    reply_parts,
    standing_votes,
    surveys,
    switches,
    tickets,
)

NOBODY = "forgotten"
"""Replaces a person who is forgotten."""

_WORDS: dict[str, object] = {"question": "", "query": "", "answer": "", "shown": "", "prompt": "", "messages": []}


@contextmanager
def _erasing(db: Database) -> Iterator[Connection]:
    """Lend a transaction in which feedback may be deleted."""
    with db.begin() as connection:
        connection.execute(insert(erasing).values(number=1))
        yield connection
        connection.execute(delete(erasing))


def forget_message(db: Database, team: str, channel: str, ts: str) -> int:
    """Forget a message that was deleted in Slack: its text, the answers to it, and the prompts that held it.

    Return how many replies lost their words. Votes stay: they say nothing about what was asked.
    """
    with db.begin() as connection:
        here = (messages.c.team == team) & (messages.c.channel == channel) & (messages.c.ts == ts)
        found = connection.execute(select(messages.c.text, messages.c.thread_ts).where(here)).one_or_none()
        connection.execute(delete(messages).where(here))
        stored = (inbox.c.team == team) & (inbox.c.channel == channel) & (inbox.c.ts == ts)
        connection.execute(update(inbox).where(stored, _is_done()).values(payload={}))
        thread_ts = ts if found is None else found.thread_ts
        thread = (replies.c.team == team) & (replies.c.channel == channel) & (replies.c.thread_ts == thread_ts)
        rows = connection.execute(select(replies.c.id, replies.c.question_ts, replies.c.messages).where(thread)).all()
        holding = [
            row.id
            for row in rows
            if row.question_ts == ts or (found is not None and found.text and _holds(row.messages, found.text))
        ]
        _erase_words(connection, holding)
    return len(holding)


def forget_person(db: Database, team: str, person: str) -> int:
    """Forget what a person wrote and thought: messages, questions with their answers, votes and corrections.

    Return how many questions were forgotten. Their wish not to be trained on stays.
    """
    with _erasing(db) as connection:
        mine = (replies.c.team == team) & (replies.c.asker == person)
        threads = connection.execute(
            select(messages.c.channel, messages.c.thread_ts, messages.c.text).where(
                messages.c.team == team, messages.c.person == person
            )
        ).all()
        asked = list(connection.scalars(select(replies.c.id).where(mine)))
        quoting = [
            reply_id
            for channel, thread_ts, text in threads
            for reply_id in _find_holding(connection, team, channel, thread_ts, text)
        ]
        _erase_words(connection, asked)
        connection.execute(update(replies).where(mine).values(asker=NOBODY))
        closed = (tickets.c.team == team) & (tickets.c.asker == person) & tickets.c.closed_at.is_not(None)
        connection.execute(update(tickets).where(closed).values(asker=NOBODY))
        _erase_prompts(connection, quoting)
        connection.execute(delete(messages).where(messages.c.team == team, messages.c.person == person))
        connection.execute(delete(feedback_events).where(feedback_events.c.person == person))
        connection.execute(delete(standing_votes).where(standing_votes.c.person == person))
        connection.execute(delete(surveys).where(surveys.c.team == team, surveys.c.person == person))
        _erase_imported(connection, person)
        given = (switches.c.team == team) & (switches.c.subject == person) & (switches.c.value == "on")
        connection.execute(delete(switches).where(given))
        _empty_payloads(connection, team, person)
    return len(asked)


def forget_team(db: Database, team: str) -> None:
    """Forget everything of a workspace that removed Chip, except whether and when it consented to learning."""
    with _erasing(db) as connection:
        ids = select(replies.c.id).where(replies.c.team == team)
        connection.execute(delete(feedback_events).where(feedback_events.c.reply_id.in_(ids)))
        connection.execute(delete(standing_votes).where(standing_votes.c.reply_id.in_(ids)))
        connection.execute(delete(reply_parts).where(reply_parts.c.reply_id.in_(ids)))
        for table in (messages, inbox, tickets, correction_cards, channel_rules, switches, surveys, replies):
            connection.execute(delete(table).where(table.c.team == team))


def _erase_imported(connection: Connection, person: str) -> None:
    """Erase the imported questions and answers of a person; a mail address is known by its hash."""
    author = pseudonym(person)
    connection.execute(
        delete(imported_pairs).where((imported_pairs.c.asker == author) | (imported_pairs.c.answerer == author))
    )


def _find_holding(connection: Connection, team: str, channel: str, thread_ts: str, text: str) -> list[str]:
    thread = (replies.c.team == team) & (replies.c.channel == channel) & (replies.c.thread_ts == thread_ts)
    rows = connection.execute(select(replies.c.id, replies.c.messages).where(thread)).all()
    return [row.id for row in rows if text and _holds(row.messages, text)]


def _holds(sent: Iterable[dict[str, str]], text: str) -> bool:
    """Whether a prompt quotes a text, as a whole or as far as a turn is quoted."""
    start = text[:_QUOTED].strip()
    return any(start in message["content"] for message in sent)


_QUOTED = 200  # of a turn's 300 characters, the last of which may be an ellipsis


def _erase_words(connection: Connection, reply_ids: list[str]) -> None:
    if reply_ids:
        connection.execute(update(replies).where(replies.c.id.in_(reply_ids)).values(_WORDS))


def _erase_prompts(connection: Connection, reply_ids: list[str]) -> None:
    """Erase the prompts that quote the person. The answers of others stay."""
    if reply_ids:
        connection.execute(update(replies).where(replies.c.id.in_(reply_ids)).values(prompt="", messages=[]))


def _empty_payloads(connection: Connection, team: str, person: str) -> None:
    rows = connection.execute(select(inbox.c.event_key, inbox.c.payload).where(inbox.c.team == team, _is_done())).all()
    about = [row.event_key for row in rows if f'"{person}"' in json.dumps(row.payload)]
    if about:
        connection.execute(update(inbox).where(inbox.c.event_key.in_(about)).values(payload={}))


def _is_done() -> ColumnElement[bool]:
    return inbox.c.done_at.is_not(None)
