"""A migrated database, copied for each test, with a clock and ids that the test controls."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedback.database import Database, migrate, open_database
from feedback.replies import Reply, SentMessage, SourceLine, add_part, record_reply

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
GiveReply = Callable[..., Reply]


class Clock:
    """A clock that moves one second with every look at it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "chip.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def path(migrated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated, tmp_path / "chip.db"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def db(path: Path, clock: Clock) -> Iterator[Database]:
    numbers = itertools.count(1)
    database = open_database(f"sqlite:///{path}", clock=clock, new_id=lambda prefix: f"{prefix}{next(numbers)}")
    yield database
    database.close()


def build_reply(reply_id: str = "R1", **changes: object) -> Reply:
    values: dict[str, object] = {
        "id": reply_id,
        "team": "T1",
        "channel": "C1",
        "thread_ts": "1790000001.000100",
        "question_ts": "1790000001.000100",
        "asker": "U1",
        "audience": "customer",
        "question": "How long does the Kestrel fly?",
        "query": "How long does the Kestrel fly?",
        "answer": "[1] It does not fly.",
        "shown": "It does not fly.",
        "prompt": "<|user|>\nEvidence …",
        "messages": (SentMessage("system", "You are Chip."), SentMessage("user", "Question: How long …")),
        "evidence": (SourceLine(1, "It does not fly.", "Kestrel › Limits", "P9"),),
        "match": "strong",
        "base_id": "chip-nano-1",
        "adapter_id": None,
        "finish": "stop",
        "refused": False,
        "prompt_tokens": 120,
        "completion_tokens": 9,
        "first_text_ms": 310,
        "total_ms": 900,
        "created_at": START,
    }
    return Reply(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture
def give_reply(db: Database) -> GiveReply:
    """Record a reply that is shown in one message, whose ts is the reply's id."""

    def give(reply_id: str = "R1", **changes: object) -> Reply:
        reply = build_reply(reply_id, **changes)
        record_reply(db, reply)
        add_part(db, reply_id, reply.channel, reply_id)
        return reply

    return give
