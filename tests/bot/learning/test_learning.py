"""The live adapter follows its pointer, goes back, and a failure is told once; with real rows and files."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from bot.core import make_id, now_utc
from bot.engine.port import EngineError
from bot.learning.learning import Learning
from bot.views import wording
from feedback.database import open_database
from feedback.forgetting import forget_person
from retrain import registry
from retrain.curate import curate
from retrain.errors import RetrainError, RetrainRunning, RetrainStopped
from retrain.examples import DATASET, freeze_dataset
from retrain.report import COMMAND_LINE, RetrainReport, Scores, begin_run, end_run, fail_run
from retrain.settings import CurateSettings
from tests.fakes import QuotingEngine
from tests.loop.adapters import write_adapter
from tests.patience import PATIENCE_SECONDS
from tests.retrain.feedback_rows import add_reply, correct

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
        self.may_end.wait(PATIENCE_SECONDS)
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


def test_what_another_process_promotes_is_served_and_told(learning: Learning, channel: Channel) -> None:
    promote(learning, "A1")
    learning.follow_pointer()
    assert learning.engine.adapter_id() == "A1"
    assert channel.told == [wording.TAKEN_UP.format(adapter="A1")]

    learning.follow_pointer()
    assert isinstance(learning.engine, QuotingEngine)
    assert len(learning.engine.swaps) == 1


def test_the_report_of_a_training_elsewhere_is_told_when_its_adapter_is_taken_up(
    learning: Learning, channel: Channel
) -> None:
    run_id, started_at = begin_run(learning.db, trigger="command line", requested_by="op")
    scores = Scores(20, 30, 1, 5, 2, 1, 0, 300.0)
    report = replace(REPORT, run_id=run_id, started_at=started_at, outcome="promoted", reasons=("Why.",))
    report = replace(report, adapter_id="A1", before=scores, after=scores, seconds={"train": 60.0, "total": 61.0})
    end_run(learning.db, report)
    promote(learning, "A1")
    learning.follow_pointer()
    assert (channel.told, channel.reports) == ([], [report])


@pytest.mark.parametrize("outcome", ["refused", "nothing to learn"])
def test_a_training_elsewhere_that_changed_nothing_is_reported_once(
    learning: Learning, channel: Channel, outcome: Literal["refused", "nothing to learn"]
) -> None:
    run_id, started_at = begin_run(learning.db, trigger=COMMAND_LINE, requested_by="op")
    learning.follow_pointer()
    assert channel.reports == []  # it goes on
    report = replace(REPORT, run_id=run_id, started_at=started_at, outcome=outcome, reasons=("Why.",))
    end_run(learning.db, report)
    learning.follow_pointer()
    learning.follow_pointer()
    assert (channel.told, channel.reports) == ([], [report])


def test_a_training_elsewhere_that_failed_is_told_with_its_reason(learning: Learning, channel: Channel) -> None:
    run_id, _ = begin_run(learning.db, trigger=COMMAND_LINE, requested_by="op")
    fail_run(learning.db, run_id, "DatasetError: The held-out questions cannot be read.")
    learning.follow_pointer()
    learning.follow_pointer()
    assert channel.told == ["A training on the command line failed: The held-out questions cannot be read."]


def test_a_training_of_this_process_is_reported_by_itself_alone(learning: Learning, channel: Channel) -> None:
    run_id, started_at = begin_run(learning.db, trigger="command", requested_by="U1")
    end_run(learning.db, replace(REPORT, run_id=run_id, started_at=started_at))
    learning.follow_pointer()
    assert (channel.told, channel.reports) == ([], [])


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
    (told,) = channel.told[1:]  # after the first adapter was taken up
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
    assert learning.rollback(to=None, by="U1") == ("A1", "the base quoting-base")
    with pytest.raises(RetrainError, match="The base answers already"):
        learning.rollback(to=None, by="U1")
    assert learning.rollback(to="A2", by="U1") == ("the base quoting-base", "A2")
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


def learn_and_serve(learning: Learning, adapter_id: str) -> Path:
    """Freeze what feedback holds now, and serve an adapter of it; return its run's folder."""
    run = learning.runs_folder / f"T{adapter_id}"
    run.mkdir(parents=True)
    curated = curate(learning.db, CurateSettings(), seed=1, heldout=[])
    dataset = freeze_dataset(curated.examples, run, {})
    base_id = learning.engine.base_id
    adapter = write_adapter(learning.adapters_folder, adapter_id, base_id, dataset_hash=dataset.sha256)
    registry.promote(learning.db, adapter, by="test", reason="test")
    learning.engine.use_adapter(adapter)
    return run


def teach(learning: Learning) -> None:
    for number in (1, 2):
        add_reply(learning.db, f"R{number}", f"What of Ann Onym's {number}?", asker=f"U{number}")
        correct(learning.db, f"R{number}", f"It is {number}.")


def wait_for_end(learning: Learning) -> None:
    assert learning._thread is not None
    learning._thread.join(10)


def test_an_adapter_that_learned_what_is_forgotten_is_replaced_by_one_that_did_not(
    learning: Learning, channel: Channel
) -> None:
    teach(learning)
    first = learn_and_serve(learning, "A1")
    served = []

    def run(trigger: str, requested_by: str) -> RetrainReport:
        served.append((trigger, requested_by, learning.engine.adapter_id()))
        learn_and_serve(learning, "A2")
        return REPORT

    learning.run = run
    forget_person(learning.db, "T1", "U1")
    learning.forget_lessons()
    wait_for_end(learning)

    assert served == [("forgetting", "Chip", "A1")], "the old one answers while the new one is trained"
    assert registry.live(learning.db, "quoting-base") == learning.engine.adapter_id() == "A2"
    assert [adapter.id for adapter in registry.list_adapters(learning.adapters_folder)] == ["A2"]
    assert "Onym's 1" not in (first / DATASET).read_text()
    assert "*A1* answers until it ends" in channel.told[0]
    with pytest.raises(RetrainError, match="There is no adapter A1"):
        learning.rollback(to="A1", by="U1")
    assert learning.rollback(to=None, by="U1") == ("A2", "the base quoting-base")


@pytest.mark.parametrize("outcome", [REPORT, RetrainError("No disk.")])
def test_where_the_training_without_it_gives_nothing_what_served_before_serves(
    learning: Learning, runs: Runs, channel: Channel, outcome: RetrainReport | Exception
) -> None:
    teach(learning)
    add_reply(learning.db, "R3", "What of the third?", asker="U3")
    learn_and_serve(learning, "A1")
    correct(learning.db, "R3", "It is 3.")
    learn_and_serve(learning, "A2")
    runs.outcome = outcome
    runs.may_end.set()
    forget_person(learning.db, "T1", "U3")
    learning.forget_lessons()
    wait_for_end(learning)

    assert runs.asked == [("forgetting", "Chip")]
    assert registry.live(learning.db, "quoting-base") == learning.engine.adapter_id() == "A1"
    assert "*A1* answers from now on" in channel.told[-1]
    assert [adapter.id for adapter in registry.list_adapters(learning.adapters_folder)] == ["A1"]


def test_what_is_forgotten_during_a_retrain_makes_it_train_once_more(learning: Learning, runs: Runs) -> None:
    teach(learning)
    learn_and_serve(learning, "A1")
    learning.start(trigger="command", requested_by="U9")
    forget_person(learning.db, "T1", "U1")
    learning.forget_lessons()
    assert registry.live(learning.db, "quoting-base") == "A1", "its dataset may be in use"
    runs.may_end.set()
    wait_for_end(learning)

    assert [trigger for trigger, _ in runs.asked] == ["command", "forgetting"]
    assert learning.engine.adapter_id() is None


def test_the_end_of_an_installation_takes_the_adapter_at_once(learning: Learning, runs: Runs) -> None:
    teach(learning)
    learn_and_serve(learning, "A1")
    for person in ("U1", "U2", "U9"):
        forget_person(learning.db, "T1", person)
    learning.forget_lessons(is_over=True)
    assert runs.asked == []
    assert learning.engine.adapter_id() is None
    assert registry.list_adapters(learning.adapters_folder) == []


def test_stopping_breaks_a_retrain_off_and_says_so(learning: Learning, channel: Channel) -> None:
    def run(_trigger: str, _by: str) -> RetrainReport:
        assert learning.stopping.wait(PATIENCE_SECONDS)
        raise RetrainStopped

    learning.run = run
    learning.start(trigger="command", requested_by="U1")
    learning.close()
    assert channel.told == ["The training was broken off because Chip was stopped."]
    assert not learning.start(trigger="command", requested_by="U1")
