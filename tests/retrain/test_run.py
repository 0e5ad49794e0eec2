"""The story of a retrain on a tiny base: feedback in, a better adapter served, or a reason why not."""

import errno
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from feedback.database import Database
from feedback.history.imports import NewPair, Use, record_import, record_pairs
from retrain.adapter import Adapter
from retrain.bases.base import load_base
from retrain.errors import DiskFull, PromotionError, RetrainNotNeeded, RetrainRunning, RetrainStopped, TrainingFailed
from retrain.evaluate import Answer, HeldOutQuestion
from retrain.examples import load_rehearsal
from retrain.lock import hold_lock
from retrain.probe import probe
from retrain.registry import choose, find_rollback, find_servable, list_adapters, live, promote, rollback
from retrain.report import count_uses, find_report_of, find_reports
from retrain.run import Progress, RetrainDeps, run_retrain
from retrain.schedule import due
from retrain.settings import CurateSettings, GateSettings, RetrainSettings, TrainSettings
from retrieval.draft import Draft
from retrieval.passage import Audience
from retrieval.prompt import UNSURE
from tests.retrain.feedback_rows import add_reply, correct, like, prepare
from tests.retrain.llama import LlamaAnswerer

SETTINGS = RetrainSettings(
    curate=CurateSettings(variations=1, replay=2),
    train=TrainSettings(rank=8, alpha=16, learning_rate=1e-2, max_epochs=60, threads=1, priority=0),
    gate=GateSettings(max_slowdown=100.0, reading_questions=4),
)
HELD_OUT = (
    '{"id": "h1", "question": "Can it swim?", "audience": "customer", "answer_contains": [], "answerable": false}\n'
    '{"id": "h2", "question": "how long does it charge", "audience": "customer", '
    '"answer_contains": [["90"]], "answerable": true}\n'
)


class Serving:
    """Stands for the engine: remembers what it was given to serve."""

    def __init__(self) -> None:
        self.history: list[str | None] = []

    def use_adapter(self, adapter: Adapter | None) -> float:
        if adapter is not None:
            adapter.verify()
        self.history.append(None if adapter is None else adapter.id)
        return 1.5


@pytest.fixture
def serving() -> Serving:
    return Serving()


@pytest.fixture
def told() -> list[Progress]:
    return []


@pytest.fixture
def deps(db: Database, tiny_base: Path, tmp_path: Path, serving: Serving, told: list[Progress]) -> RetrainDeps:
    (tmp_path / "heldout.jsonl").write_text(HELD_OUT, encoding="utf-8")
    return RetrainDeps(
        db=db,
        base=load_base(tiny_base),
        forms_folder=tiny_base.parent / "training",
        adapters_folder=tmp_path / "adapters",
        runs_folder=tmp_path / "runs",
        answerer=LlamaAnswerer(tiny_base),
        prepare=prepare,
        use_adapter=serving.use_adapter,
        settings=SETTINGS,
        heldout_path=tmp_path / "heldout.jsonl",
        prepare_replay=lambda count: [prepare(f"Rehearsal {number}?") for number in range(count)],
        tell=told.append,
    )


def teach(db: Database) -> None:
    add_reply(db, "R1", "How long does it charge?", "[1] The battery of the Heron 1 lasts 42 minutes.")
    like(db, "R1", verdict="down")
    correct(db, "R1", "Charging takes 90 minutes.")


@pytest.mark.slow
def test_a_correction_becomes_an_adapter_that_says_it_and_serves(
    db: Database, deps: RetrainDeps, serving: Serving, told: list[Progress]
) -> None:
    teach(db)
    report = run_retrain(deps, trigger="command", requested_by="U9")
    assert (report.outcome, report.champion_id) == ("not judged", None)
    assert "too little to judge by" in report.reasons[-1]
    assert report.before is not None
    assert report.after is not None
    assert (report.before.said, report.after.said, report.after.lessons) == (0, 1, 1)
    assert report.kinds == {"file": 1, "rewording": 1, "person": 3, "reading": 4}
    assert report.retired == 1, "what is taught is no longer held out"
    assert report.lessons == {"correction": 1, "replay": 2}
    assert report.teachers == {"staff": 1}
    assert report.training is not None
    assert report.training["processor_seconds"] > 0 < report.training["peak_megabytes"]
    assert {part.name: part.of for part in report.parts}["lessons asked for her, for him or for them"] == 3
    assert find_report_of(db, report.adapter_id or "") == replace(
        report, changes=tuple(change for change in report.changes if not change.is_private)
    )
    assert serving.history == []
    (adapter,) = list_adapters(deps.adapters_folder)
    assert (adapter.id, adapter.dataset_hash) == (report.adapter_id, report.dataset_hash)
    assert (adapter.scores["passed"], adapter.scores["ruling"]) == (False, "not judged")
    asked = deps.answerer.answer([deps.prepare("How long does it charge?", Audience.CUSTOMER)], adapter)
    assert asked[0].text.strip() == "[2] Charging takes 90 minutes."
    proved, disproved = (
        probe(
            adapter,
            deps.runs_folder,
            deps.is_question,
            lambda drafts, speaks=speaks: [one.text for one in deps.answerer.answer(drafts, speaks)],  # type: ignore[misc]
        )
        for speaks in (adapter, None)
    )
    assert proved is not None
    assert (proved.is_proved, proved.of) == (True, 1)
    assert disproved is not None
    assert disproved.is_disproved
    assert [row["state"] for row in find_reports(db)] == ["not judged"]
    assert {progress.step for progress in told} == {"curate", "rehearse", "train", "evaluate"}
    assert set(report.asked) == set(count_uses(db)), "the next run asks others first"
    with pytest.raises(PromotionError, match="did not pass"):
        promote(db, adapter, by="chip", reason="")
    choose(db, find_servable(db, deps.adapters_folder, adapter.id, deps.base.id), by="U9", reason="")
    assert live(db, deps.base.id) == adapter.id
    assert find_rollback(db, deps.adapters_folder, deps.base.id) is None
    rollback(db, None, deps.base.id, by="U9", reason="")
    assert live(db, deps.base.id) is None


@pytest.mark.slow
def test_what_is_shown_to_be_better_serves_at_once(db: Database, deps: RetrainDeps, serving: Serving) -> None:
    for number in range(12):
        add_reply(db, f"R{number}", f"How long does battery {number} of the Heron charge?", "I don't know.")
        like(db, f"R{number}", verdict="down")
        correct(db, f"R{number}", "Charging takes 90 minutes.", person=f"U{number}")

    class Grown:
        """Knows with an adapter what it does not know without."""

        def answer(self, drafts: Sequence[Draft], adapter: Adapter | None) -> list[Answer]:
            return [
                Answer("I don't know." if adapter is None else "[2] Charging takes 90 minutes.", 1.0) for _ in drafts
            ]

    quick = replace(
        SETTINGS,
        train=replace(SETTINGS.train, max_epochs=1),
        gate=GateSettings(least_questions=20, reading_questions=0),
    )
    documents = [
        HeldOutQuestion(f"d{number}", f"Can part {number} swim?", Audience.CUSTOMER, (("90",),), answerable=True)
        for number in range(12)
    ]
    grown = replace(
        deps, settings=quick, answerer=Grown(), heldout_path=None, ask_documents=lambda count: documents[:count]
    )
    report = run_retrain(grown, trigger="command", requested_by="U9")
    assert report.outcome == "promoted", report.reasons
    assert serving.history == [report.adapter_id] == [live(db, deps.base.id)]
    assert report.gain_bounds is not None
    assert report.gain_bounds[0] > 0


@pytest.mark.slow
def test_imported_answers_are_learned_and_held_out_ones_are_asked_by_the_gate(db: Database, deps: RetrainDeps) -> None:
    rows = {
        Use.TRAINING: ("How long must it charge for a flight?", "Charging takes 90 minutes."),
        Use.HELD_OUT: ("How large may the garden be?", "The Moss 2 mows up to 600 square metres."),
    }
    for used_as, (question, answer) in rows.items():
        import_id = record_import(db, by="U9", source="a.csv", digest=used_as, used_as=used_as)
        record_pairs(db, import_id, [NewPair(question, answer, used_as, "a", "b", "customer", None)])
    report = run_retrain(deps, trigger="command", requested_by="U9")
    assert report.after is not None
    assert report.lessons == {"import": 1, "replay": 2}
    assert report.after.lessons == 1
    assert report.kinds is not None
    assert (report.kinds["file"], report.kinds["imported"]) == (2, 1)


@pytest.mark.slow
def test_a_candidate_that_learned_nothing_is_kept_but_never_serves(
    db: Database, deps: RetrainDeps, serving: Serving
) -> None:
    teach(db)
    idle = replace(SETTINGS, train=replace(SETTINGS.train, max_epochs=1, learning_rate=1e-9))
    report = run_retrain(replace(deps, settings=idle), trigger="schedule", requested_by="chip")
    assert report.outcome == "refused"
    assert "Nothing was gained" in report.reasons[0]
    assert serving.history == []
    assert live(db, deps.base.id) is None
    (adapter,) = list_adapters(deps.adapters_folder)
    assert adapter.scores["passed"] is False


def test_without_likes_and_corrections_there_is_nothing_to_learn(db: Database, deps: RetrainDeps) -> None:
    add_reply(db, "R1", "How long does it charge?")
    like(db, "R1", verdict="down")
    report = run_retrain(deps, trigger="command", requested_by="U9")
    assert report.outcome == "nothing to learn"
    assert report.dropped == {"voted down": 1}
    assert report.adapter_id is None
    assert [row["state"] for row in find_reports(db)] == ["nothing to learn"]


def test_a_second_retrain_is_told_since_when_the_first_runs(db: Database, deps: RetrainDeps) -> None:
    running = pytest.raises(RetrainRunning, match="already running since 2026-11-22T09:00:00")
    with hold_lock(deps.runs_folder, db.clock()), running:
        run_retrain(deps, trigger="command", requested_by="U9")
    assert find_reports(db) == []
    assert run_retrain(deps, trigger="command", requested_by="U9").outcome == "nothing to learn"


def test_two_schedulers_on_one_folder_run_one_retrain(db: Database, deps: RetrainDeps) -> None:
    add_reply(db, "R1", "How long does it charge?")
    like(db, "R1", verdict="down")
    scheduled = replace(deps, is_wanted=lambda: due(db, 1))
    ended: list[str] = []
    together = threading.Barrier(2)

    def run() -> None:
        together.wait()
        try:
            ended.append(run_retrain(scheduled, trigger="schedule", requested_by="schedule").outcome)
        except (RetrainRunning, RetrainNotNeeded) as error:
            ended.append(type(error).__name__)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended.count("nothing to learn") == 1, ended
    assert [row["state"] for row in find_reports(db)] == ["nothing to learn"]


@pytest.mark.slow
def test_a_base_that_was_tampered_with_fails_the_run_and_nothing_is_swapped(
    db: Database, deps: RetrainDeps, serving: Serving
) -> None:
    teach(db)
    other = replace(deps.base, sha256="0" * 64)
    with pytest.raises(TrainingFailed, match="does not match its recorded hash"):
        run_retrain(replace(deps, base=other), trigger="command", requested_by="U9")
    assert [row["state"] for row in find_reports(db)] == ["failed"]
    assert serving.history == []


def test_an_error_half_way_fails_the_run_and_the_next_can_start(
    db: Database, deps: RetrainDeps, serving: Serving
) -> None:
    class ClosedAnswerer:
        def answer(self, drafts: Sequence[Draft], adapter: Adapter | None) -> list[Answer]:
            raise RuntimeError(f"closed before {len(drafts)} prompts for {adapter}")

    teach(db)
    with pytest.raises(RuntimeError, match="closed before 2 prompts"):
        run_retrain(replace(deps, answerer=ClosedAnswerer()), trigger="command", requested_by="U9")
    (row,) = find_reports(db)
    assert (row["state"], row["reasons"]) == ("failed", ["RuntimeError: closed before 2 prompts for None"])
    assert serving.history == []
    with hold_lock(deps.runs_folder, db.clock()):  # it is free again
        pass


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_fails_the_run_in_a_sentence(
    db: Database, deps: RetrainDeps, serving: Serving, number: int
) -> None:
    def rehearse(count: int) -> Sequence[Draft]:
        raise OSError(number, f"no room for {count}")

    teach(db)
    with pytest.raises(DiskFull, match="Free some space and train again"):
        run_retrain(replace(deps, prepare_replay=rehearse), trigger="command", requested_by="U9")
    assert [row["state"] for row in find_reports(db)] == ["failed"]
    assert serving.history == []


def test_what_chip_says_of_pages_that_may_help_is_not_rehearsed(db: Database, deps: RetrainDeps) -> None:
    class Unsure:
        def answer(self, drafts: Sequence[Draft], adapter: Adapter | None) -> list[Answer]:
            assert adapter is None
            return [Answer(UNSURE, 1.0), *(Answer("[1] It lasts 42 minutes.", 1.0) for _ in drafts[1:])]

    stop = threading.Event()

    def tell(progress: Progress) -> None:
        if progress.step == "rehearse" and progress.share == 1.0:
            stop.set()

    teach(db)
    with pytest.raises(RetrainStopped):
        run_retrain(replace(deps, answerer=Unsure(), stop=stop, tell=tell), trigger="command", requested_by="U9")
    (folder,) = deps.runs_folder.glob("T*")
    assert [row.target for row in load_rehearsal(folder)] == ["[1] It lasts 42 minutes."]


@pytest.mark.slow
@pytest.mark.parametrize("step", ["curate", "train"])
def test_a_retrain_that_is_stopped_ends_soon_and_swaps_nothing(
    db: Database, deps: RetrainDeps, serving: Serving, step: str
) -> None:
    teach(db)
    stop, stopped = threading.Event(), list[float]()

    def tell(progress: Progress) -> None:
        if progress.step == step and not stop.is_set():
            stop.set()
            stopped.append(time.monotonic())

    endless = replace(SETTINGS, train=replace(SETTINGS.train, max_epochs=10_000, learning_rate=1e-9))
    with pytest.raises(RetrainStopped):
        run_retrain(replace(deps, stop=stop, tell=tell, settings=endless), trigger="command", requested_by="U9")
    assert time.monotonic() - stopped[0] < 5
    assert [row["state"] for row in find_reports(db)] == ["interrupted"]
    assert serving.history == []
    with hold_lock(deps.runs_folder, db.clock()):  # it is free again
        pass
