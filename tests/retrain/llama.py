"""llama.cpp over a GGUF with or without an adapter: the logits of a row of tokens, and a greedy answerer."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from retrain.adapter import Adapter
from retrain.bases.logits import compute_logits, open_llama, read_tokens
from retrain.bases.vocabulary import Vocabulary
from retrain.evaluate import Answer
from retrain.examples import Prompt
from retrieval.chat_template import render_chat
from retrieval.draft import Draft


def compute_llama_logits(model_path: Path, adapter_path: Path | None, tokens: list[int]) -> NDArray[np.float32]:
    """Return the logits of the last token, shape (vocabulary,)."""
    logits: NDArray[np.float32] = compute_logits(model_path, adapter_path, tokens)[-1]
    return logits


class LlamaAnswerer:
    """Answers greedily with llama.cpp, one draft after the other."""

    def __init__(self, path: Path, max_tokens: int = 30) -> None:
        self.path = path
        self.max_tokens = max_tokens
        self.asked: list[str | None] = []

    def answer(self, drafts: Sequence[Draft], adapter: Adapter | None) -> list[Answer]:
        self.asked.append(None if adapter is None else adapter.id)
        if adapter is not None:
            adapter.verify()
        with open_llama(self.path, None if adapter is None else adapter.gguf_path) as context:
            vocabulary = Vocabulary(llama_cpp.llama_get_model(context))
            return [self._answer_one(context, vocabulary, draft.messages) for draft in drafts]

    def _answer_one(self, context: Any, vocabulary: Vocabulary, prompt: Prompt) -> Answer:
        began = time.monotonic()
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
        tokens = vocabulary.tokenize(render_chat(vocabulary.chat_template(), prompt))
        said: list[int] = []
        place = 0
        while len(said) < self.max_tokens:
            chosen = int(read_tokens(context, tokens, start=place, every=False)[-1].argmax())
            if vocabulary.ends_answer(chosen):
                break
            place += len(tokens)
            said.append(chosen)
            tokens = [chosen]
        text = b"".join(map(vocabulary.piece, said)).decode("utf-8", "replace")
        return Answer(text, (time.monotonic() - began) * 1000)
