"""What Chip forgets: a deleted message, a person who asks for it, a workspace that removed Chip.

Forgetting is deletion, also of feedback, which nothing else may delete. Ids, figures and verdicts without a person's
words may stay if they say nothing about a person. Datasets and adapters follow: see `retrain.erasure`.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select, update

from feedback.database import Database
from feedback.day_marks import mark_replies
from feedback.events import FeedbackKind, FeedbackSource
from feedback.proposals import drop_forgotten
from feedback.pseudonyms import pseudonym
from feedback.tables import (
    channel_rules,
    correction_cards,
    day_counts,
    decisions,
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

_MARK = 80  # characters of a text that are searched for
_SHORTEST_MARK = 20
_MOST_MARKS = 50

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
    with _erasing(db) as connection:
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
        _erase_overheard(connection, [row.id for row in rows])
        drop_forgotten(connection)
    return len(holding)


def _erase_overheard(connection: Connection, reply_ids: list[str]) -> None:
    """Delete what was proposed out of a thread: what is left of it is proposed again."""
    said = feedback_events.c
    overheard = (said.source == FeedbackSource.THREAD.value) & (said.kind == FeedbackKind.CORRECTION.value)
    for start in range(0, len(reply_ids), 500):
        batch = reply_ids[start : start + 500]
        if connection.execute(delete(feedback_events).where(overheard, said.reply_id.in_(batch))).rowcount:
            mark_replies(connection, batch)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten: questions, changed rows by table, and some of the person's words to search files for."""

    questions: int
    rows: dict[str, int]
    marks: tuple[str, ...]


def forget_person(db: Database, team: str, person: str) -> Forgotten:
    """Forget what a person wrote and thought: messages, questions with their answers, votes and corrections.

    Their wish not to be trained on stays.
    """
    rows: Counter[str] = Counter()
    with _erasing(db) as connection:
        marks = _choose_marks(connection, team, person)
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
        rows["tickets"] = connection.execute(update(tickets).where(closed).values(asker=NOBODY)).rowcount
        _erase_prompts(connection, quoting)
        rows["replies"] = len({*asked, *quoting})
        by_person = feedback_events.c.person == person
        mark_replies(
            connection, list(connection.scalars(select(feedback_events.c.reply_id).where(by_person).distinct()))
        )
        rows["feedback_events"] += _erase_derived(connection, person)
        rows["decisions"] = connection.execute(
            update(decisions).where(decisions.c.by == person).values(by=NOBODY)
        ).rowcount
        crowd = decisions.c.item.startswith(f"person {person} ", autoescape=True)
        connection.execute(delete(decisions).where(crowd))
        for table, whose in _list_deleted(team, person):
            rows[table.name] += connection.execute(delete(table).where(whose)).rowcount
        rows["proposals"] = drop_forgotten(connection)
        rows["inbox"] = _empty_payloads(connection, team, person)
    return Forgotten(len(asked), {name: count for name, count in rows.items() if count}, marks)


def _erase_derived(connection: Connection, person: str) -> int:
    """Delete what staff approved in the place of a person's words: it was made of them."""
    said = feedback_events.c
    corrected = said.kind == FeedbackKind.CORRECTION.value
    told = connection.execute(select(said.id, said.reply_id, said.value).where(corrected)).all()
    derived = {row.id: row.reply_id for row in told if row.value.get("of") == person}
    mark_replies(connection, list(derived.values()))
    return connection.execute(delete(feedback_events).where(said.id.in_(derived))).rowcount


def forget_in_all_teams(db: Database, person: str) -> Forgotten:
    """Forget a person in every workspace that they wrote in, and in what was imported."""
    with db.read() as connection:
        wrote = connection.scalars(select(messages.c.team).where(messages.c.person == person).distinct())
        asked = connection.scalars(select(replies.c.team).where(replies.c.asker == person).distinct())
        teams = sorted({*wrote, *asked}) or [""]
    rows: Counter[str] = Counter()
    parts = [forget_person(db, team, person) for team in teams]
    for part in parts:
        rows.update(part.rows)
    marks = tuple(dict.fromkeys(mark for part in parts for mark in part.marks))
    return Forgotten(sum(part.questions for part in parts), dict(rows), marks)


def _list_deleted(team: str, person: str) -> list[tuple[Table, ColumnElement[bool]]]:
    """Return the tables whose rows of a person are deleted, and which rows. A mail address is known by its hash."""
    author = pseudonym(person)
    return [
        (messages, (messages.c.team == team) & (messages.c.person == person)),
        (feedback_events, feedback_events.c.person == person),
        (standing_votes, standing_votes.c.person == person),
        (surveys, (surveys.c.team == team) & (surveys.c.person == person)),
        (imported_pairs, (imported_pairs.c.asker == author) | (imported_pairs.c.answerer == author)),
        (switches, (switches.c.team == team) & (switches.c.subject == person) & (switches.c.value == "on")),
    ]


def _choose_marks(connection: Connection, team: str, person: str) -> tuple[str, ...]:
    """Return beginnings of what the person wrote, the longest texts first, without what others wrote as well."""
    said = (messages.c.team == team) & (messages.c.person == person)
    asked = (replies.c.team == team) & (replies.c.asker == person)
    told = (feedback_events.c.person == person) & (feedback_events.c.kind == FeedbackKind.CORRECTION.value)
    texts = {
        *connection.scalars(select(messages.c.text).where(said)),
        *connection.scalars(select(replies.c.question).where(asked)),
        *(str(value.get("text", "")) for value in connection.scalars(select(feedback_events.c.value).where(told))),
    }
    longest = sorted((text.strip() for text in texts), key=len, reverse=True)
    marks = dict.fromkeys(text[:_MARK] for text in longest if len(text) >= _SHORTEST_MARK)
    return tuple(mark for mark in list(marks)[:_MOST_MARKS] if not _is_said_by_others(connection, person, mark))


def _is_said_by_others(connection: Connection, person: str, mark: str) -> bool:
    said = select(messages.c.number).where(messages.c.person != person, messages.c.text.contains(mark, autoescape=True))
    asked = select(replies.c.id).where(replies.c.asker != person, replies.c.question.contains(mark, autoescape=True))
    return any(connection.execute(query.limit(1)).first() is not None for query in (said, asked))


def forget_older(db: Database, before: datetime) -> int:
    """Forget the words of conversations from before that moment; return how many replies lost theirs.

    Votes stay, and so does what staff approved an answer to.
    """
    told = feedback_events.c
    approvable = told.source.not_in([FeedbackSource.THREAD.value, FeedbackSource.DOCUMENTS.value])
    taught = select(told.reply_id).where(told.kind == FeedbackKind.CORRECTION.value, approvable)
    with _erasing(db) as connection:
        old = (replies.c.created_at < before) & (replies.c.question != "") & replies.c.id.not_in(taught)
        _erase_overheard(connection, list(connection.scalars(select(replies.c.id).where(old))))
        count = connection.execute(update(replies).where(old).values(_WORDS)).rowcount
        connection.execute(delete(messages).where(messages.c.created_at < before))
        drop_forgotten(connection)
    return count


def forget_team(db: Database, team: str) -> None:
    """Forget everything of a workspace that removed Chip, except whether and when it consented to learning."""
    with _erasing(db) as connection:
        ids = select(replies.c.id).where(replies.c.team == team)
        connection.execute(delete(feedback_events).where(feedback_events.c.reply_id.in_(ids)))
        connection.execute(delete(standing_votes).where(standing_votes.c.reply_id.in_(ids)))
        connection.execute(delete(reply_parts).where(reply_parts.c.reply_id.in_(ids)))
        for table in (
            day_counts,
            messages,
            inbox,
            tickets,
            correction_cards,
            channel_rules,
            switches,
            surveys,
            decisions,
            replies,
        ):
            connection.execute(delete(table).where(table.c.team == team))
        drop_forgotten(connection)


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


def _empty_payloads(connection: Connection, team: str, person: str) -> int:
    rows = connection.execute(select(inbox.c.event_key, inbox.c.payload).where(inbox.c.team == team, _is_done())).all()
    about = [row.event_key for row in rows if f'"{person}"' in json.dumps(row.payload)]
    if about:
        connection.execute(update(inbox).where(inbox.c.event_key.in_(about)).values(payload={}))
    return len(about)


def _is_done() -> ColumnElement[bool]:
    return inbox.c.done_at.is_not(None)
