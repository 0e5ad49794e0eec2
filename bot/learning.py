"""Learning as the rest of the bot sees it: start a retrain, go back, follow the pointer, say how things stand.

One retrain at a time; its report goes to the admin channel. Knows nothing of how training or the gate work.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot import wording
from bot.engine.port import Engine, EngineError
from feedback import measures
from feedback.database import Database
from retrain import registry
from retrain.adapter import AdapterError
from retrain.errors import RetrainError, RetrainRunning
from retrain.report import RetrainReport
from retrain.unlearn import take_back_lessons

logger = logging.getLogger(__name__)

Rows = list[tuple[str, str]]


@dataclass(slots=True)
class Learning:
    """Retraining and the live adapter.

    `run` does a retrain; `tell` and `report` post to the admin channel; `learn_corrections` serves the corrections that
    hold, after some were taken back.
    """

    db: Database
    engine: Engine
    adapters_folder: Path
    runs_folder: Path
    run: Callable[[str, str], RetrainReport]
    tell: Callable[[str], None]
    report: Callable[[RetrainReport], None]
    learn_corrections: Callable[[], object] = lambda: None
    find_next_run: Callable[[], datetime | None] = lambda: None
    _unusable: str | None = field(default=None, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def start(self, *, trigger: str, requested_by: str) -> bool:
        """Begin a retrain in the background; False when one is running in this process."""
        with self._lock:
            if self.is_running():
                return False
            self._thread = threading.Thread(target=self._retrain, args=(trigger, requested_by), name="retrain")
            self._thread.start()
        return True

    def _retrain(self, trigger: str, requested_by: str) -> None:
        try:
            self.report(self.run(trigger, requested_by))
        except RetrainRunning as running:
            self.tell(str(running))
        except Exception as error:
            reference = self.db.new_id("E")
            logger.exception("retrain failed, reference %s", reference)
            reason = str(error) if isinstance(error, RetrainError | AdapterError) else "an unexpected error"
            self.tell(wording.RETRAIN_FAILED.format(reason=reason, reference=reference))

    def rollback(self, *, to: str | None, by: str) -> tuple[str, str]:
        """Serve what served before, or `to`; return the names of what served and of what serves now.

        What only the adapter left behind had learned waits for a decision again. Raises `RetrainError` where there is
        nothing to go back to, and for an adapter that must not serve.
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
        now = adapter.id if adapter else None
        if count := take_back_lessons(self.db, self.adapters_folder, self.runs_folder, left=left, now=now, by=by):
            self.learn_corrections()
            self.tell(wording.LESSONS_TAKEN_BACK.format(count=count))
        return previous, self.name(now)

    def follow_pointer(self) -> None:
        """Serve what the pointer names, also when another process moved it; a retrain here swaps by itself."""
        if self.is_running():
            return
        wanted = registry.live(self.db, self.engine.base_id)
        if wanted == self.engine.adapter_id():
            return
        try:
            adapter = registry.load_live(self.db, self.adapters_folder, self.engine.base_id)
            milliseconds = self.engine.use_adapter(adapter)
        except (AdapterError, RetrainError, EngineError) as error:
            self._serve_base_instead(wanted, error)
        else:
            self.learn_corrections()
            logger.info("now serving %s, swapped in %.1f ms", wanted or "the bare base", milliseconds)

    def _serve_base_instead(self, wanted: str | None, error: Exception) -> None:
        """Say once what is wrong with the adapter that is pointed to; it is tried again every time."""
        if self.engine.adapter_id() is not None:
            self.engine.use_adapter(None)
        if wanted != self._unusable:
            self._unusable = wanted
            logger.error("the live adapter cannot serve: %s", error)
            self.tell(wording.ADAPTER_UNUSABLE.format(reason=error))

    def announce(self, text: str) -> None:
        """Say something in the admin channel."""
        self.tell(text)

    def name(self, adapter_id: str | None) -> str:
        """Return how people call what serves."""
        return adapter_id or wording.BASE_NAME.format(base=self.engine.base_id)

    def status_rows(self) -> Rows:
        """Return what `/chip status` shows, as names and values."""
        figures = measures.summary(self.db)
        share = "no votes yet" if figures.satisfaction is None else f"{figures.satisfaction:.0%}"
        waiting = f" ({figures.pending} wait for approval)" if figures.pending else ""
        speed = "–" if figures.median_first_text_ms is None else f"{figures.median_first_text_ms:.0f} ms"
        return [
            ("Base", self.engine.base_id),
            ("Adapter", self.engine.adapter_id() or "none (bare base)"),
            ("Training", "running" if self.is_running() else "idle"),
            ("Replies", f"{figures.replies}, of which {figures.refused} said “I don't know”"),
            ("Votes", f"{figures.up} up, {figures.down} down; satisfaction {share}"),
            ("Corrections", f"{figures.corrections}{waiting}"),
            ("Asked for a person", str(figures.escalations)),
            ("Time to first text (median)", speed),
        ]

    def is_running(self) -> bool:
        """Whether a retrain runs in this process."""
        return self._thread is not None and self._thread.is_alive()

    def close(self) -> None:
        """Wait for a running retrain to end."""
        if self._thread is not None:
            self._thread.join()
