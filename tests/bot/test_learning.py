"""The live adapter follows its pointer, goes back, and a failure is told once; with real rows and files."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core import make_id, now_utc
from bot.engine.port import EngineError
from bot.learning import Learning
from feedback.database import open_database
from retrain import registry
from retrain.errors import RetrainError, RetrainRunning
from retrain.report import RetrainReport
from tests.fakes import QuotingEngine
from tests.loop.adapters import write_adapter

REPORT = RetrainReport("T1", "command", "U1", datetime(2026, 1, 1, tzinfo=UTC), "nothing to learn", (), "b", None)


class Channel:
    """The admin channel: what it was told, and the reports that it got."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.reports: list[RetrainReport] = []


class Runs:
    """A retrain at its border: does what `outcome` says, once it is let go."""

    def __init__(self) -> None:
        self.outcome: RetrainReport | Exception = REPORT
        self.may_end = threading.Event()
        self.asked: list[tuple[str, str]] = []

    def __call__(self, trigger: str, requested_by: str) -> RetrainReport:
        self.asked.append((trigger, requested_by))
        self.may_end.wait(5)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.fixture
def channel() -> Channel:
    return Channel()


@pytest.fixture
def runs() -> Runs:
    return Runs()


@pytest.fixture
def learning(tmp_path: Path, channel: Channel, runs: Runs) -> Iterator[Learning]:
    db = open_database(f"sqlite:///{tmp_path / 'chip.db'}", clock=now_utc, new_id=make_id)
    learning = Learning(
        db=db,
        engine=QuotingEngine(),
        adapters_folder=tmp_path / "adapters",
        runs_folder=tmp_path / "retrain",
        run=runs,
        tell=channel.told.append,
        report=channel.reports.append,
    )
    yield learning
    runs.may_end.set()
    learning.close()
    db.close()


def promote(learning: Learning, adapter_id: str) -> Path:
    """Register an adapter and point to it, as another process would; return its file."""
    adapter = write_adapter(learning.adapters_folder, adapter_id, learning.engine.base_id)
    registry.promote(learning.db, adapter, by="test", reason="test")
    return adapter.gguf_path


def test_what_another_process_promotes_is_served(learning: Learning) -> None:
    promote(learning, "A1")
    learning.follow_pointer()
    assert learning.engine.adapter_id() == "A1"

    learning.follow_pointer()
    assert isinstance(learning.engine, QuotingEngine)
    assert len(learning.engine.swaps) == 1


def test_what_another_process_rolls_back_is_no_longer_served(learning: Learning) -> None:
    promote(learning, "A1")
    learning.follow_pointer()
    registry.rollback(learning.db, None, learning.engine.base_id, by="cli", reason="rollback")
    learning.follow_pointer()
    assert learning.engine.adapter_id() is None


def test_a_damaged_live_adapter_is_told_once_and_the_base_answers(learning: Learning, channel: Channel) -> None:
    promote(learning, "A1")
    learning.follow_pointer()
    file = promote(learning, "A2")
    whole = file.read_bytes()
    file.write_bytes(b"")
    for _ in range(3):
        learning.follow_pointer()
    assert learning.engine.adapter_id() is None
    (told,) = channel.told
    assert "adapter.gguf does not match its recorded hash" in told

    file.write_bytes(whole)
    learning.follow_pointer()
    assert learning.engine.adapter_id() == "A2"


def test_an_adapter_that_the_engine_refuses_is_told_once(
    learning: Learning, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> float:
        raise EngineError("It has another shape.")

    promote(learning, "A1")
    monkeypatch.setattr(QuotingEngine, "use_adapter", refuse)
    learning.follow_pointer()
    learning.follow_pointer()
    assert len(channel.told) == 1


def test_each_rollback_goes_one_step_further_back(learning: Learning) -> None:
    for adapter_id in ("A1", "A2"):
        promote(learning, adapter_id)
        learning.follow_pointer()
    assert learning.rollback(to=None, by="U1") == ("A2", "A1")
    assert learning.rollback(to=None, by="U1") == ("A1", "the bare base quoting-base")
    with pytest.raises(RetrainError, match="nothing to go back to"):
        learning.rollback(to=None, by="U1")
    assert learning.rollback(to="A2", by="U1") == ("the bare base quoting-base", "A2")
    history = [row.adapter_id for row in registry.find_promotions(learning.db, "quoting-base")]
    assert history == ["A1", "A2", "A1", None, "A2"]


@pytest.mark.parametrize("to", ["A9", "../A1", ""])
def test_a_rollback_to_what_is_not_there_changes_nothing(learning: Learning, to: str) -> None:
    promote(learning, "A1")
    learning.follow_pointer()
    with pytest.raises(RetrainError):
        learning.rollback(to=to, by="U1")
    assert learning.engine.adapter_id() == registry.live(learning.db, "quoting-base") == "A1"


def test_an_adapter_that_the_gate_refused_cannot_be_rolled_to(learning: Learning) -> None:
    write_adapter(learning.adapters_folder, "A3", "quoting-base", passed=False)
    with pytest.raises(RetrainError, match="did not pass the gate"):
        learning.rollback(to="A3", by="U1")


def test_a_second_retrain_is_not_begun_while_one_runs(learning: Learning, runs: Runs, channel: Channel) -> None:
    assert learning.start(trigger="command", requested_by="U1")
    assert not learning.start(trigger="command", requested_by="U2")
    assert ("Training", "running") in learning.status_rows()
    runs.may_end.set()
    learning.close()
    assert (runs.asked, channel.reports) == ([("command", "U1")], [REPORT])
    assert ("Training", "idle") in learning.status_rows()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RetrainRunning("10:00"), "already running since 10:00"),
        (RetrainError("No disk."), "The training failed: No disk."),
        (ValueError("secret detail"), "The training failed: an unexpected error"),
    ],
)
def test_a_failed_retrain_is_told_without_what_it_should_not_say(
    learning: Learning, runs: Runs, channel: Channel, error: Exception, told: str
) -> None:
    runs.outcome = error
    runs.may_end.set()
    learning.start(trigger="command", requested_by="U1")
    learning.close()
    assert told in channel.told[0]
    assert "secret detail" not in channel.told[0]
    assert channel.reports == []
