"""The engine in this process: one thread that owns llama.cpp and answers many conversations together.

Callers only enqueue and read. The engine's thread makes every call into llama.cpp, from loading to freeing.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from bot.engine.free_threads import build_free_threads
from bot.engine.heap import limit_heaps
from bot.engine.identity import name_settings
from bot.engine.job import Job, Speaker
from bot.engine.lanes import Lanes
from bot.engine.metrics import EngineMetrics
from bot.engine.model import LlamaModel, verify_adapter
from bot.engine.parking import open_parking
from bot.engine.port import (
    DeadlinePassed,
    EngineError,
    EngineStopped,
    Generation,
    GenerationFailed,
    GenerationRequest,
    Lane,
)
from bot.engine.reading import read_prompt, render_request
from bot.engine.stream import QueuedGeneration
from bot.engine.track import Shared
from bot.engine.waiting import WaitingRoom
from config.settings import EngineSettings
from retrain.adapter import Adapter
from retrain.bases.base import Base
from retrain.bases.llama_log import route_log
from retrieval.chat_template import ChatTemplate

MOST_RESTARTS, RESTART_SECONDS = 3, 600.0
"""After this many deaths within this time the thread is not started again: something is broken permanently."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Swap:
    lane: Lane
    adapter: Adapter | None
    milliseconds: Future[float] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class _Probe:
    lane: Lane
    adapters: Future[list[str | None]] = field(default_factory=Future)


class LlamaEngine:
    """Serves one base with llama.cpp; the `Engine` of this process. `close` it when done.

    A swap under load: replies in progress finish with the adapter that they began with; later ones use the new one. If
    the thread dies, the replies in progress end with `EngineStopped`; the thread loads the model and the adapters again
    and serves those who wait.
    """

    def __init__(
        self,
        base: Base,
        settings: EngineSettings,
        clock: Callable[[], float] = time.perf_counter,
        metrics: EngineMetrics | None = None,
    ) -> None:
        """Load the model, let it compute and wait until it can answer.

        Raises `ModelFileError`, also for weights that compute nothing usable, or `EngineError` without memory.
        """
        limit_heaps()
        self._base = base
        self._settings = settings
        self._settings_id = name_settings(settings)
        self._clock = clock
        self.metrics = metrics or EngineMetrics()
        self._wake = threading.Condition()
        self._threads = build_free_threads(settings.threads)
        self._room = WaitingRoom(settings.queue, settings.slots)
        self._swaps: deque[_Swap] = deque()
        self._probes: deque[_Probe] = deque()
        self._adapters: dict[Lane, Adapter | None] = dict.fromkeys(Lane)
        self._is_closing = False
        self._stopped: EngineError | None = None
        ready: Future[ChatTemplate] = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="engine", daemon=True)
        self._thread.start()
        self._template = ready.result()

    @property
    def base_id(self) -> str:
        return self._base.id

    @property
    def reads_passages(self) -> bool:
        return self._base.reads_passages

    def adapter_id(self, lane: Lane = Lane.LIVE) -> str | None:
        adapter = self._adapters[lane]
        return None if adapter is None else adapter.id

    def submit(self, request: GenerationRequest) -> Generation:
        """Queue a request; see `Engine`.

        Raises `EngineBusy`, `EngineStopped`, or `InvalidRequest` for options or a chat that cannot be served. The
        generation, not this call, raises `PromptTooLong` and what is wrong with tokens or a grammar, before anything is
        computed.
        """
        if request.deadline_seconds is None and request.lane is not Lane.TRIAL:
            request = replace(request, deadline_seconds=self._settings.deadline_seconds)
        prompt = render_request(self._template, request)
        generation = QueuedGeneration(self._notify)
        job = Job(request, prompt, generation, self._clock(), self.metrics)
        with self._wake:
            self._require_running()
            self._room.add(job)
            self._wake.notify()
        return generation

    def use_adapter(self, adapter: Adapter | None, lane: Lane = Lane.LIVE) -> float:
        """Change a lane's adapter; see `Engine`. Returns for how many milliseconds decoding stood still.

        Waits while replies from before the lane's previous change are still in progress: at most one answer's time.
        """
        if adapter is not None:
            verify_adapter(adapter, self._base)
        swap = _Swap(lane, adapter)
        with self._wake:
            self._require_running()
            self._swaps.append(swap)
            self._wake.notify()
        return swap.milliseconds.result()

    def identify(self, lane: Lane = Lane.LIVE) -> list[str | None]:
        """Let the lane compute a probe and return the ids of the adapters (None: the bare base) recognised by it.

        One id proves which adapter is live; several ids mean that their weights do the same. Waits for a free slot.
        """
        probe = _Probe(lane)
        with self._wake:
            self._require_running()
            self._probes.append(probe)
            self._wake.notify()
        return probe.adapters.result()

    def close(self) -> None:
        """Stop the thread and free all memory.

        Replies in progress end with `EngineStopped`. Calling it twice is harmless.
        """
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        self._thread.join()

    def _notify(self) -> None:
        with self._wake:
            self._wake.notify()

    def _require_running(self) -> None:
        if self._stopped is not None:
            raise self._stopped
        if self._is_closing:
            raise EngineStopped("The engine is closed.")

    # From here on, everything runs on the engine's thread.

    def _run(self, ready: Future[ChatTemplate]) -> None:
        """Run the thread. Whatever happens in it, nobody waits for ever."""
        route_log()
        reason = EngineStopped("The engine has stopped; Chip must be started again.")
        try:
            reason = self._keep_serving(ready)
        finally:
            self._stop(reason)

    def _keep_serving(self, ready: Future[ChatTemplate]) -> EngineStopped:
        """Serve until closed, and again after each death up to the limit. Return why it ended."""
        deaths: deque[float] = deque(maxlen=MOST_RESTARTS)
        while True:
            try:
                self._serve(ready)
                return EngineStopped("The engine was closed before this was done.")
            except Exception as error:  # the thread's edge
                if not ready.done():
                    ready.set_exception(error)
                    return _death(error, "it could not be started")
                _log.exception("the engine's thread has died")
                self.metrics.note_restart()
                if len(deaths) == MOST_RESTARTS and self._clock() - deaths[0] < RESTART_SECONDS:
                    return _death(error, "Chip must be started again")
                deaths.append(self._clock())
                self._fail_asked(_death(error, "it is started again"))

    def _serve(self, ready: Future[ChatTemplate]) -> None:
        """Load, serve until closed and free. A death ends the replies in progress and is raised."""
        with ExitStack() as stack:
            model = LlamaModel(self._base)
            stack.callback(model.close)
            template = model.chat_template()
            parking = open_parking(self._settings)
            stack.callback(parking.close)
            lanes = Lanes(Shared(model, parking, self.metrics, self._clock, self._settings_id), self._settings)
            stack.callback(lanes.close)
            self._restore_adapters(lanes)
            if not ready.done():
                ready.set_result(template)
            try:
                while self._await_work(lanes):
                    self._turn(model, template, lanes)
            except BaseException as error:
                _abandon(lanes, _death(error, "it is started again"))
                with self._wake:
                    self._room.forget_readings()
                raise
            _abandon(lanes, EngineStopped("The engine was closed before this was done."))

    def _restore_adapters(self, lanes: Lanes) -> None:
        """Put each lane's adapter back after a restart. A lane whose adapter is no longer usable gets the base."""
        for lane, adapter in self._adapters.items():
            if adapter is None:
                continue
            try:
                verify_adapter(adapter, self._base)
                lanes.swap(lane, adapter)
            except EngineError:
                _log.exception("lane=%s adapter=%s is lost in the restart", lane, adapter.id)
                self._adapters[lane] = None

    def _await_work(self, lanes: Lanes) -> bool:
        """Sleep until there is something to do. Return False if the engine shall close."""
        with self._wake:
            self._wake.wait_for(lambda: self._is_closing or self._room or self._asked or lanes.is_busy)
            return not self._is_closing

    @property
    def _asked(self) -> bool:
        return bool(self._swaps or self._probes)

    def _turn(self, model: LlamaModel, template: ChatTemplate, lanes: Lanes) -> None:
        """Make the requested changes, then compute one batch."""
        started = time.perf_counter()
        self._swap_adapters(lanes)
        self._answer_probes(lanes)
        self._drop_ended(lanes)
        self._read_prompts(model, template, lanes.slot_tokens)
        self._send_home(lanes)
        for lane in Lane:
            self._admit(lanes, lane)
        track = lanes.next_track()
        if track is not None:
            for job in track.step(self._threads.choose()):
                self._note_service(job)
        lanes.free_retired()
        self.metrics.note_seconds("turn", time.perf_counter() - started)

    def _swap_adapters(self, lanes: Lanes) -> None:
        with self._wake:
            due = [swap for swap in self._swaps if lanes.can_swap(swap.lane)]
        for swap in due:
            if not lanes.can_swap(swap.lane):
                continue  # an earlier swap has just retired a track
            self._swap(lanes, swap)
            with self._wake:
                self._swaps.remove(swap)  # only now, so that the caller learns of the thread's death during it

    def _swap(self, lanes: Lanes, swap: _Swap) -> None:
        try:
            milliseconds = lanes.swap(swap.lane, swap.adapter)
        except EngineError as error:
            swap.milliseconds.set_exception(error)
            return
        self._adapters[swap.lane] = swap.adapter
        _log.info("lane=%s adapter=%s swapped in %.1fms", swap.lane, lanes.adapter_id(swap.lane), milliseconds)
        self.metrics.note_swap(swap.lane)
        swap.milliseconds.set_result(milliseconds)

    def _answer_probes(self, lanes: Lanes) -> None:
        with self._wake:
            due = [probe for probe in self._probes if lanes.has_room(probe.lane)]
        for probe in due:
            try:
                probe.adapters.set_result(lanes.track(probe.lane).identify())
            except EngineError as error:
                probe.adapters.set_exception(error)
            with self._wake:
                self._probes.remove(probe)

    def _drop_ended(self, lanes: Lanes) -> None:
        lanes.drop_ended()
        now = self._clock()
        with self._wake:
            ended = self._room.take_ended(now)
            self.metrics.show_waiting(len(self._room))
        for job in ended:
            if job.generation.is_cancelled:
                speaker = Speaker(self._base.id, lanes.adapter_id(job.request.lane), self._settings_id)
                job.finish("cancelled", speaker, now)
            else:
                job.fail(DeadlinePassed(now - job.submitted))

    def _read_prompts(self, model: LlamaModel, template: ChatTemplate, slot_tokens: int) -> None:
        """Tokenize the new prompts. One that does not fit is refused now, not when its turn comes."""
        with self._wake:
            unread = self._room.find_unread()
        for job in unread:
            try:
                read_prompt(job, model, template, slot_tokens)
            except Exception as error:  # a bad prompt must not concern the others
                with self._wake:
                    self._room.remove(job)
                job.fail(_as_failure(error))

    def _send_home(self, lanes: Lanes) -> None:
        """Let what serves answer who waits for a canary that has ended. The bare base must not answer in its place."""
        if lanes.adapter_id(Lane.CANARY) is None:
            with self._wake:
                self._room.move(Lane.CANARY, Lane.LIVE)

    def _admit(self, lanes: Lanes, lane: Lane) -> None:
        while lanes.has_room(lane):
            with self._wake:
                job = self._room.take(lane)
            if job is None:
                return
            try:
                lanes.track(lane).admit(job)
            except EngineError as error:
                job.fail(error)
            except BaseException as error:
                job.fail(_death(error, "it is started again"))  # it is neither waiting nor in a slot
                raise

    def _note_service(self, job: Job) -> None:
        if job.admitted is not None:
            with self._wake:
                self._room.note_service(self._clock() - job.admitted)

    def _fail_asked(self, reason: EngineError) -> None:
        with self._wake:
            asked: list[Future[Any]] = [
                *(swap.milliseconds for swap in self._swaps),
                *(p.adapters for p in self._probes),
            ]
            self._swaps.clear()
            self._probes.clear()
        for future in asked:
            if not future.done():
                future.set_exception(reason)

    def _stop(self, reason: EngineError) -> None:
        with self._wake:
            self._stopped = reason
            waiting = self._room.take_all()
        for job in waiting:
            job.fail(reason)
        self._fail_asked(reason)


def _abandon(lanes: Lanes, reason: EngineError) -> None:
    for track in lanes.all():
        track.abandon(reason)


def _death(error: BaseException, what_now: str) -> EngineStopped:
    reason = EngineStopped(f"The engine has stopped ({type(error).__name__}); {what_now}.")
    reason.__cause__ = error
    return reason


def _as_failure(error: Exception) -> EngineError:
    if isinstance(error, EngineError):
        return error
    failure = GenerationFailed(f"The prompt could not be read ({type(error).__name__}).")
    failure.__cause__ = error
    return failure
