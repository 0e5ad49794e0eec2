"""A running Chip in one process: real workspace, Socket Mode and HTTP, database, Chroma and embedder.

Only the model is played: `QuotingEngine` says what a test plans, or quotes the best evidence.
"""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot import schedule
from bot.core import Core, make_id, now_utc
from bot.services import Services
from bot.transport import delivery as arrivals
from bot.transport import later
from bot.transport.gateway import Gateway
from bot.wiring import connect
from bot.workspace.board import Message
from bot.workspace.server import LocalWorkspace
from bot.workspace.socket_mode import Delivery
from config.loading import load_settings
from config.settings import Settings
from feedback import replies
from feedback.database import open_database
from feedback.inbox import find_unfinished
from retrieval.encoders.embedder import load_embedder
from retrieval.knowledge import Knowledge
from retrieval.passage import Audience
from retrieval.ranking.evidence import EvidenceLimits
from tests.fakes import QuotingEngine

TEAM = "T0LOCAL"
HELP, STAFF, ADMIN = "C0HELP", "C0STAFF", "C0ADMIN"
CLEO, SAM, ADA = "U0CLEO", "U0SAM", "U0ADA"
DMS = {CLEO: "D0CLEO", SAM: "D0SAM", ADA: "D0ADA"}
COMPANY = "Tansy Robotics"
SECRET = "a signing secret"
ONLY_SOCKET = pytest.mark.parametrize("transport", ["socket"])
ONLY_HTTP = pytest.mark.parametrize("transport", ["http"])

DOCUMENTS = {
    "tansy-4.md": """---
title: Tansy 4
audience: customer
---
# Tansy 4
## Battery
The Tansy 4 runs for 55 minutes on one charge. The battery of the Tansy 4 charges in 80 minutes.
## Limits
The Tansy 4 cannot fly and cannot climb stairs.
""",
    "returns.md": """---
title: Returns
audience: customer
---
# Returns
You can return a Tansy 4 within 30 days of delivery. Return shipping is free of charge.
""",
    "safety.md": """---
title: Safety
audience: customer
---
# Safety
Keep children and pets away while the blades of the robot turn. Lift the robot only by its handle.
""",
    "goodwill.md": """---
title: Goodwill
audience: staff
---
# Goodwill
Support agents may grant a goodwill credit of 45 euros for a late delivery.
""",
    "repair.md": """---
title: Repair prices
audience: staff
---
# Repair prices
The workshop pays 41 euros for a blade motor of the Tansy 4.
""",
}


@dataclass(slots=True)
class Chip:
    """A Chip that runs, with the handles that a story needs. `start` and `stop` may alternate on the same database."""

    core: Core
    engine: QuotingEngine
    workspace: LocalWorkspace
    _running: ExitStack = field(default_factory=ExitStack)
    services: Services | None = None
    gateway: Gateway | None = None

    def start(self) -> None:
        self._running = ExitStack()
        self.services = self._running.enter_context(
            connect(
                self.core,
                bot_token=self.workspace.bot_token,
                app_token=self.workspace.app_token,
                signing_secret=SECRET,
                base_url=self.workspace.api_url,
                on_open=self._deliver_to,
            )
        )
        self.workspace.wait_for(self.workspace.is_connected)

    def stop(self) -> None:
        self._running.close()

    def _deliver_to(self, gateway: Gateway) -> None:
        self.gateway = gateway
        if self.core.settings.slack.transport == "http":
            assert gateway.request_url is not None
            self.workspace.deliver_to(gateway.request_url, SECRET)

    def ask(self, person: str, text: str, channel: str | None = None, thread_ts: str | None = None) -> dict[str, Any]:
        """Post as the person and return Chip's first finished message after it in the thread."""
        channel = channel or DMS[person]
        visitor = self.workspace.visit(person)
        ts = visitor.post(channel, text, thread_ts)
        return visitor.wait_for_message(
            channel,
            lambda message: "bot_id" in message and not message["streaming"] and message["ts"] > ts,
            thread_ts or ts,
        )

    def wait_for_said(self, channel: str, text: str) -> Message:
        """Return the first message of Chip's in a channel, ephemerals included, that holds the text."""
        return self.workspace.wait_for(
            lambda: next((m for m in self.workspace.messages(channel) if m.bot_id and text in show(m)), None)
        )

    def show(self, person: str, message: Message) -> dict[str, Any]:
        """Return a message as the person's page shows it."""
        visitor = self.workspace.visit(person)
        return visitor.wait_for_message(message.channel, lambda shown: shown["ts"] == message.ts, message.thread_ts)

    def reply_at(self, channel: str, message: dict[str, Any]) -> replies.Reply:
        """Return the row of the reply that a message shows."""
        reply = replies.find_reply_at(self.core.db, channel, message["ts"])
        assert reply is not None
        return reply

    def read_file(self, file_id: str) -> bytes:
        content = self.workspace.inside(lambda workspace: workspace.files.get(file_id).content)
        assert content is not None
        return content

    def settle(self) -> None:
        """Wait until every envelope was acknowledged and every event in the inbox is done."""
        self.workspace.wait_for(self._is_settled)

    def _is_settled(self) -> bool:
        assert self.gateway is not None
        is_stored = self.workspace.is_idle() and self.gateway.delivery.is_idle
        return is_stored and not find_unfinished(self.core.db)

    def said(self, channel: str) -> list[str]:
        """Everything that Chip said in a channel, threads and ephemerals included, oldest first."""
        return [show(m) for m in self.workspace.messages(channel) if m.bot_id]


def show(message: Message) -> str:
    """Return all that a message says: its text, its Markdown and its blocks."""
    return "\n".join([message.text, message.markdown or "", json.dumps(message.blocks, ensure_ascii=False)])


@pytest.fixture(scope="session")
def knowledge_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def knowledge(tmp_path_factory: pytest.TempPathFactory, knowledge_folder: Path) -> Iterator[Knowledge]:
    """The documents, indexed once: tests only read them."""
    # The scripted model says more than one fact at a time, as a large one does, and is shown as much.
    limits = EvidenceLimits(keep_within=3.0)
    index = tmp_path_factory.mktemp("index")
    knowledge = Knowledge(index, load_embedder(), default_audience=Audience.STAFF, limits=limits)
    knowledge.ingest(knowledge_folder)
    yield knowledge
    knowledge.close()


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "chip.db"
    open_database(f"sqlite:///{path}", clock=now_utc, new_id=make_id).close()
    return path


@pytest.fixture(params=["socket", pytest.param("http", marks=pytest.mark.http)])
def transport(request: pytest.FixtureRequest) -> str:
    """How the workspace reaches Chip. Every story is told in both, but for those that are about one of them."""
    return str(request.param)


@pytest.fixture
def chip_settings(tmp_path: Path, migrated_database: Path, transport: str) -> Settings:
    shutil.copy(migrated_database, tmp_path / "chip.db")
    environment = {
        "CHIP_DATA": str(tmp_path),
        "CHIP_COMPANY": COMPANY,
        "CHIP_SLACK__TRANSPORT": transport,
        "CHIP_HTTP__PORT": "0",
        "CHIP_PRIVACY__READ_NAMES": "false",
    }
    return load_settings(environment=environment).settings


@pytest.fixture
def delivery() -> Delivery:
    return Delivery(ack_seconds=5.0, redelivery_seconds=(0.0, 0.05, 0.1))


@pytest.fixture(autouse=True)
def tried_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the inbox could not store is tried again within a moment, not five seconds."""
    monkeypatch.setattr(arrivals, "SWEEP_SECONDS", 0.2)


@pytest.fixture
def stopped_chip(chip_settings: Settings, knowledge: Knowledge, delivery: Delivery) -> Iterator[Chip]:
    """Chip with everything but its connection to Slack."""
    before = set(threading.enumerate())
    engine = QuotingEngine()
    db = open_database(chip_settings.database_url, clock=now_utc, new_id=make_id)
    with LocalWorkspace(delivery=delivery) as workspace:
        chip = Chip(Core(chip_settings, db, knowledge, engine), engine, workspace)
        yield chip
        chip.stop()
    engine.close()
    db.close()
    left = {thread.name for thread in threading.enumerate() if thread not in before}
    assert not left, f"threads that were left: {sorted(left)}"


@pytest.fixture
def chip(stopped_chip: Chip) -> Chip:
    stopped_chip.start()
    return stopped_chip


@pytest.fixture
def patient_chip(stopped_chip: Chip, monkeypatch: pytest.MonkeyPatch) -> Chip:
    """Chip that tries again within a moment, not five seconds."""
    monkeypatch.setattr(later, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(schedule, "LATER_SECONDS", 0.05)
    stopped_chip.start()
    return stopped_chip
