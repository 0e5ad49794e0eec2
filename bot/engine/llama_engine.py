"""The engine in this process: one thread that owns llama.cpp and answers many conversations together.

Callers only enqueue and read; every call into llama.cpp, from loading to freeing, is made by the engine's thread.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field

from bot.engine.free_threads import build_free_threads
from bot.engine.job import Job, LlamaGeneration
from bot.engine.lanes import Lanes
from bot.engine.llama_log import route_log
from bot.engine.model import LlamaModel, verify_adapter
from bot.engine.port import EngineError, Generation, GenerationRequest, Lane, PromptTooLong
from bot.engine.waiting import WaitingRoom
from config.settings import EngineSettings
from retrain.adapter import Adapter
from retrain.base_card import Base
from retrieval.chat_template import ChatTemplate, ChatTemplateError, render_chat

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Swap:
    lane: Lane
    adapter: Adapter | None
    milliseconds: Future[float] = field(default_factory=Future)


class LlamaEngine:
    """Serves one base with llama.cpp; the `Engine` of this process. `close` it when done.

    A swap under load: replies under way finish on the adapter that they began with, later ones begin on the new one.
    """

    def __init__(self, base: Base, settings: EngineSettings, clock: Callable[[], float] = time.perf_counter) -> None:
        """Load the model and wait until it can answer. Raises `ModelFileError`, or `EngineError` without memory."""
        self._base = base
        self._settings = settings
        self._clock = clock
        self._wake = threading.Condition()
        self._threads = build_free_threads(settings.threads)
        self._room = WaitingRoom(settings.queue, settings.slots)
        self._swaps: deque[_Swap] = deque()
        self._adapter_ids: dict[Lane, str | None] = dict.fromkeys(Lane)
        self._is_closing = False
        self._stopped: EngineError | None = None
        ready: Future[ChatTemplate] = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="engine", daemon=True)
        self._thread.start()
        self._template = ready.result()

    @property
    def base_id(self) -> str:
        return self._base.id

    def adapter_id(self, lane: Lane = Lane.LIVE) -> str | None:
        return self._adapter_ids[lane]

    def submit(self, request: GenerationRequest) -> Generation:
        """Queue a request; see `Engine`. Raises `EngineBusy`, or `EngineError` for a chat that its template refuses.

        The generation, not this call, raises `PromptTooLong`, before anything is computed.
        """
        if request.max_tokens < 1:
            raise EngineError(f"An answer needs at least one token, not {request.max_tokens}.")
        try:
            prompt = render_chat(self._template, request.messages)
        except ChatTemplateError as error:
            raise EngineError(str(error)) from error
        generation = LlamaGeneration(self._notify)
        with self._wake:
            self._require_running()
            self._room.add(Job(request, prompt, generation, self._clock()))
            self._wake.notify()
        return generation

    def use_adapter(self, adapter: Adapter | None, lane: Lane = Lane.LIVE) -> float:
        """Change a lane's adapter; see `Engine`. Returns the milliseconds for which decoding stood still.

        Waits while replies from before the lane's previous change are still under way: at most one answer's time.
        """
        if adapter is not None:
            verify_adapter(adapter, self._base)
        swap = _Swap(lane, adapter)
        with self._wake:
            self._require_running()
            self._swaps.append(swap)
            self._wake.notify()
        return swap.milliseconds.result()

    def close(self) -> None:
        """Stop the thread and free all memory; what is under way ends with an `EngineError`. Harmless twice."""
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
            raise EngineError("The engine is closed.")

    # From here on, everything runs on the engine's thread.

    def _run(self, ready: Future[ChatTemplate]) -> None:
        """Load, serve and free; a failure to load is raised by the constructor, which waits for `ready`."""
        route_log()
        with ExitStack() as stack:
            try:
                model = LlamaModel(self._base)
                stack.callback(model.close)
                template = model.chat_template()
                lanes = Lanes(model, self._settings, self._clock)
            except Exception as error:
                ready.set_exception(error)
                return
            ready.set_result(template)
            self._serve(model, lanes)

    def _serve(self, model: LlamaModel, lanes: Lanes) -> None:
        reason = EngineError("The engine was closed before this was done.")
        try:
            while self._await_work(lanes):
                self._turn(model, lanes)
        except Exception as error:  # the thread's edge: whatever happens, nobody waits for ever
            _log.exception("the engine's thread has died")
            reason = _death(error)
        finally:
            self._stop(lanes, reason)

    def _await_work(self, lanes: Lanes) -> bool:
        """Sleep until there is something to do; False when the engine shall close."""
        with self._wake:
            self._wake.wait_for(lambda: self._is_closing or self._room or self._swaps or lanes.is_busy)
            return not self._is_closing

    def _turn(self, model: LlamaModel, lanes: Lanes) -> None:
        """Change what was asked to change, then compute one batch."""
        self._swap_adapters(lanes)
        self._drop_cancelled(lanes)
        self._read_prompts(model, lanes.slot_tokens)
        for lane in Lane:
            self._admit(lanes, lane)
        track = lanes.next_track()
        if track is not None:
            for job in track.step(self._threads.choose()):
                self._note_service(job)
        lanes.free_retired()

    def _swap_adapters(self, lanes: Lanes) -> None:
        with self._wake:
            due = [swap for swap in self._swaps if lanes.can_swap(swap.lane)]
        for swap in due:
            if not lanes.can_swap(swap.lane):
                continue  # an earlier one of these has just retired a track
            self._swap(lanes, swap)
            with self._wake:
                self._swaps.remove(swap)  # only now, so that the thread's death in it would be told to its caller

    def _swap(self, lanes: Lanes, swap: _Swap) -> None:
        try:
            milliseconds = lanes.swap(swap.lane, swap.adapter)
        except EngineError as error:
            swap.milliseconds.set_exception(error)
            return
        self._adapter_ids[swap.lane] = lanes.adapter_id(swap.lane)
        _log.info("lane=%s adapter=%s swapped in %.1fms", swap.lane, self._adapter_ids[swap.lane], milliseconds)
        swap.milliseconds.set_result(milliseconds)

    def _drop_cancelled(self, lanes: Lanes) -> None:
        lanes.drop_cancelled()
        with self._wake:
            cancelled = self._room.take_cancelled()
        for job in cancelled:
            job.finish("cancelled", self._base.id, lanes.adapter_id(job.request.lane), self._clock())

    def _read_prompts(self, model: LlamaModel, slot_tokens: int) -> None:
        """Tokenize the new prompts; one that does not fit is refused now, not when its turn comes."""
        with self._wake:
            unread = [job for job in self._room.take_unread() if not job.generation.is_settled]
        for job in unread:
            try:
                job.set_prompt_tokens(_fitting_tokens(model, job, slot_tokens))
            except EngineError as error:
                with self._wake:
                    self._room.remove(job)
                job.generation.settle(error)

    def _admit(self, lanes: Lanes, lane: Lane) -> None:
        while lanes.has_room(lane):
            with self._wake:
                job = self._room.take(lane)
            if job is None:
                return
            try:
                lanes.track(lane).admit(job)
            except EngineError as error:
                job.generation.settle(error)
            except BaseException as error:
                job.generation.settle(_death(error))  # it is neither waiting nor in a slot
                raise

    def _note_service(self, job: Job) -> None:
        if job.admitted is not None:
            with self._wake:
                self._room.note_service(self._clock() - job.admitted)

    def _stop(self, lanes: Lanes, reason: EngineError) -> None:
        with self._wake:
            self._stopped = reason
            waiting = self._room.take_all()
            swaps = list(self._swaps)
            self._swaps.clear()
        for job in waiting:
            job.generation.settle(reason)
        for swap in swaps:
            if not swap.milliseconds.done():
                swap.milliseconds.set_exception(reason)
        for track in lanes.all():
            track.abandon(reason)
        lanes.close()


def _death(error: BaseException) -> EngineError:
    reason = EngineError(f"The engine has stopped ({type(error).__name__}); Chip must be started again.")
    reason.__cause__ = error
    return reason


def _fitting_tokens(model: LlamaModel, job: Job, slot_tokens: int) -> list[int]:
    """Return the prompt's tokens. Raises `PromptTooLong`, or `EngineError` for an empty prompt."""
    tokens = model.tokenize(job.prompt)
    limit = max(0, slot_tokens - job.request.max_tokens)
    if len(tokens) > limit:
        raise PromptTooLong(len(tokens), limit)
    if not tokens:
        raise EngineError("The prompt is empty.")
    return tokens
