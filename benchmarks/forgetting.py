"""Measures forgetting one person among many: how long it takes, and whether a byte of their words is left in any file.

    python -m benchmarks.forgetting [--people N]

How to read it: each person asked four questions and corrected the answers, and a neighbour voted; three data sets hold
a lesson of each conversation, and an adapter learned from each. Every text of the person holds a mark; "left"
counts the marks in all files of the data folder afterwards, read byte by byte. The time is
that of deletion, sweep, overwriting and search together, without the training that replaces a serving adapter.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import insert

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from bot.core import make_id, now_utc
from feedback.arrivals import Arrivals
from feedback.database import Database, open_database
from feedback.forgetting import forget_person
from feedback.tables import feedback_events, inbox, messages, replies, standing_votes
from feedback.traces import search
from retrain.erasure import erase_forgotten
from retrain.examples import Example, freeze_dataset
from retrain.proof import prove
from retrieval.prompt import ChatMessage
from tests.loop.adapters import write_adapter

TEAM, BASE = "T1", "base"
ASKED = 4
RUNS = 3
GOAL_SECONDS = 300
_AT = datetime(2026, 11, 1, tzinfo=UTC)
_BATCH = 5_000


def mark(person: int, number: int) -> str:
    """Return a text that one person alone wrote."""
    return f"Question {number} of person number {person:06}: why does pump “{person}-{number}” hum?"


def fill(db: Database, people: int) -> None:
    """Write what that many people said, as serving records it."""
    rows: dict[Any, list[dict[str, Any]]] = {
        table: [] for table in (messages, replies, feedback_events, standing_votes, inbox)
    }
    for person in range(people):
        for number in range(ASKED):
            for table, row in _build_rows(person, number, people):
                rows[table].append(row)
        if len(rows[replies]) >= _BATCH or person == people - 1:
            with db.begin() as connection:
                for table, filled in rows.items():
                    connection.execute(insert(table), filled)
                    filled.clear()


def _build_rows(person: int, number: int, people: int) -> Iterator[tuple[Any, dict[str, Any]]]:
    who, neighbour, text = f"U{person:06}", f"U{(person + 1) % people:06}", mark(person, number)
    reply_id, ts = f"R{person}-{number}", f"{person}.{number}"
    place = {"team": TEAM, "channel": "C1", "thread_ts": ts}
    yield messages, place | {"ts": ts, "person": who, "role": "customer", "text": text, "created_at": _AT}
    prompt = [{"role": "system", "content": "Answer."}, {"role": "user", "content": f"[1] A line.\n\nQuestion: {text}"}]
    yield (
        replies,
        place
        | {"id": reply_id, "question_ts": ts, "asker": who, "audience": "customer", "question": text, "query": text}
        | {
            "answer": "[1] A line.",
            "shown": "A line.",
            "prompt": text,
            "messages": prompt,
            "evidence": {"lines": [], "match": "strong"},
        }
        | {"base_id": BASE, "adapter_id": None, "finish": "stop", "refused": False, "prompt_tokens": 1}
        | {"completion_tokens": 1, "first_text_ms": 1, "total_ms": 1, "created_at": _AT},
    )
    event = {"reply_id": reply_id, "role": "staff", "at": _AT, "source": "modal", "event_key": None}
    yield (
        feedback_events,
        event | {"id": f"V{reply_id}", "person": neighbour, "kind": "vote", "value": {"verdict": "up"}},
    )
    yield (
        feedback_events,
        event
        | {"id": f"K{reply_id}", "person": who, "kind": "correction", "value": {"text": f"{text} It hums in cold."}},
    )
    yield standing_votes, {"reply_id": reply_id, "person": neighbour, "role": "staff", "verdict": "up", "at": _AT}
    payload = {"event": {"type": "message", "user": who, "text": text, "ts": ts}}
    about = {"event_key": f"E{reply_id}", "kind": "message", "team": TEAM, "channel": "C1", "ts": ts}
    yield inbox, about | {"payload": payload, "received_at": _AT, "done_at": _AT}


def train(data: Path, people: int) -> None:
    """Freeze data sets with a lesson of each conversation, and register an adapter of each."""
    examples = [
        Example(
            (ChatMessage("system", "Answer."), ChatMessage("user", f"Question: {mark(person, number)}")),
            "A line.",
            "like",
            1.0,
            f"R{person}-{number}",
            reply_id=f"R{person}-{number}",
        )
        for person in range(people)
        for number in range(ASKED)
    ]
    for run in range(RUNS):
        folder = data / "retrain" / f"T{run}"
        folder.mkdir(parents=True)
        dataset = freeze_dataset(examples, folder, {})
        write_adapter(data / "adapters", f"A{run}", BASE, dataset_hash=dataset.sha256)


def measure(data: Path, people: int) -> Iterator[Figure]:
    """Fill a data folder, forget one person, and yield how long it took and what is left."""
    db = open_database(f"sqlite:///{data / 'chip.db'}", clock=now_utc, new_id=make_id)
    arrivals = Arrivals(data / "arrivals.db")
    fill(db, people)
    train(data, people)
    person = people // 2
    marks = [mark(person, number) for number in range(ASKED)]
    for number in arrivals.keep_all(marks):
        arrivals.drop(number)
    arrivals.sweep()
    before = search(data, marks)
    began = time.perf_counter()
    forgotten = forget_person(db, TEAM, f"U{person:06}")
    erased = erase_forgotten(db, data / "adapters", data / "retrain", BASE)
    proof = prove(db, data, f"U{person:06}", forgotten, erased)
    seconds = time.perf_counter() - began
    after = search(data, marks)
    neighbour = search(data, [mark(person + 1, number) for number in range(ASKED)])
    db.close()
    yield Figure("people", people)
    yield Figure("data folder", before.size / 2**20, "MiB")
    yield Figure("marks before", sum(before.found.values()))
    yield Figure("marks left", sum(after.found.values()), goal="= 0")
    yield Figure("marks left by the report", sum(proof.found.values()), goal="= 0")
    yield Figure("adapters left that learned from the person", RUNS - len(proof.deleted_adapters), goal="= 0")
    yield Figure("a neighbour's marks left", sum(neighbour.found.values()))
    yield Figure("time", seconds, "s", goal=f"≤ {GOAL_SECONDS}")


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    with TemporaryDirectory() as folder:
        record(run, list(measure(Path(folder), chosen.people)), chosen.results)


if __name__ == "__main__":
    main()
