"""What llama.cpp computes on a row of tokens: for comparing the served form of a base with the trained one."""

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from retrain.bases.base import BaseModelError
from retrain.bases.llama_log import last_error, route_log

Logits = NDArray[np.float32]


@contextmanager
def open_llama(path: Path, adapter: Path | None = None, *, cells: int = 512, threads: int = 1) -> Iterator[Any]:
    """Lend a context over a GGUF, with an adapter on it where one is given. Raises `BaseModelError`."""
    route_log()
    llama_cpp.llama_backend_init()
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), llama_cpp.llama_model_default_params())
    if not model:
        raise BaseModelError(f"llama.cpp cannot load {path}: {last_error()}")
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = cells
    parameters.n_threads = parameters.n_threads_batch = threads
    context = None
    try:
        context = llama_cpp.llama_init_from_model(model, parameters)
        if not context:
            raise BaseModelError(f"llama.cpp has no memory for a conversation with {path}: {last_error()}")
        if adapter is not None:
            _put_on(context, model, adapter)
        yield context
    finally:
        if context:
            llama_cpp.llama_free(context)
        llama_cpp.llama_model_free(model)


def _put_on(context: Any, model: Any, path: Path) -> None:
    adapter = llama_cpp.llama_adapter_lora_init(model, str(path).encode())
    if not adapter:
        raise BaseModelError(f"llama.cpp cannot load the adapter {path}: {last_error()}")
    adapters = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(adapter)
    if llama_cpp.llama_set_adapters_lora(context, adapters, 1, (ctypes.c_float * 1)(1.0)):
        raise BaseModelError(f"llama.cpp cannot use the adapter {path}: {last_error()}")


def read_tokens(context: Any, tokens: Sequence[int], *, start: int = 0, every: bool = True) -> Logits:
    """Decode the tokens, the first of them at place `start`; return the logits after each, shape (tokens, size).

    Without `every` there are those after the last token alone, which is what an answer needs.
    """
    size = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(llama_cpp.llama_get_model(context)))
    batch = llama_cpp.llama_batch_init(len(tokens), 0, 1)
    try:
        batch.n_tokens = len(tokens)
        for place, token in enumerate(tokens):
            batch.token[place], batch.pos[place], batch.logits[place] = token, start + place, every
            batch.n_seq_id[place], batch.seq_id[place][0] = 1, 0
        batch.logits[len(tokens) - 1] = 1
        if llama_cpp.llama_decode(context, batch):
            raise BaseModelError(f"llama.cpp cannot compute with this model: {last_error()}")
        wanted = range(len(tokens) if every else 1)
        rows = (llama_cpp.llama_get_logits_ith(context, place if every else -1) for place in wanted)
        return np.stack([np.ctypeslib.as_array(row, shape=(size,)).copy() for row in rows])
    finally:
        llama_cpp.llama_batch_free(batch)


def compute_logits(path: Path, adapter: Path | None, tokens: Sequence[int]) -> Logits:
    """Return the logits after each token, shape (tokens, size of the vocabulary)."""
    with open_llama(path, adapter, cells=max(64, len(tokens))) as context:
        return read_tokens(context, tokens)


def correlate(one: Logits, other: Logits) -> float:
    """Return how alike two rows of logits are, averaged over the rows: 1 where they differ by scale and shift only."""
    centred = [rows - rows.mean(1, keepdims=True) for rows in (one, other)]
    norms = [np.linalg.norm(rows, axis=1) for rows in centred]
    return float(((centred[0] * centred[1]).sum(1) / np.maximum(norms[0] * norms[1], 1e-12)).mean())
