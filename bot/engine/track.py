"""One context with one adapter and the requests that it answers together, step by step.

Every reply of a track is spoken by its one adapter from the first word to the last. Runs on the engine's thread.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.engine.context import Chunk, DecodeError, LlamaContext
from bot.engine.job import Job
from bot.engine.model import LlamaModel
from bot.engine.port import EngineError, Finish, Lane
from bot.engine.sampler import NotFinite
from bot.engine.slots import Slot, choose_slot, plan_batch

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedAdapter:
    """An adapter in llama.cpp's memory."""

    id: str
    handle: Any


class Track:
    """Answers up to `slots` requests at once. Free it with `close`, which frees its adapter too."""

    def __init__(
        self,
        model: LlamaModel,
        lane: Lane,
        context: LlamaContext,
        *,
        slots: int,
        batch_tokens: int,
        clock: Callable[[], float],
    ) -> None:
        self.lane = lane
        self._model = model
        self._context = context
        self._slots = [Slot(index) for index in range(slots)]
        self._batch_tokens = batch_tokens
        self._clock = clock
        self._adapter: LoadedAdapter | None = None
        self._admissions = 0

    @property
    def adapter_id(self) -> str | None:
        return None if self._adapter is None else self._adapter.id

    @property
    def is_busy(self) -> bool:
        return any(slot.job is not None for slot in self._slots)

    @property
    def has_room(self) -> bool:
        return any(slot.job is None for slot in self._slots)

    def set_adapter(self, adapter: LoadedAdapter | None) -> None:
        """Put the adapter on the idle track and free the one before; on `EngineError` the new one is the caller's."""
        assert not self.is_busy  # a reply must not change its adapter
        self._context.set_adapter(None if adapter is None else adapter.handle)
        self._free_adapter()
        self._adapter = adapter
        for slot in self._slots:
            slot.held.clear()

    def warm_up(self) -> None:
        """Compute one token in every slot, so that threads and buffers exist before the first person asks."""
        self._context.decode([Chunk(slot.index, [0], 0, wants_logits=True) for slot in self._slots])
        for slot in self._slots:
            self._context.trim(slot.index, 0)

    def admit(self, job: Job) -> None:
        """Give the job a slot; there must be room."""
        placement = choose_slot(self._slots, job.tokens)
        assert placement is not None  # has_room
        slot = placement.slot
        if placement.donor is not None:
            self._context.copy(placement.donor.index, slot.index)
        kept = self._context.trim(slot.index, placement.reused)
        slot.held = job.tokens[:kept]
        self._admissions += 1
        slot.job, slot.last_used = job, self._admissions
        job.reused_tokens, job.admitted = kept, self._clock()

    def step(self, threads: int) -> list[Job]:
        """Compute one batch with this many threads and return the jobs that it ended."""
        self._context.set_threads(threads)
        before = [slot.job for slot in self._slots if slot.job is not None]
        chunks = plan_batch(self._slots, self._batch_tokens)
        try:
            self._decode(chunks)
        except DecodeError as error:
            _log.warning("decode of %d chunks failed with %d; decoding each alone", len(chunks), error.code)
            self._decode_each(chunks)
        running = {id(slot.job) for slot in self._slots}
        return [job for job in before if id(job) not in running]

    def drop_cancelled(self) -> list[Job]:
        """End the cancelled jobs and return them."""
        dropped = []
        for slot in self._slots:
            if slot.job is not None and slot.job.generation.is_cancelled:
                dropped.append(slot.job)
                self._finish(slot, "cancelled")
        return dropped

    def abandon(self, error: EngineError) -> None:
        """Tell every job the error and compute nothing more; only `close` may follow."""
        for slot in self._slots:
            if slot.job is not None:
                slot.job.generation.settle(error)
                slot.job = None

    def close(self) -> None:
        """Free the context and the adapter; no job may be left."""
        self._context.close()
        self._free_adapter()

    def _free_adapter(self) -> None:
        if self._adapter is not None:
            self._model.free_adapter(self._adapter.handle)
            self._adapter = None

    def _decode(self, chunks: Sequence[Chunk]) -> None:
        rows = self._context.decode(chunks)
        for chunk, row in zip(chunks, rows, strict=True):
            slot = self._slots[chunk.slot]
            slot.held.extend(chunk.tokens)
            if chunk.wants_logits:
                self._answer(slot, row)

    def _decode_each(self, chunks: Sequence[Chunk]) -> None:
        """After a batch failed: forget what it may have left and find the job that it failed on."""
        for chunk in chunks:
            slot = self._slots[chunk.slot]
            try:
                if self._context.trim(chunk.slot, chunk.start) != chunk.start:
                    raise DecodeError(0)
                self._decode([chunk])
            except DecodeError as error:
                self._fail(slot, error)

    def _answer(self, slot: Slot, row: int) -> None:
        """Take the next token of the slot's answer."""
        job = slot.job
        assert job is not None  # a chunk belongs to a job
        try:
            token = job.sampler.pick(self._context.logits(row))
        except NotFinite as error:
            self._fail(slot, EngineError(str(error)))
            return
        if self._model.ends_answer(token):
            self._finish(slot, "stop")
            return
        job.accept(token, self._model.piece(token), self._clock())
        if job.is_full:
            self._finish(slot, "length")

    def _finish(self, slot: Slot, finish: Finish) -> None:
        assert slot.job is not None  # callers hold a busy slot
        slot.job.finish(finish, self._model.base.id, self.adapter_id, self._clock())
        slot.job = None

    def _fail(self, slot: Slot, error: EngineError) -> None:
        job = slot.job
        assert job is not None  # callers hold a busy slot
        self._context.trim(slot.index, 0)
        slot.held.clear()
        _log.error("id=%s lane=%s failed: %s", job.request.id, self.lane, error)
        job.generation.settle(error)
        slot.job = None
