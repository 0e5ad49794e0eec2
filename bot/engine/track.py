"""One context with one adapter and the requests that it answers together, step by step.

A reply of a track uses its one adapter from the first word to the last. Runs on the engine's thread.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bot.engine.context import Chunk, DecodeError, LlamaContext
from bot.engine.drafting import PromptLookup
from bot.engine.fingerprints import Fingerprints
from bot.engine.job import Job, Speaker
from bot.engine.metrics import EngineMetrics
from bot.engine.model import LlamaModel
from bot.engine.parking import Parked, Parking
from bot.engine.port import EngineError, Finish, GenerationFailed, Lane, ModelFileError
from bot.engine.sampler import Logits, NotFinite
from bot.engine.slots import COPY_GAIN_TOKENS, Placement, Slot, choose_slot, find_late_donor, plan_batch

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedAdapter:
    """An adapter in llama.cpp's memory. `key` distinguishes adapters whose files differ."""

    id: str
    key: str
    handle: Any


@dataclass(frozen=True, slots=True)
class Shared:
    """What all tracks of an engine share."""

    model: LlamaModel
    parking: Parking
    metrics: EngineMetrics
    clock: Callable[[], float]
    settings_id: str
    fingerprints: Fingerprints = field(default_factory=Fingerprints)


class Track:
    """Answers up to `slots` requests at once. Free it with `close`, which frees its adapter too."""

    def __init__(
        self, shared: Shared, lane: Lane, context: LlamaContext, *, slots: int, batch_tokens: int, draft: int = 0
    ) -> None:
        self.lane = lane
        self._model = shared.model
        self._shared = shared
        self._context = context
        self._slots = [Slot(index) for index in range(slots)]
        self._batch_tokens = batch_tokens
        self._draft = draft
        self._lookups: dict[int, PromptLookup] = {}
        self._adapter: LoadedAdapter | None = None
        self._admissions = 0

    @property
    def adapter_id(self) -> str | None:
        """The id of the track's adapter; None for the bare base."""
        return None if self._adapter is None else self._adapter.id

    @property
    def is_busy(self) -> bool:
        """Whether any job has a slot."""
        return any(slot.job is not None for slot in self._slots)

    @property
    def has_room(self) -> bool:
        """Whether a slot is free."""
        return any(slot.job is None for slot in self._slots)

    def set_adapter(self, adapter: LoadedAdapter | None) -> None:
        """Put the adapter on the idle track and free the one before.

        On `EngineError` the caller keeps the new one, and the track answers as before.
        """
        assert not self.is_busy  # a reply must not change its adapter
        self._park_all()
        before = self._adapter
        try:
            self._put_on(adapter)
            self.check()
        except EngineError:
            self._put_on(before)
            raise
        if before is not None:
            self._model.free_adapter(before.handle)

    def warm_up(self) -> None:
        """Compute one token in every slot, so that threads and buffers exist before the first person asks."""
        self._context.decode([Chunk(slot.index, [0], 0, wants_logits=True) for slot in self._slots])
        for slot in self._slots:
            self._context.trim(slot.index, 0)

    def check(self) -> None:
        """Compute the probe and remember the adapter by it. The track must be idle.

        Raises `ModelFileError` for weights that cannot answer, or that compute something else than before under this
        name.
        """
        name = self.adapter_id or self._model.base.id
        logits = self.probe()
        if not np.isfinite(logits).all():
            raise ModelFileError(f"{name} computes values that are not finite.")
        if not self._shared.fingerprints.note(self._speaker_key, self.adapter_id, logits):
            raise ModelFileError(f"{name} computes otherwise than before.")

    def identify(self) -> list[str | None]:
        """Return the adapters (None: the bare base) that compute what this track computes. There must be room."""
        return self._shared.fingerprints.find(self.probe())

    def probe(self) -> Logits:
        """Return the logits (vocabulary,) after one fixed token, which identify adapters. There must be room."""
        slot = next(slot for slot in reversed(self._slots) if slot.job is None)
        if len(slot.held) >= COPY_GAIN_TOKENS:
            self._park(slot)
        slot.held.clear()
        self._context.trim(slot.index, 0)
        (row,) = self._context.decode([Chunk(slot.index, [0], 0, wants_logits=True)])
        logits = self._context.logits(row).copy()
        self._context.trim(slot.index, 0)
        return logits

    def admit(self, job: Job) -> None:
        """Give the job a slot. There must be room."""
        parked, parked_tokens = self._shared.parking.find(self._speaker_key, job.tokens)
        placement = choose_slot(self._slots, job.tokens, parked_tokens)
        assert placement is not None  # has_room
        slot = placement.slot
        kept = self._prepare(placement, parked)
        slot.held = job.tokens[:kept]
        self._admissions += 1
        slot.job, slot.last_used, slot.is_begun = job, self._admissions, False
        job.reused_tokens, job.admitted = kept, self._shared.clock()
        if self._draft:
            self._lookups[slot.index] = PromptLookup(job.tokens, self._draft)

    def step(self, threads: int) -> list[Job]:
        """Compute one batch with this many threads and return the jobs that it ended."""
        self._context.set_threads(threads)
        before = [slot.job for slot in self._slots if slot.job is not None]
        self._share_beginnings()
        chunks = plan_batch(self._slots, self._batch_tokens, self._guess())
        try:
            self._decode(chunks)
        except DecodeError as error:
            _log.warning("decode of %d chunks failed with %d; decoding each alone", len(chunks), error.code)
            self._decode_each(chunks)
        running = {id(slot.job) for slot in self._slots}
        return [job for job in before if id(job) not in running]

    def drop_ended(self) -> None:
        """End the jobs that were cancelled or whose deadline has passed, with their text so far."""
        now = self._shared.clock()
        for slot in self._slots:
            if slot.job is not None and slot.job.generation.is_cancelled:
                self._finish(slot, "cancelled")
            elif slot.job is not None and slot.job.is_late(now):
                self._finish(slot, "deadline")

    def abandon(self, error: EngineError) -> None:
        """Fail every job with the error and compute nothing more. Only `close` may follow."""
        for slot in self._slots:
            if slot.job is not None:
                slot.job.fail(error)
                slot.job = None

    def close(self) -> None:
        """Free the context and the adapter. No job may be left."""
        self._context.close()
        if self._adapter is not None:
            self._model.free_adapter(self._adapter.handle)
            self._adapter = None

    @property
    def _speaker_key(self) -> str:
        return f"{self._model.base.id}/{self._adapter.key if self._adapter else ''}"

    def _put_on(self, adapter: LoadedAdapter | None) -> None:
        self._context.set_adapter(None if adapter is None else adapter.handle)
        self._adapter = adapter
        for slot in self._slots:
            slot.held.clear()

    def _prepare(self, placement: Placement, parked: Parked | None) -> int:
        """Bring what is reused into the slot. Return how many tokens that is."""
        slot = placement.slot
        if len(slot.held) - (0 if placement.is_parked or placement.donor else placement.reused) >= COPY_GAIN_TOKENS:
            self._park(slot)
        if placement.is_parked and parked is not None:
            if not self._restore(slot, parked):
                return 0
        elif placement.donor is not None and not self._context.copy(placement.donor.index, slot.index):
            return 0
        return self._context.trim(slot.index, placement.reused)

    def _share_beginnings(self) -> None:
        """Copy into prompts that wait for their first batch what other prompts have computed meanwhile."""
        for slot in self._slots:
            if (found := find_late_donor(self._slots, slot)) is None or slot.job is None:
                continue
            donor, length = found
            copied = self._context.copy(donor.index, slot.index)
            slot.held = slot.job.tokens[: self._context.trim(slot.index, length) if copied else 0]
            slot.job.reused_tokens = len(slot.held)

    def _restore(self, slot: Slot, parked: Parked) -> bool:
        """Bring what is parked into the slot. Return False, with an empty slot, if that failed."""
        started = time.perf_counter()
        state = self._shared.parking.read(parked)
        is_there = state is not None and self._context.restore(slot.index, state)
        if not is_there:
            self._context.trim(slot.index, 0)
        self._shared.metrics.note_seconds("park", time.perf_counter() - started)
        return is_there

    def _park_all(self) -> None:
        for slot in self._slots:
            if len(slot.held) >= COPY_GAIN_TOKENS:
                self._park(slot)

    def _park(self, slot: Slot) -> None:
        """Park what the slot holds, unless about as much is parked already.

        An evaluation's prompts do not come back, and must not push out people's threads.
        """
        if self.lane is Lane.TRIAL:
            return
        started = time.perf_counter()
        parking = self._shared.parking
        _, known = parking.find(self._speaker_key, slot.held)
        if len(slot.held) - known < COPY_GAIN_TOKENS or not parking.fits(1):
            return
        parking.add(Parked(self._speaker_key, slot.held.copy(), self._context.save(slot.index)))
        self._shared.metrics.show_parked(parking.size, parking.disk_size)
        self._shared.metrics.note_seconds("park", time.perf_counter() - started)

    def _guess(self) -> dict[int, list[int]]:
        """Return what may follow in each answering slot, limited by the room of its answer and its memory."""
        guesses = {}
        for slot in self._slots:
            if self._draft and slot.job is not None and slot.remaining == 1:
                room = slot.job.request.max_tokens - slot.job.completion_tokens - 1
                guesses[slot.index] = self._lookups[slot.index].guess(room)
        return guesses

    def _decode(self, chunks: Sequence[Chunk]) -> None:
        started = time.perf_counter()
        rows = self._context.decode(chunks)
        decoded = time.perf_counter()
        for chunk, row in zip(chunks, rows, strict=True):
            slot = self._slots[chunk.slot]
            slot.held.extend(chunk.tokens)
            slot.is_begun = True
            if chunk.wants_logits:
                self._answer(slot, row, chunk)
        self._shared.metrics.note_seconds("decode", decoded - started)
        self._shared.metrics.note_seconds("sample", time.perf_counter() - decoded)

    def _decode_each(self, chunks: Sequence[Chunk]) -> None:
        """After a failed batch, forget what it may have left and find the job that it failed on."""
        for chunk in chunks:
            slot = self._slots[chunk.slot]
            try:
                if self._context.trim(chunk.slot, chunk.start) != chunk.start:
                    raise DecodeError(0)
                self._decode([chunk])
            except DecodeError as error:
                self._fail(slot, error)

    def _answer(self, slot: Slot, row: int, chunk: Chunk) -> None:
        """Take the next tokens of the slot's answer: one, and one more for each guess that was right."""
        guess = chunk.tokens[len(chunk.tokens) - chunk.drafted :]
        right = 0
        while (token := self._take_token(slot, row + right)) is not None and right < len(guess):
            if token != guess[right]:
                break
            right += 1
            if slot.job is not None:
                slot.job.drafted_tokens += 1
        if guess:
            self._forget_wrong(slot, len(guess) - right)
            self._lookups[slot.index].note_result(len(guess), right)

    def _take_token(self, slot: Slot, row: int) -> int | None:
        """Choose the next token of the answer; None if the answer has ended."""
        job = slot.job
        assert job is not None  # a chunk belongs to a job
        logits = self._context.logits(row)
        try:
            token = job.pick(logits)
        except NotFinite as error:
            self._fail(slot, GenerationFailed(str(error)))
            return None
        if self._model.ends_answer(token):
            self._finish(slot, "stop")
            return None
        job.accept(token, self._model.piece(token), self._shared.clock(), logits)
        if self._draft:
            self._lookups[slot.index].append(token)
        if finish := job.find_end():
            self._finish(slot, finish)
            return None
        return token

    def _forget_wrong(self, slot: Slot, wrong: int) -> None:
        """Remove unconfirmed guesses from the slot's memory."""
        length = max(0, len(slot.held) - wrong)
        if wrong and slot.held:
            slot.held = slot.held[: self._context.trim(slot.index, length)]

    def _finish(self, slot: Slot, finish: Finish) -> None:
        assert slot.job is not None  # callers hold a busy slot
        speaker = Speaker(self._model.base.id, self.adapter_id, self._shared.settings_id)
        slot.job.finish(finish, speaker, self._shared.clock())
        slot.job = None

    def _fail(self, slot: Slot, error: EngineError) -> None:
        assert slot.job is not None  # callers hold a busy slot
        self._context.trim(slot.index, 0)
        slot.held.clear()
        slot.job.fail(error)
        slot.job = None
