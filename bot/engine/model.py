"""The weights and vocabulary of one base model in llama.cpp. Every method must be called on the engine's thread."""

import ctypes
from typing import Any

import llama_cpp

from bot.engine.llama_log import last_error
from bot.engine.port import ModelFileError
from retrain.adapter import Adapter, AdapterError
from retrain.base_card import Base
from retrieval.chat_template import ChatTemplate

_CONTROL = llama_cpp.LLAMA_TOKEN_ATTR_CONTROL | llama_cpp.LLAMA_TOKEN_ATTR_UNKNOWN
COPIED_BYTES = 512 * 2**20
"""Weights up to this size are read into memory. Mapping them would share next to nothing."""


class LlamaModel:
    """A loaded GGUF: tokens in and out, its chat template, its adapters. Free it with `close`."""

    def __init__(self, base: Base) -> None:
        """Load the weights, memory-mapped if they are large. Raises `ModelFileError`."""
        self.base = base
        parameters = llama_cpp.llama_model_default_params()
        # If somebody overwrites a mapped file in place, the next read of a page ends the process with SIGBUS.
        if base.gguf_path.is_file() and base.gguf_path.stat().st_size <= COPIED_BYTES:
            parameters.load_mode = llama_cpp.LLAMA_LOAD_MODE_NONE
        self.handle = llama_cpp.llama_model_load_from_file(str(base.gguf_path).encode(), parameters)
        if not self.handle:
            raise ModelFileError(f"llama.cpp cannot load {base.gguf_path}: {last_error()}")
        self.vocabulary = llama_cpp.llama_model_get_vocab(self.handle)
        self.vocabulary_size = llama_cpp.llama_vocab_n_tokens(self.vocabulary)
        self.context = min(base.context, llama_cpp.llama_model_n_ctx_train(self.handle))
        self._pieces: dict[int, bytes] = {}

    def chat_template(self) -> ChatTemplate:
        """Return the template that the GGUF carries. Raises `ModelFileError` if it has none."""
        source = llama_cpp.llama_model_chat_template(self.handle, None)
        if not source:
            raise ModelFileError(f"{self.base.gguf_path} carries no chat template, so it cannot be asked anything.")
        control = (
            i for i in range(self.vocabulary_size) if llama_cpp.llama_vocab_get_attr(self.vocabulary, i) & _CONTROL
        )
        return ChatTemplate(
            source=source.decode(),
            bos_token=self._text(llama_cpp.llama_vocab_bos(self.vocabulary)),
            eos_token=self._text(llama_cpp.llama_vocab_eos(self.vocabulary)),
            control_tokens=tuple(sorted(map(self._text, control))),
        )

    def _text(self, token: int) -> str:
        return llama_cpp.llama_vocab_get_text(self.vocabulary, token).decode() if token >= 0 else ""

    def tokenize(self, prompt: str) -> list[int]:
        """Return the tokens of a rendered chat: control tokens are parsed, none are added."""
        text = prompt.encode()
        size = len(text) + 8  # no token is shorter than a byte, so one call is enough
        buffer = (llama_cpp.llama_token * size)()
        count = llama_cpp.llama_tokenize(self.vocabulary, text, len(text), buffer, size, False, True)
        return list(buffer[: max(count, 0)])

    def piece(self, token: int) -> bytes:
        """Return the bytes that a token adds to the text; none for control tokens."""
        if token not in self._pieces:
            self._pieces[token] = self._read_piece(token)
        return self._pieces[token]

    def _read_piece(self, token: int, size: int = 64) -> bytes:
        buffer = ctypes.create_string_buffer(size)
        count = llama_cpp.llama_token_to_piece(self.vocabulary, token, buffer, size, 0, False)
        return buffer.raw[:count] if count >= 0 else self._read_piece(token, -count)

    def ends_answer(self, token: int) -> bool:
        """Whether the token ends the text or the assistant's turn."""
        return bool(llama_cpp.llama_vocab_is_eog(self.vocabulary, token))

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
