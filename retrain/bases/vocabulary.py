"""The tokenizer and the chat template of a GGUF, by llama.cpp: serving and training read the same tokens with it."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import llama_cpp

from retrain.bases.base import BaseModelError
from retrain.bases.llama_log import last_error, route_log
from retrieval.chat_template import ChatTemplate

_CONTROL = llama_cpp.LLAMA_TOKEN_ATTR_CONTROL | llama_cpp.LLAMA_TOKEN_ATTR_UNKNOWN


class Vocabulary:
    """Tokens in and out of a model that llama.cpp has loaded, with its weights or without."""

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self.vocabulary = llama_cpp.llama_model_get_vocab(handle)
        self.vocabulary_size = llama_cpp.llama_vocab_n_tokens(self.vocabulary)
        self._pieces: dict[int, bytes] = {}

    def chat_template(self) -> ChatTemplate:
        """Return the template that the GGUF carries. Raises `BaseModelError` where it has none."""
        source = llama_cpp.llama_model_chat_template(self.handle, None)
        if not source:
            raise BaseModelError("The model carries no chat template, so it cannot be asked anything.")
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


@contextmanager
def open_vocabulary(path: Path) -> Iterator[Vocabulary]:
    """Lend a GGUF's vocabulary, loaded without its weights. Raises `BaseModelError` where llama.cpp refuses it."""
    route_log()
    parameters = llama_cpp.llama_model_default_params()
    parameters.vocab_only = True
    handle = llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)
    if not handle:
        raise BaseModelError(f"llama.cpp cannot load {path}: {last_error()}")
    try:
        yield Vocabulary(handle)
    finally:
        llama_cpp.llama_model_free(handle)
