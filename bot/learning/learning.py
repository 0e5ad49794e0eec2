"""Learning as the rest of the bot sees it: start a retrain, roll back, forget, follow the pointer, report the state.

One retrain runs at a time; its report goes to the admin channel. Knows nothing of how training or the gate work.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.engine.port import Engine, EngineError
from bot.learning.steps import Steps
from bot.views import wording
from bot.views.report import build_rows
from feedback import measures
from feedback.corrections import find_pending
from feedback.database import Database
from feedback.forgetting import Forgotten
from retrain import registry
from retrain.adapter import Adapter, AdapterError, load_adapter
from retrain.erasure import Erased, erase_forgotten
from retrain.errors import RetrainError, RetrainNotNeeded, RetrainRunning, RetrainStopped
from retrain.finder.words import Meaning
from retrain.probe import Spoken
from retrain.proof import Proof, prove
from retrain.report import RetrainReport, find_ended_elsewhere, find_report_of
from retrain.unlearn import take_back_lessons

logger = logging.getLogger(__name__)

Rows = list[tuple[str, str]]

FORGETTING = "forgetting"  # the trigger of a training that replaces an adapter
CHIP = "Chip"
MOST_WORDS = 10  # told at once
CHOSEN = "an admin decided"


@dataclass(slots=True)
class Learning:
    """Retraining and the live adapter.

    `run` does a retrain; `tell` and `report` post to the admin channel; `serve_corrections` serves the corrections that
    hold after some were taken back. `run` tells `steps` its progress. `changed` is called when another adapter serves,
    or when adapters were deleted. `stopping` is set when Chip ends, and ends `run`.
    `find_next_run` and `bring_forward` are the schedule's: see `retrain.schedule`. `probe` asks what answers now the
    questions that tell an adapter apart.
    """

    db: Database
    engine: Engine
    adapters_folder: Path
    runs_folder: Path
    run: Callable[[str, str], RetrainReport]
    tell: Callable[[str], None]
    report: Callable[[RetrainReport], None]
    serve_corrections: Callable[[], object] = lambda: None
    learn_words: Callable[[], Sequence[Meaning]] = tuple
    changed: Callable[[], None] = lambda: None
    steps: Steps = field(default_factory=lambda: Steps(dict))
    find_next_run: Callable[[], datetime | None] = lambda: None
    bring_forward: Callable[[str], datetime | None] = lambda reason: None  # noqa: ARG005
    stopping: threading.Event = field(default_factory=threading.Event)
    probe: Callable[[Adapter], Spoken | None] = lambda adapter: None  # noqa: ARG005
    _spoken: Spoken | None = field(default=None, init=False)
    _unusable: str | None = field(default=None, init=False)
    _heard_until: datetime = field(init=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        """Hear of what other processes do from now on."""
        self._heard_until = self.db.clock()

    def start(
        self,
        *,
        trigger: str,
        requested_by: str,
        on_end: Callable[[str], None] = lambda headline: None,  # noqa: ARG005
    ) -> bool:
        """Begin a retrain in the background. Return False if one is running in this process.

        `on_end` hears in a sentence how it ended.
        """

        def retrain() -> None:
            on_end(self._retrain(trigger, requested_by))
            self._replace_forgetful()

        return self._begin(retrain)

    def forget_with_proof(self, person: str, forgotten: Forgotten) -> Proof:
        """Remove a person's lessons as `forget_lessons` does, and prove by a search of all files that none is left."""
        erased = None if self.is_running() else self._sweep()
        proof = prove(self.db, self.adapters_folder.parent, person, forgotten, erased)
        if erased is not None and erased.serving is not None:
            self._begin(self._replace_forgetful)
        return proof

    def forget_lessons(self, *, is_over: bool = False) -> None:
        """Remove what was forgotten in the database from the datasets and adapters too.

        If the live adapter learned it, it serves until a training without it ends; then that training's adapter, or the
        one that served before, replaces it. With `is_over` it is replaced at once, because nothing is left to learn.
        """
        serving = None if self.is_running() else self._erase()
        if serving is not None and is_over:
            self._serve_without(serving)
        elif serving is not None:
            self._begin(self._replace_forgetful)

    def _begin(self, work: Callable[[], None]) -> bool:
        with self._lock:
            if self.is_running() or self.stopping.is_set():
                return False
            self._thread = threading.Thread(target=work, name="retrain")
            self._thread.start()
        return True

    def _erase(self) -> str | None:
        """Sweep. Return the live adapter if it learned what was forgotten."""
        erased = self._sweep()
        return None if erased is None else erased.serving

    def _sweep(self) -> Erased | None:
        """Remove what was forgotten from datasets and adapters. None while a retrain runs, which sweeps itself."""
        try:
            erased = erase_forgotten(self.db, self.adapters_folder, self.runs_folder, self.engine.base_id)
        except RetrainRunning:
            return None
        if erased.deleted:
            self.changed()
        return erased

    def _replace_forgetful(self) -> None:
        """Train until the live adapter has learned nothing that was forgotten; if that does not help, go back."""
        tried = None
        while not self.stopping.is_set() and (serving := self._erase()) is not None:
            if serving == tried:
                self._serve_without(serving)
                return
            tried = serving
            self.tell(wording.FORGETTING_BEGUN.format(adapter=serving))
            self._retrain(FORGETTING, CHIP)

    def _serve_without(self, forgetful: str) -> None:
        """Serve what served before, which the sweep kept, and let the next sweep delete the adapter."""
        base_id = self.engine.base_id
        try:
            adapter = registry.find_rollback(self.db, self.adapters_folder, base_id)
            self.engine.use_adapter(adapter)
        except (RetrainError, AdapterError, EngineError) as error:
            logger.warning("the bare base serves: %s", error)
            adapter = None
            self.engine.use_adapter(None)
        registry.rollback(self.db, adapter, base_id, by=CHIP, reason=FORGETTING)
        self._erase()
        now = self.name(adapter.id if adapter else None)
        self.tell(wording.FORGETTING_ENDED.format(adapter=forgetful, now=now))

    def _retrain(self, trigger: str, requested_by: str) -> str:
        """Retrain and report; return in a sentence how it ended."""
        try:
            try:
                report = self.run(trigger, requested_by)
            finally:
                self.steps.end()
            self.report(report)
            self._tell_words()
            return build_rows(report)[0]
        except RetrainNotNeeded as ended:
            logger.info("no retrain: %s", ended)
            return str(ended)
        except (RetrainRunning, RetrainStopped) as ended:
            self.tell(str(ended))
            return str(ended)
        except Exception as error:
            reference = self.db.new_id("E")
            logger.exception("retrain failed, reference %s", reference)
            reason = str(error) if isinstance(error, RetrainError | AdapterError) else "an unexpected error"
            failed = wording.RETRAIN_FAILED.format(reason=reason, reference=reference)
            self.tell(failed)
            return failed

    def _tell_words(self) -> None:
        """Learn customers' words, and tell admins what is new."""
        if new := self.learn_words():
            rows = [wording.WORD_MEANS.format(word=one.word, phrase=one.phrase) for one in new[:MOST_WORDS]]
            self.tell(wording.WORDS_NOTICED.format(words="\n".join(rows)))

    def rollback(self, *, to: str | None, by: str) -> tuple[str, str]:
        """Serve what served before, or `to`. Return the names of what served and of what serves now.

        What only the replaced adapter had learned must be decided again. Raises `RetrainError` if there is nothing to
        go back to, or if the adapter must not serve.
        """
        base_id = self.engine.base_id
        previous = self.name(self.engine.adapter_id())
        left = registry.live(self.db, base_id)
        try:
            adapter = registry.find_rollback(self.db, self.adapters_folder, base_id, to)
            self.engine.use_adapter(adapter)
        except (AdapterError, EngineError) as error:
            raise RetrainError(str(error)) from error
        registry.rollback(self.db, adapter, base_id, by=by, reason="rollback")
        self.changed()
        now = adapter.id if adapter else None
        if count := take_back_lessons(self.db, self.adapters_folder, self.runs_folder, left=left, now=now, by=by):
            self.serve_corrections()
            self.tell(wording.LESSONS_TAKEN_BACK.format(count=count))
        return previous, self.name(now)

    def serve(self, adapter_id: str, *, by: str, reason: str = CHOSEN) -> str:
        """Let an adapter serve that the gate could not judge, or that passed it. Return the name of what served before.

        Raises `RetrainError` if it must not serve, or cannot.
        """
        base_id = self.engine.base_id
        previous = self.name(self.engine.adapter_id())
        try:
            adapter = registry.find_servable(self.db, self.adapters_folder, adapter_id, base_id)
            self.engine.use_adapter(adapter)
        except (AdapterError, EngineError) as error:
            raise RetrainError(str(error)) from error
        registry.choose(self.db, adapter, by=by, reason=reason)
        self.changed()
        return previous

    def follow_pointer(self) -> None:
        """Serve what the pointer names, also if another process moved it. A retrain in this process swaps by itself."""
        if self.is_running():
            return
        self._tell_ended_elsewhere()
        wanted = registry.live(self.db, self.engine.base_id)
        if wanted == self.engine.adapter_id():
            return
        try:
            adapter = registry.load_live(self.db, self.adapters_folder, self.engine.base_id)
            milliseconds = self.engine.use_adapter(adapter)
        except (AdapterError, RetrainError, EngineError) as error:
            self._serve_base_instead(wanted, error)
        else:
            self.serve_corrections()
            self._tell_taken_up(wanted)
            logger.info("now serving %s, swapped in %.1f ms", wanted or "the bare base", milliseconds)

    def _tell_ended_elsewhere(self) -> None:
        """Report trainings of the command line that changed nothing; a promoted one is told when it is taken up."""
        for ended_at, report, reason in find_ended_elsewhere(self.db, self._heard_until):
            self._heard_until = ended_at
            if report is None:
                self.tell(wording.RETRAIN_FAILED_ELSEWHERE.format(reason=reason.partition(": ")[2] or reason))
            elif report.outcome != "promoted":
                self.report(report)

    def _tell_taken_up(self, adapter_id: str | None) -> None:
        """Announce what another process did: the report of its training, or which model answers from now on."""
        report = None if adapter_id is None else find_report_of(self.db, adapter_id)
        promoted = [one.adapter_id for one in registry.find_promotions(self.db, self.engine.base_id)]
        if report is not None and promoted.count(adapter_id) == 1:  # otherwise somebody went back to it
            self.report(report)
        else:
            self.tell(wording.TAKEN_UP.format(adapter=self.name(adapter_id)))

    def _serve_base_instead(self, wanted: str | None, error: Exception) -> None:
        """Announce once what is wrong with the adapter that the pointer names. It is tried again every time."""
        if self.engine.adapter_id() is not None:
            self.engine.use_adapter(None)
        if wanted != self._unusable:
            self._unusable = wanted
            logger.error("the live adapter cannot serve: %s", error)
            self.tell(wording.ADAPTER_UNUSABLE.format(reason=error))

    def prove_speaker(self) -> None:
        """Prove once after each change which adapter speaks. Tell admins if another one does."""
        serving = self.engine.adapter_id()
        if serving is None or self.is_running() or (self._spoken and self._spoken.adapter_id == serving):
            return
        try:
            spoken = self.probe(load_adapter(self.adapters_folder / serving))
        except (AdapterError, EngineError) as error:
            logger.info("which adapter speaks cannot be proved now: %s", error)
            return
        if self.engine.adapter_id() != serving:
            return
        self._spoken = spoken or Spoken(serving, 0, 0, 0)
        if self._spoken.is_disproved:
            logger.error("adapter %s should speak, and what served before it does", serving)
            self.tell(wording.SPEAKER_WRONG.format(adapter=serving))

    def _name_speaker(self) -> str:
        """Return the adapter that answers, with the proof that it does."""
        serving, spoken = self.engine.adapter_id(), self._spoken
        if serving is None:
            return "none, the base answers"
        if spoken is None or spoken.adapter_id != serving or not spoken.of:
            return serving
        if spoken.is_disproved:
            return f"{serving} {wording.SPEAKER_DISPROVED}"
        return f"{serving} {wording.SPEAKER_PROVED.format(said=spoken.as_adapter, of=spoken.of)}"

    def announce(self, text: str) -> None:
        """Post a sentence in the admin channel."""
        self.tell(text)

    def name(self, adapter_id: str | None) -> str:
        """Return the name that people use for what serves."""
        return adapter_id or wording.BASE_NAME.format(base=self.engine.base_id)

    def status_rows(self) -> Rows:
        """Return what `/chip status` shows, as names and values."""
        figures = measures.summary(self.db)
        share = "no votes yet" if figures.satisfaction is None else f"{figures.satisfaction:.0%}"
        pending = len(find_pending(self.db))
        waiting = f" ({pending} wait for approval)" if pending else ""
        speed = "–" if figures.median_first_text_ms is None else f"{figures.median_first_text_ms:.0f} ms"
        return [
            ("Base", self.engine.base_id),
            ("Adapter", self._name_speaker()),
            ("Training", self.tell_training() or "idle"),
            ("Replies", f"{figures.replies}, of which {figures.refused} said “I don't know”"),
            ("Votes", f"{figures.up} up, {figures.down} down; satisfaction {share}"),
            ("Corrections", f"{figures.corrections}{waiting}"),
            ("Asked for a person", str(figures.escalations)),
            ("Time to first text (median)", speed),
        ]

    def tell_training(self) -> str:
        """Return the progress of the running training; "" if none runs."""
        if not self.is_running():
            return ""
        return f"running, {self.steps.describe()}" if self.steps.describe() else "running"

    def is_running(self) -> bool:
        """Whether a retrain runs in this process."""
        return self._thread is not None and self._thread.is_alive()

    def close(self) -> None:
        """Break off a running retrain and wait for its end. All feedback stays for the next one."""
        self.stopping.set()
        if self._thread is not None:
            self._thread.join()
