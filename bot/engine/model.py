"""The weights of one base model in llama.cpp. Every method must be called on the engine's thread."""

from typing import Any

import llama_cpp

from bot.engine.port import ModelFileError
from retrain.adapter import Adapter, AdapterError
from retrain.bases.base import Base
from retrain.bases.llama_log import last_error
from retrain.bases.vocabulary import Vocabulary

COPIED_BYTES = 512 * 2**20
"""Weights up to this size are read into memory. Mapping them would share next to nothing."""


class LlamaModel(Vocabulary):
    """A loaded GGUF: tokens in and out, its chat template, its adapters. Free it with `close`."""

    def __init__(self, base: Base) -> None:
        """Load the weights, memory-mapped if they are large. Raises `ModelFileError`."""
        self.base = base
        parameters = llama_cpp.llama_model_default_params()
        # If somebody overwrites a mapped file in place, the next read of a page ends the process with SIGBUS.
        if base.gguf_path.is_file() and base.gguf_path.stat().st_size <= COPIED_BYTES:
            parameters.load_mode = llama_cpp.LLAMA_LOAD_MODE_NONE
        handle = llama_cpp.llama_model_load_from_file(str(base.gguf_path).encode(), parameters)
        if not handle:
            raise ModelFileError(f"llama.cpp cannot load {base.gguf_path}: {last_error()}")
        super().__init__(handle)
        self.context = min(base.context, llama_cpp.llama_model_n_ctx_train(handle))

    def load_adapter(self, adapter: Adapter) -> Any:
        """Return llama.cpp's handle of the adapter; free it with `free_adapter`. Raises `ModelFileError`."""
        handle = llama_cpp.llama_adapter_lora_init(self.handle, str(adapter.gguf_path).encode())
        if not handle:
            raise ModelFileError(f"Adapter {adapter.id} does not fit {self.base.id}: {last_error()}")
        return handle

    def free_adapter(self, handle: Any) -> None:
        """Free an adapter that `load_adapter` returned."""
        llama_cpp.llama_adapter_lora_free(handle)

    def close(self) -> None:
        """Free the weights. No context may be left that uses them."""
        llama_cpp.llama_model_free(self.handle)


def verify_adapter(adapter: Adapter, base: Base) -> None:
    """Raise `ModelFileError` unless the adapter was trained on this base and its files match their hashes."""
    if adapter.base_id != base.id:
        raise ModelFileError(f"Adapter {adapter.id} was trained on {adapter.base_id}, not on {base.id}.")
    if adapter.gguf_path.name not in adapter.files:
        raise ModelFileError(f"Adapter {adapter.id} records no hash for {adapter.gguf_path.name}.")
    try:
        adapter.verify()
    except AdapterError as error:
        raise ModelFileError(str(error)) from error
