"""The story of a retrain: from what people said to a better adapter that serves, or a reason why not.

Everything that serves is passed in as a function. Knows nothing of Slack, of the engine or of the command line.
"""

import errno
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from feedback.database import Database
from feedback.errors import FeedbackError
from retrain.adapter import Adapter
from retrain.bases.base import Base
from retrain.canary.log import begin, end, find_running
from retrain.contest import Comparison, Exam, build_scores, compare
from retrain.curate import NO_CONSENT, Curated, Prepare, Privacy, curate
from retrain.data.duplicates import Encode, keeps_meaning
from retrain.data.imported import find_imported_questions
from retrain.data.kept_back import find_kept_back
from retrain.data.people import count_all
from retrain.data.teachers import count_teachers
from retrain.data.version import describe_settings, describe_sources, freeze_version
from retrain.erasure import find_covered, has_learned_forgotten
from retrain.errors import DiskFull, RetrainNotNeeded, RetrainStopped
from retrain.evaluate import Answerer, HeldOutQuestion, load_heldout
from retrain.examples import Dataset, Example, load_dataset, save_rehearsal
from retrain.job import TrainingJob, TrainingResult, run_training
from retrain.judging.questions import ask_for_others, choose_lessons, choose_questions, find_kept_wordings, is_checked
from retrain.judging.reading import load_reading
from retrain.judging.slices import GETS_WRONG, Slice
from retrain.lock import hold_lock
from retrain.registry import build_candidate, discard_unfinished, live, load_live, promote, register
from retrain.report import FAILED, INTERRUPTED, Part, RetrainReport, Standing, begin_run, count_uses, end_run, fail_run
from retrain.retention import clear_away
from retrain.settings import RetrainSettings
from retrain.variations import rebuild_draft
from retrieval.draft import Draft
from retrieval.prompt import UNSURE

logger = logging.getLogger(__name__)

CHIP = "Chip"  # who decides where no person does
NOTHING_SAID = "There is no liked answer and no approved correction yet."
NOTHING_ALLOWED = "There is something to learn from, but none of it may be used; what was left out says why."


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a retrain is: the step's name, a line for people, and the finished share of the step, in [0, 1]."""

    step: str
    text: str
    share: float


@dataclass(frozen=True, slots=True)
class RetrainDeps:
    """What a retrain needs from the rest of Chip.

    `prepare` returns the draft that a question gets now; `prepare_replay(n)` up to n drafts to rehearse, none of them a
    held-out question. `ask_documents(n)` makes up to n questions from the documents, for the gate. `is_question` tells
    a question from small talk. `use_adapter` serves an adapter and returns the
    swap's milliseconds. `tell` gets the progress. `encode` compares questions by meaning. `describe_consent` says
    for the data set's card what was consented to. `version` is the folder of the data set version to train on; None
    chooses from all feedback. Once `stop` is set the run ends with `RetrainStopped`. `is_wanted` is asked once no other
    run can begin. Folders are created as needed.
    """

    db: Database
    base: Base
    forms_folder: Path
    adapters_folder: Path
    runs_folder: Path
    answerer: Answerer
    prepare: Prepare
    use_adapter: Callable[[Adapter | None], float]
    settings: RetrainSettings = field(default_factory=RetrainSettings)
    heldout_path: Path | None = None
    prepare_replay: Callable[[int], Sequence[Draft]] = field(default=lambda count: ())  # noqa: ARG005
    ask_documents: Callable[[int], Sequence[HeldOutQuestion]] = field(default=lambda count: ())  # noqa: ARG005
    is_question: Callable[[str], bool] = field(default=lambda message: False)  # noqa: ARG005
    privacy: Privacy = field(default_factory=Privacy)
    tell: Callable[[Progress], None] = field(default=lambda progress: None)  # noqa: ARG005
    encode: Encode | None = None
    describe_consent: Callable[[], list[dict[str, Any]]] = list
    version: Path | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    is_wanted: Callable[[], bool] = lambda: True


class _Watch:
    """Reports each step as it begins and keeps how long it took. Begins none once the run shall stop."""

    def __init__(self, tell: Callable[[Progress], None], stop: threading.Event) -> None:
        self.tell = tell
        self.stop = stop
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, text: str) -> Iterator[None]:
        if self.stop.is_set():
            raise RetrainStopped
        began = time.monotonic()
        self.tell(Progress(name, text, 0.0))
        yield
        self.seconds[name] = round(time.monotonic() - began, 2)
        self.tell(Progress(name, text, 1.0))

    def total(self) -> dict[str, float]:
        return self.seconds | {"total": round(sum(self.seconds.values()), 2)}


def run_retrain(deps: RetrainDeps, *, trigger: str, requested_by: str) -> RetrainReport:
    """Learn from all feedback that holds, and serve the result if it passes the gate.

    Raises `RetrainRunning` while another run goes on, `RetrainNotNeeded` if it is not wanted, and `RetrainError`,
    `AdapterError` or `FeedbackError` if a step fails; then the run is recorded as failed and what serves stays.
    """
    with hold_lock(deps.runs_folder, deps.db.clock()):
        if not deps.is_wanted():
            raise RetrainNotNeeded
        run_id, started_at = begin_run(deps.db, trigger=trigger, requested_by=requested_by)
        try:
            discard_unfinished(deps.adapters_folder)
            base = deps.base
            champion_id = live(deps.db, base.id)
            empty = RetrainReport(
                run_id, trigger, requested_by, started_at, "nothing to learn", (), base.id, champion_id
            )
            report = replace(_learn(deps, base, empty), cleared=_clear_away(deps))
            end_run(deps.db, report)
            logger.info(
                "retrain %s: %s, adapter %s, seconds %s", run_id, report.outcome, report.adapter_id, report.seconds
            )
        except BaseException as error:
            logger.warning("retrain %s failed: %s", run_id, type(error).__name__)
            _record_failure(deps.db, run_id, error)
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull from error
            raise
    return report


def _record_failure(db: Database, run_id: str, error: BaseException) -> None:
    """Record why the run ended; where not even that can be written, the next run records that it ended."""
    state = INTERRUPTED if isinstance(error, RetrainStopped) else FAILED
    try:
        fail_run(db, run_id, f"{type(error).__name__}: {error}", state)
    except (FeedbackError, SQLAlchemyError) as unrecorded:
        logger.error("the end of retrain %s is not recorded: %s", run_id, unrecorded)


def _clear_away(deps: RetrainDeps) -> int:
    """Delete what is old and not needed. Return how much; 0 where files refuse, which spoils no training."""
    try:
        cleared = clear_away(deps.db, deps.adapters_folder, deps.runs_folder, deps.settings.keep)
    except (OSError, ValueError) as error:
        logger.warning("old adapters and data sets stay: %s", error)
        return 0
    return len(cleared.adapters) + len(cleared.datasets)


def _learn(deps: RetrainDeps, base: Base, report: RetrainReport) -> RetrainReport:
    """Do the steps from feedback to a decision. Each step reads only what the earlier ones returned."""
    watch = _Watch(deps.tell, deps.stop)
    champion = _find_champion(deps, base)
    folder = deps.runs_folder / report.run_id
    folder.mkdir(parents=True)

    with watch.step("curate", "Choosing what to learn"):
        questions = find_questions(deps)
        curated = _load_curated(deps) if deps.version else curate_feedback(deps, questions)
    if not curated.lessons:
        reasons = (NOTHING_ALLOWED if curated.dropped else NOTHING_SAID,)
        return replace(report, reasons=reasons, dropped=curated.dropped, seconds=watch.total())
    with watch.step("rehearse", "Asking what must not be forgotten"):
        rehearsed = _rehearse(deps)
        save_rehearsal(rehearsed, folder)
        dataset = freeze(deps, curated)
    with watch.step("train", "Training"):
        forms, frozen = deps.forms_folder.resolve(), dataset.path.parent.resolve()
        job = TrainingJob(base.gguf_path.resolve(), base.sha256, forms, base.context, deps.settings.train, frozen)
        trained = run_training(job, folder, lambda event: _tell_training(deps, event), deps.stop)
        candidate = _build_candidate(deps, base, dataset, trained)
    with watch.step("evaluate", "Asking the new and the old model the same questions"):
        uses = count_uses(deps.db)
        exam, retired = _set_exam(deps, questions, curated, uses)
        comparison = compare(exam, deps.answerer, champion, candidate, deps.settings.gate)
    adapter = register(candidate, deps.adapters_folder, comparison.describe())
    swap_ms, is_tried = None, comparison.decision.promote and _try_on_people(deps, adapter, champion)
    if comparison.decision.promote and not is_tried:
        with watch.step("promote", "Serving the new adapter"):
            swap_ms = _serve(deps, adapter, champion, report.requested_by, " ".join(comparison.decision.reasons))
    judged = _report_judgement(report, exam, comparison)
    if is_tried:
        judged = replace(judged, outcome="on trial")
    return replace(
        judged,
        adapter_id=adapter.id,
        dataset_hash=dataset.sha256,
        rows=dataset.rows + len(rehearsed),
        lessons=dataset.counts | ({"replay": len(rehearsed)} if rehearsed else {}),
        dropped=curated.dropped,
        taught=len(curated.lessons),
        teachers=count_teachers(deps.db, curated.lessons),
        people={"lessons": count_all(curated.lessons), "rows": count_all(curated.examples)},
        retired=retired,
        training=_describe_training(trained),
        seconds=watch.total(),
        swap_ms=swap_ms,
        reused=sum(question.id in uses for question in exam.questions),
    )


def _set_exam(
    deps: RetrainDeps, questions: Sequence[HeldOutQuestion], curated: Curated, uses: Mapping[str, int]
) -> tuple[Exam, int]:
    """Return what both models are asked, and how many held-out questions were retired."""
    most, taught = deps.settings.gate.most_questions, curated.lessons
    lessons = choose_lessons(taught, deps.settings.gate.most_lessons, len(uses))

    def is_same(question: str, wording: str) -> bool:
        return keeps_meaning(question, wording, deps.encode)

    pool = [
        *questions,
        *find_kept_back(curated.examples),
        *find_kept_wordings(lessons, is_same),
        *ask_for_others(lessons),
        *deps.ask_documents(most),
    ]
    asked, retired = choose_questions(pool, taught, most, curated.covered, uses)
    drafted = [(one, deps.prepare(one.question, one.audience)) for one in asked]
    fit = [(one, draft) for one, draft in drafted if is_checked(one, draft)]
    fit += load_reading(deps.settings.gate.reading_questions, whole_passages=deps.base.reads_passages)
    lesson_drafts = [rebuild_draft(lesson, deps.is_question) for lesson in lessons]
    return Exam([one for one, _ in fit], [draft for _, draft in fit], lessons, lesson_drafts), retired


def _report_judgement(report: RetrainReport, exam: Exam, comparison: Comparison) -> RetrainReport:
    decision = comparison.decision
    return replace(
        report,
        outcome=decision.ruling,
        reasons=decision.reasons,
        before=build_scores(comparison.before),
        after=build_scores(comparison.after),
        gain=decision.gain.mean if decision.gain else None,
        gain_bounds=decision.bounds,
        needed=decision.needed,
        not_judged=decision.not_judged,
        asked=tuple(question.id for question in exam.questions if question.kind != "reading"),
        kinds=dict(Counter(question.kind for question in exam.questions)),
        changes=comparison.changes,
        parts=tuple(_build_part(one) for one in decision.slices),
    )


def _build_part(one: Slice) -> Part:
    is_wrong = one.name.startswith(GETS_WRONG)
    verdict: Standing = "worse" if one.worse else "no worse" if one.no_worse else "not judged"
    return Part(one.name.removeprefix(GETS_WRONG), one.before, one.after, one.difference.questions, verdict, is_wrong)


def _find_champion(deps: RetrainDeps, base: Base) -> Adapter | None:
    """Return what the candidate has to beat: what serves, or the bare base if what serves has to go in any case."""
    champion = load_live(deps.db, deps.adapters_folder, base.id)
    return None if champion is not None and has_learned_forgotten(champion, deps.runs_folder) else champion


def find_questions(deps: RetrainDeps) -> list[HeldOutQuestion]:
    """Return the questions that are held out: those of the file, and those of imported history."""
    return [*(load_heldout(deps.heldout_path) if deps.heldout_path else ()), *find_imported_questions(deps.db)]


def curate_feedback(deps: RetrainDeps, questions: Sequence[HeldOutQuestion]) -> Curated:
    """Return what all feedback that holds now teaches; `questions` are held out."""
    return curate(
        deps.db,
        deps.settings.curate,
        seed=deps.settings.train.seed,
        heldout=[question.question for question in questions],
        prepare=deps.prepare,
        privacy=deps.privacy,
        encode=deps.encode,
    )


def _load_curated(deps: RetrainDeps) -> Curated:
    """Return the rows of the chosen version that may still be learned from."""
    assert deps.version is not None
    examples = load_dataset(deps.version)
    kept = find_covered(deps.db, examples, deps.privacy.covers)
    dropped = {NO_CONSENT: len(examples) - len(kept)} if len(kept) < len(examples) else {}
    return Curated(tuple(kept), dropped)


def freeze(deps: RetrainDeps, curated: Curated) -> Dataset:
    """Keep what was curated as a data set version, or find the one that has the same rows."""
    facts = {
        "settings": describe_settings(deps.settings.curate),
        "consent": deps.describe_consent(),
        "sources": describe_sources(curated.examples),
        "raters": curated.raters,
    }
    return freeze_version(
        curated.examples, deps.runs_folder, curated.dropped, facts, deps.db.clock().isoformat(timespec="seconds")
    )


def _rehearse(deps: RetrainDeps) -> list[Example]:
    """Return the base's own answers to prompts that feedback does not touch. Rehearsing them prevents forgetting.

    Pages that may help are offered in words that no model wrote: an adapter that learned them babbled them elsewhere.
    """
    drafts = list(deps.prepare_replay(deps.settings.curate.replay))
    answers = deps.answerer.answer(drafts, None)
    return [
        Example(
            messages=draft.messages, target=answer.text.strip(), source="replay", weight=1.0, group=f"replay-{number}"
        )
        for number, (draft, answer) in enumerate(zip(drafts, answers, strict=True))
        if answer.failure is None and answer.text.strip() not in ("", UNSURE)
    ]


def _build_candidate(deps: RetrainDeps, base: Base, dataset: Dataset, trained: TrainingResult) -> Adapter:
    deps.adapters_folder.mkdir(parents=True, exist_ok=True)
    card = Adapter(
        id=deps.db.new_id("A"),
        base_id=base.id,
        dataset_hash=dataset.sha256,
        created_at=deps.db.clock().isoformat(),
        files={},
        settings=asdict(deps.settings.train) | {"curate": asdict(deps.settings.curate)},
        scores={},
        folder=trained.adapter_folder,
    )
    return build_candidate(card, deps.adapters_folder)


def _try_on_people(deps: RetrainDeps, adapter: Adapter, champion: Adapter | None) -> bool:
    """Let the adapter answer a share of the conversations first, where that is wanted. The bot takes it up.

    Not if what serves has to go in any case: nothing may be compared with it, and nobody may wait for it to go.
    """
    serving, wanted = live(deps.db, adapter.base_id), deps.settings.canary.share
    if not wanted or serving != (champion.id if champion else None):
        return False
    if (running := find_running(deps.db, adapter.base_id)) is not None:
        end(deps.db, running, by=CHIP, reason=f"{adapter.id} is tried instead")
    begin(deps.db, adapter.id, adapter.base_id, serving, wanted, by=CHIP, reason="it passed its test")
    return True


def _serve(deps: RetrainDeps, adapter: Adapter, champion: Adapter | None, by: str, reason: str) -> float:
    """Swap, then record. If it cannot be recorded, the champion serves again, as the record says."""
    swap_ms = deps.use_adapter(adapter)
    try:
        promote(deps.db, adapter, by=by, reason=reason)
    except BaseException:
        deps.use_adapter(champion)
        raise
    return swap_ms


def _tell_training(deps: RetrainDeps, event: dict[str, Any]) -> None:
    if event["event"] == "epoch":
        text = f"Training: {event['memorised']} of {event['lessons']} lessons learned"
        deps.tell(Progress("train", text, event["epoch"] / event["of"]))


def _describe_training(trained: TrainingResult) -> dict[str, Any]:
    last = trained.epochs[-1] if trained.epochs else {}
    return {
        "stopped": trained.stopped,
        "epochs": len(trained.epochs),
        "loss": last.get("loss"),
        "memorised": last.get("memorised"),
        "lessons": last.get("lessons"),
        "too_long": trained.too_long,
        "seconds": trained.seconds,
        "processor_seconds": trained.processor_seconds,
        "peak_megabytes": trained.peak_megabytes,
    }
