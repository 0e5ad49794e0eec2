"""A simulated crowd that votes on answers: who is right how often, who pushes what, and the rows that it leaves."""

import itertools
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from feedback.database import Database, open_database
from feedback.day_marks import mark_days
from feedback.tables import feedback_events, replies, standing_votes
from retrieval.draft import build_draft
from retrieval.passage import CUSTOMER_SCOPE, Evidence, EvidenceLine, Match
from retrieval.retrieved import Retrieved

TEAM = "T1"
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
FLIPPED = 0.3
"""The share of votes that say the opposite of what the voter means."""
COLLUDING = 0.05
_BATCH = 20_000
_NAMES = ("Heron", "Moss", "Larch", "Wren", "Otter", "Finch", "Alder", "Vole", "Teal", "Rook")
_ASKED = (
    ("How long does the {} run?", "The {} runs for {} minutes."),
    ("How heavy is the {}?", "The {} weighs {} kilograms."),
    ("What does the {} cost?", "The {} costs {} euros."),
    ("How loud is the {}?", "The {} makes {} decibels of noise."),
    ("How large an area does the {} mow?", "The {} mows up to {} square metres."),
)
_FALSE_CLAIM = "[1] Every {} may be washed under running water while it is plugged in."
_RUDE = "[1] Learn to read, you stupid moron: {}"


@dataclass(frozen=True, slots=True)
class Said:
    """One reply: its row, what kind of answer it is, and the votes on it as (person, role, "up" or not, when)."""

    reply_id: str
    kind: str
    row: dict[str, Any]
    votes: tuple[tuple[str, str, bool, datetime], ...]


@dataclass(frozen=True, slots=True)
class Crowd:
    """All that a crowd was answered, and what it said of it."""

    replies: list[Said] = field(default_factory=list)


def build_crowd(seed: int, people: int = 200, many: int = 3_000, poisoned: int = 60) -> Crowd:
    """Return a crowd of customers and a few staff, 5 % of whom collude."""
    chance = random.Random(seed)
    colluding = [f"U{number}" for number in range(int(people * COLLUDING))]
    honest = [f"U{number}" for number in range(len(colluding), people)]
    staff = [f"S{number}" for number in range(people // 20)]
    crowd = Crowd()
    kinds = ["good"] * 60 + ["beside the point"] * 30 + ["made up"] * 10
    for number in range(many):
        kind = chance.choice(kinds)
        said = _build_reply(number, kind, chance)
        voters = chance.sample(honest, chance.randint(1, 4)) + chance.sample(colluding, chance.random() < 0.1)
        voters += chance.sample(staff, chance.random() < 0.1)
        crowd.replies.append(
            _vote(said, [(one, (kind == "good") != (chance.random() < FLIPPED)) for one in voters], chance)
        )
    for number in range(many, many + 2 * poisoned):
        said = _build_reply(number, "false claim" if number % 2 else "rude", chance)
        pushing = [(one, True) for one in chance.sample(colluding, len(colluding) // 2)]
        objecting = [(one, chance.random() < FLIPPED) for one in chance.sample(honest, chance.randint(0, 2))]
        crowd.replies.append(_vote(said, pushing + objecting, chance))
    return crowd


def _build_reply(number: int, kind: str, chance: random.Random) -> Said:
    """Return a reply to a question about one of two thousand products; its own line is the first of three."""
    name = f"{_NAMES[number % len(_NAMES)]} {number // len(_NAMES) % 200}"
    question, statement = _ASKED[chance.randrange(len(_ASKED))]
    others = [other for _, other in chance.sample(_ASKED, 3) if other != statement][:2]
    lines = [form.format(name, chance.randint(20, 900)) for form in (statement, *others)]
    answer = {
        "good": f"[1] {lines[0]}",
        "beside the point": f"[2] {lines[1]}",
        "made up": f"[1] {statement.format(name, 1000 + number)}",
        "false claim": _FALSE_CLAIM.format(name.split()[0]),
        "rude": _RUDE.format(lines[0]),
    }[kind]
    at = NOW - timedelta(minutes=chance.randint(1, 60 * 24 * 700))
    row = _build_row(f"R{number}", question.format(name), answer, lines, name, at)
    return Said(row["id"], kind, row, ())


def _build_row(reply_id: str, question: str, answer: str, lines: list[str], name: str, at: datetime) -> dict[str, Any]:
    evidence = tuple(EvidenceLine(place, text, name, f"P{place}") for place, text in enumerate(lines, start=1))
    retrieved = Retrieved(question, (), Evidence(evidence, Match.STRONG), 0.0, question)
    messages = build_draft(retrieved, "Larkspur", question, CUSTOMER_SCOPE).messages
    shown = answer.partition("] ")[2]
    kept = [
        {"number": one.number, "text": one.text, "heading": one.heading, "passage_id": one.passage_id}
        for one in evidence
    ]
    return {
        "id": reply_id,
        "team": TEAM,
        "channel": "C1",
        "thread_ts": reply_id,
        "question_ts": reply_id,
        "asker": "U0",
        "audience": "customer",
        "question": question,
        "query": question,
        "answer": answer,
        "shown": shown,
        "prompt": "",
        "messages": [{"role": one.role, "content": one.content} for one in messages],
        "evidence": {"match": "strong", "lines": kept},
        "base_id": "chip-nano",
        "adapter_id": None,
        "finish": "stop",
        "refused": False,
        "prompt_tokens": 100,
        "completion_tokens": 10,
        "first_text_ms": 200,
        "total_ms": 500,
        "created_at": at,
        "asker_role": "customer",
        "sentences": 1,
        "withheld": 0,
    }


def _vote(said: Said, votes: Iterable[tuple[str, bool]], chance: random.Random) -> Said:
    at = said.row["created_at"]
    cast = tuple(
        (
            person,
            "staff" if person.startswith("S") else "customer",
            up,
            at + timedelta(seconds=chance.randint(5, 80_000)),
        )
        for person, up in votes
    )
    return Said(said.reply_id, said.kind, said.row, cast)


@contextmanager
def open_crowd(folder: Path, crowd: Crowd) -> Iterator[Database]:
    """Lend a database that holds what the crowd said."""
    db = open_events(folder / "chip.db")
    _store(db, crowd.replies)
    yield db
    db.close()


def open_events(path: Path) -> Database:
    numbers = itertools.count()
    return open_database(f"sqlite:///{path}", clock=lambda: NOW, new_id=lambda prefix: f"{prefix}{next(numbers)}")


def write_events(path: Path, events: int) -> None:
    """Write a database of so many events over two years: votes, some asking again, some corrections by staff."""
    chance, left, numbers = random.Random(events), events, itertools.count()
    db = open_events(path)
    people = [f"U{number}" for number in range(max(50, events // 200))]
    staff = [f"S{number}" for number in range(50)]
    kinds = ["good"] * 60 + ["beside the point"] * 30 + ["made up"] * 10
    while left > 0:
        batch = []
        for _ in range(min(_BATCH // 4, left)):
            kind = chance.choice(kinds)
            said = _build_reply(next(numbers), kind, chance)
            voters = chance.sample(people, 2) + chance.sample(staff, chance.random() < 0.05)
            votes = [(one, (kind == "good") != (chance.random() < FLIPPED)) for one in voters]
            batch.append(_vote(said, votes[: max(1, left)], chance))
        left -= _store(db, batch, chance, staff)
    db.close()


def _store(
    db: Database, said: Iterable[Said], chance: random.Random | None = None, staff: list[str] | None = None
) -> int:
    """Write replies and what was said of them, and with `staff` some other signals; return the number of events."""
    events: list[dict[str, Any]] = []
    standing = []
    said = list(said)
    for one in said:
        for person, role, up, at in one.votes:
            verdict = "up" if up else "down"
            standing.append({"reply_id": one.reply_id, "person": person, "role": role, "verdict": verdict, "at": at})
            events.append(_build_event(one, person, role, "vote", {"verdict": verdict}, at))
        if chance is not None and staff and chance.random() < 0.08:
            events.append(
                _build_event(one, "U0", "customer", "reasked", {"again": one.reply_id}, one.row["created_at"])
            )
        if chance is not None and staff and chance.random() < 0.01:
            text = {"text": f"{one.row['question']} Ask the workshop, extension {chance.randint(100, 999)}."}
            at = one.row["created_at"] + timedelta(days=1)
            events.append(_build_event(one, chance.choice(staff), "staff", "correction", text, at))
    with db.begin() as connection:
        connection.execute(insert(replies), [one.row for one in said])
        connection.execute(insert(standing_votes), standing)
        connection.execute(insert(feedback_events), events)
        mark_days(connection, {(TEAM, one.row["created_at"].date()) for one in said})
    return len(events)


def _build_event(said: Said, person: str, role: str, kind: str, value: dict[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "id": f"F{said.reply_id}-{kind}-{person}",
        "event_key": None,
        "reply_id": said.reply_id,
        "person": person,
        "kind": kind,
        "source": "modal" if kind == "correction" else "button",
        "value": value,
        "role": role,
        "at": at,
    }
