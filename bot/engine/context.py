"""One llama.cpp context: the key/value memory of some slots and the batch that decodes them together.

Every method must be called on the engine's thread: OpenMP keeps a pool of workers for each calling thread, and a second
one slows each decode by half. Knows nothing of requests.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from bot.engine.attention import Choice, choose_flash_attention
from bot.engine.model import LlamaModel
from bot.engine.port import EngineError, GenerationFailed


class DecodeError(GenerationFailed):
    """llama.cpp could not decode a batch; `code` is its return value."""

    def __init__(self, code: int) -> None:
        super().__init__(f"The model could not be run on this text (llama.cpp returned {code}).")
        self.code = code


@dataclass(frozen=True, slots=True)
class Chunk:
    """Tokens to append to a slot from position `start`.

    `wants_logits` asks for the logits after the last token and after each of the `drafted` tokens before it, so that
    guessed tokens can be verified.
    """

    slot: int
    tokens: Sequence[int]
    start: int
    wants_logits: bool
    drafted: int = 0


class LlamaContext:
    """Memory for `slots` sequences of `slot_tokens` each, and at most one adapter. Free it with `close`."""

    def __init__(
        self,
        model: LlamaModel,
        *,
        slots: int,
        slot_tokens: int,
        batch_tokens: int,
        threads: int,
        draft: int = 0,
        flash_attention: Choice = "auto",
    ) -> None:
        """`draft` is the most tokens that a chunk guesses. Raises `EngineError` if the memory cannot be allocated."""
        self._vocabulary_size = model.vocabulary_size
        self._threads = threads
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = slots * slot_tokens
        params.n_batch = params.n_ubatch = batch_tokens
        params.n_seq_max = slots
        params.n_outputs_max = slots * (1 + draft)
        params.n_threads = params.n_threads_batch = threads
        params.flash_attn_type = choose_flash_attention(flash_attention)
        params.kv_unified = False  # a unified cache walks every slot's cells: prefill is a third slower
        params.swa_full = True  # a sliding window that drops cells could not keep prefixes
        self._handle = llama_cpp.llama_init_from_model(model.handle, params)
        if not self._handle:
            raise EngineError(f"There is no memory for {slots} conversations of {slot_tokens} tokens.")
        self._memory = llama_cpp.llama_get_memory(self._handle)
        self._allocate_batch(batch_tokens)
        self._scratch = np.empty(0, np.uint8)

    def _allocate_batch(self, size: int) -> None:
        """Place the batch over arrays of our own, so that rows are written without a Python loop."""
        self._token = np.zeros(size, np.int32)
        self._position = np.zeros(size, np.int32)
        self._sequence = np.zeros(size, np.int32)
        self._wanted = np.zeros(size, np.int8)
        self._one = np.ones(size, np.int32)
        stride = self._sequence.itemsize
        self._sequence_at = (self._sequence.ctypes.data + stride * np.arange(size)).astype(np.uintp)
        self._batch = llama_cpp.llama_batch(
            n_tokens=0,
            token=_pointer(self._token, llama_cpp.llama_token),
            embd=None,
            pos=_pointer(self._position, llama_cpp.llama_pos),
            n_seq_id=_pointer(self._one, ctypes.c_int32),
            seq_id=_pointer(self._sequence_at, ctypes.POINTER(llama_cpp.llama_seq_id)),
            logits=_pointer(self._wanted, ctypes.c_int8),
        )

    def set_threads(self, threads: int) -> None:
        """Use this many threads from the next decode on."""
        if threads != self._threads:
            llama_cpp.llama_set_n_threads(self._handle, threads, threads)
            self._threads = threads

    def decode(self, chunks: Sequence[Chunk]) -> list[int]:
        """Decode all chunks, in ascending order of slot, and return the row of each chunk's first logits.

        Raises `DecodeError`. Some of the tokens may then be in the memory: `trim` each slot.
        """
        first_rows, end = [], 0
        for chunk in chunks:
            start, end = end, end + len(chunk.tokens)
            self._token[start:end] = chunk.tokens
            self._position[start:end] = np.arange(chunk.start, chunk.start + len(chunk.tokens))
            self._sequence[start:end] = chunk.slot
            self._wanted[start:end] = 0
            first = end - 1 - chunk.drafted
            self._wanted[first:end] = chunk.wants_logits
            first_rows.append(first)
        self._batch.n_tokens = end
        code = llama_cpp.llama_decode(self._handle, self._batch)
        if code != 0:
            raise DecodeError(code)
        return first_rows

    def logits(self, row: int) -> NDArray[np.float32]:
        """Return the logits of a row of the last batch, (vocabulary,), valid until the next decode."""
        pointer = llama_cpp.llama_get_logits_ith(self._handle, row)
        return np.ctypeslib.as_array(pointer, (self._vocabulary_size,))

    def trim(self, slot: int, length: int) -> int:
        """Forget a slot's tokens from position `length` on. Return how many are left: 0 if all had to go."""
        if llama_cpp.llama_memory_seq_rm(self._memory, slot, length, -1):
            return length
        llama_cpp.llama_memory_seq_rm(self._memory, slot, -1, -1)
        return 0

    def copy(self, source: int, target: int) -> bool:
        """Make the target slot hold what the source holds. Return False, and leave the target empty, if that failed.

        This goes by way of the state. llama.cpp's own copy waits for the next decode, so that a `restore` into the
        source before then would end up in the target.
        """
        size = llama_cpp.llama_state_seq_get_size(self._handle, source)
        if size > len(self._scratch):
            self._scratch = np.empty(size, np.uint8)  # kept: touching memory for the first time costs more
        return self.restore(target, self._save_into(self._scratch, source, size))

    def save(self, slot: int) -> NDArray[np.uint8]:
        """Return a copy of what the slot holds, for `restore`. Empty if llama.cpp cannot copy it."""
        size = llama_cpp.llama_state_seq_get_size(self._handle, slot)
        return self._save_into(np.empty(size, np.uint8), slot, size)

    def _save_into(self, state: NDArray[np.uint8], slot: int, size: int) -> NDArray[np.uint8]:
        written = llama_cpp.llama_state_seq_get_data(self._handle, _pointer(state, ctypes.c_uint8), size, slot)
        return state[:written]

    def restore(self, slot: int, state: NDArray[np.uint8]) -> bool:
        """Make the slot hold what was saved. Return False, with an empty slot, if llama.cpp refuses it."""
        llama_cpp.llama_memory_seq_rm(self._memory, slot, -1, -1)
        read = llama_cpp.llama_state_seq_set_data(self._handle, _pointer(state, ctypes.c_uint8), len(state), slot)
        if read != len(state):
            llama_cpp.llama_memory_seq_rm(self._memory, slot, -1, -1)
        return bool(read == len(state))

    def set_adapter(self, adapter: Any | None) -> None:
        """Use this adapter (None: no adapter) and forget every slot, because the old memory was computed without it."""
        count = 0 if adapter is None else 1
        handle: Any = adapter  # a null pointer if there is none
        handles = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(handle)
        code = llama_cpp.llama_set_adapters_lora(self._handle, handles, count, (ctypes.c_float * 1)(1.0))
        if code != 0:
            raise EngineError(f"llama.cpp did not take the adapter ({code}).")
        llama_cpp.llama_memory_clear(self._memory, False)

    def close(self) -> None:
        """Free the context. No job may be left."""
        llama_cpp.llama_free(self._handle)


def _pointer(array: NDArray[Any], kind: Any) -> Any:
    return ctypes.cast(array.ctypes.data, ctypes.POINTER(kind))
