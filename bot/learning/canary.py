"""Tries a candidate on people: puts it on the canary lane, chooses who gets it, and ends the trial when it is decided.

The table of trials says what should run; `follow` makes the engine do it, also after a restart or where another process
began the trial. Knows nothing of Slack.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.answering.question import Question
from bot.engine.port import Engine, EngineError, Lane
from bot.views import wording
from feedback.database import Database
from retrain import registry
from retrain.adapter import Adapter, AdapterError
from retrain.canary import log
from retrain.canary.arms import is_candidates, read_conversations
from retrain.canary.evidence import Evidence, weigh
from retrain.canary.log import Canary
from retrain.errors import RetrainError
from retrain.settings import CanarySettings

logger = logging.getLogger(__name__)

CHIP = "Chip"


@dataclass(slots=True)
class Trials:
    """The trials of candidates on people; at most one runs.

    `tell` posts to the admin channel. `offer` posts a text with a button that lets the adapter of this id serve.
    `let_serve` lets an adapter serve, as this person decided.
    """

    db: Database
    engine: Engine
    adapters_folder: Path
    settings: CanarySettings
    tell: Callable[[str], None]
    offer: Callable[[str, str], None]
    let_serve: Callable[[str, str], object]
    _running: Canary | None = field(default=None, init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False)

    def choose_lane(self, question: Question) -> Lane:
        """Return which lane answers a question: the canary's for its share of the threads, while it has its adapter."""
        running = self._running
        if running is None or self.engine.adapter_id(Lane.CANARY) != running.adapter_id:
            return Lane.LIVE
        is_its = is_candidates(running, question.team, question.channel, question.thread_ts)
        return Lane.CANARY if is_its else Lane.LIVE

    def begin(self, adapter_id: str, share: float, *, by: str) -> None:
        """Let an adapter answer this share of the new conversations.

        Raises `RetrainError` if one is tried already, or if the adapter may not serve.
        """
        log.require_share(share)
        base_id = self.engine.base_id
        try:
            registry.find_servable(self.db, self.adapters_folder, adapter_id, base_id)
        except AdapterError as error:
            raise RetrainError(str(error)) from error
        serving = registry.live(self.db, base_id)
        log.begin(self.db, adapter_id, base_id, serving, share, by=by, reason="an admin wanted it")
        self.follow()

    def change_share(self, share: float, *, by: str) -> Canary:
        """Let the candidate answer another share of the new conversations. Raises `RetrainError` if none is tried."""
        running = self._require_running()
        if not log.change_share(self.db, running, share, by=by, reason="an admin changed the share"):
            raise RetrainError(wording.TRIAL_NONE)
        self.follow()
        return running

    def end(self, *, by: str) -> Canary:
        """End the trial; what serves answers everybody again. Raises `RetrainError` if none runs."""
        with self._lock:
            running = self._require_running()
            self._end(running, by, wording.TRIAL_ADMIN, is_told=False)
        return running

    def follow(self) -> None:
        """Let the engine do what the table says, and end a trial that what it compares no longer allows."""
        base_id = self.engine.base_id
        with self._lock:
            for stranded in log.find_on_other_bases(self.db, base_id):
                self._end(stranded, CHIP, wording.TRIAL_OTHER_BASE.format(base=base_id))
            running = log.find_running(self.db, base_id)
            if running is not None and (reason := self._find_end(running)):
                self._end(running, CHIP, reason, is_told=reason != wording.TRIAL_SERVES)
            else:
                self._take_up(running)

    def decide(self) -> None:
        """Send back a candidate that harms; let a better one serve, or tell admins; end a trial that takes too long."""
        with self._lock:
            running = log.find_running(self.db, self.engine.base_id)
            if running is not None:
                self._decide(running)

    def _decide(self, running: Canary) -> None:
        evidence = self._weigh(running)
        counts = word_counts(evidence)
        if evidence.is_harmful:
            self._end(running, CHIP, wording.TRIAL_HARMFUL.format(counts=counts))
        elif evidence.is_better:
            self._take_better(running, counts)
        elif self.db.clock() - running.began_at > timedelta(days=self.settings.days):
            self._end(running, CHIP, wording.TRIAL_UNDECIDED.format(days=self.settings.days, counts=counts))

    def status_rows(self) -> list[tuple[str, str]]:
        """Return what status and Home say about the trial: its share, what it saw, and how near each decision is."""
        running = log.find_running(self.db, self.engine.base_id)
        if running is None:
            return []
        evidence = self._weigh(running)
        share = wording.TRIAL_SHARE.format(adapter=running.adapter_id, share=running.share, since=running.began_at)
        near = wording.TRIAL_NEAR.format(
            harm=evidence.harm, benefit=evidence.benefit, shift=self.settings.shift * 100, needed=evidence.needed
        )
        return [("On trial", share), ("Conversations that went badly", word_counts(evidence)), ("Decision", near)]

    def _weigh(self, canary: Canary) -> Evidence:
        settle = timedelta(minutes=self.settings.settle_minutes)
        conversations = read_conversations(self.db, canary, self.db.clock(), settle)
        return weigh(conversations, canary.share, self.settings.level, self.settings.shift)

    def _take_better(self, running: Canary, counts: str) -> None:
        if self.settings.promotes:
            self.let_serve(running.adapter_id, CHIP)
            self.tell(wording.TRIAL_PROMOTED.format(adapter=running.adapter_id, counts=counts))
            self.follow()
        elif log.note_better(self.db, running, by=CHIP):
            self.offer(wording.TRIAL_BETTER.format(adapter=running.adapter_id, counts=counts), running.adapter_id)

    def _require_running(self) -> Canary:
        running = log.find_running(self.db, self.engine.base_id)
        if running is None:
            raise RetrainError(wording.TRIAL_NONE)
        return running

    def _find_end(self, running: Canary) -> str:
        """Return why a trial cannot go on; "" if it can."""
        serving = registry.live(self.db, running.base_id)
        if serving == running.adapter_id:
            return wording.TRIAL_SERVES
        if serving != running.control_id:
            return wording.TRIAL_OTHER_CONTROL
        if not (self.adapters_folder / running.adapter_id).is_dir():
            return wording.TRIAL_ADAPTER_GONE
        return ""

    def _take_up(self, running: Canary | None) -> None:
        """Put the trial's adapter on the canary lane, or empty the lane."""
        wanted = running.adapter_id if running else None
        try:
            if self.engine.adapter_id(Lane.CANARY) != wanted:
                self.engine.use_adapter(self._load(running) if running else None, Lane.CANARY)
        except (AdapterError, EngineError, RetrainError) as error:
            assert running is not None
            logger.warning("the trial of %s cannot go on: %s", running.adapter_id, error)
            self._end(running, CHIP, str(error))
        else:
            self._running = running

    def _load(self, running: Canary) -> Adapter:
        return registry.find_servable(self.db, self.adapters_folder, running.adapter_id, running.base_id)

    def _end(self, canary: Canary, by: str, reason: str, *, is_told: bool = True) -> None:
        """End a trial, and tell admins why. Of several processes only the one that ended it tells."""
        self._running = None
        if self.engine.adapter_id(Lane.CANARY) is not None:
            self.engine.use_adapter(None, Lane.CANARY)
        if log.end(self.db, canary, by=by, reason=reason) and is_told:
            self.tell(wording.TRIAL_ENDED.format(adapter=canary.adapter_id, reason=reason))


def word_counts(evidence: Evidence) -> str:
    """Say how many conversations went badly with the candidate, and with what serves."""
    return wording.TRIAL_COUNTS.format(
        tried=evidence.tried, tried_bad=evidence.tried_bad, others=evidence.others, others_bad=evidence.others_bad
    )
