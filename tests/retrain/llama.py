"""llama.cpp over a GGUF with or without an adapter: the logits of a row of tokens, and a greedy answerer."""

import ctypes
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray
from transformers import AutoTokenizer

from retrain.adapter import Adapter
from retrain.base_card import load_base
from retrain.evaluate import Answer
from retrain.examples import Prompt
from retrieval.chat_template import render_chat, template_of_tokenizer
from retrieval.draft import Draft


@contextmanager
def open_llama(model_path: Path, adapter_path: Path | None, cells: int = 256) -> Iterator[Any]:
    """Lend a context of one thread with the adapter set on it."""
    llama_cpp.llama_backend_init()
    model = llama_cpp.llama_model_load_from_file(str(model_path).encode(), llama_cpp.llama_model_default_params())
    assert model, f"{model_path} did not load"
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_ctx, parameters.n_threads, parameters.n_threads_batch = cells, 1, 1
    context = llama_cpp.llama_init_from_model(model, parameters)
    try:
        if adapter_path is not None:
            adapter = llama_cpp.llama_adapter_lora_init(model, str(adapter_path).encode())
            assert adapter, f"{adapter_path} did not load"
            adapters = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(adapter)
            assert llama_cpp.llama_set_adapters_lora(context, adapters, 1, (ctypes.c_float * 1)(1.0)) == 0
        yield context
    finally:
        llama_cpp.llama_free(context)
        llama_cpp.llama_model_free(model)


def read_tokens(context: Any, tokens: Sequence[int]) -> NDArray[np.float32]:
    """Decode the tokens and return the logits after the last, shape (vocabulary,)."""
    ids = (llama_cpp.llama_token * len(tokens))(*tokens)
    assert llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(ids, len(tokens))) == 0
    size = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(llama_cpp.llama_get_model(context)))
    return np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(context, -1), shape=(size,)).copy()


def compute_llama_logits(model_path: Path, adapter_path: Path | None, tokens: list[int]) -> NDArray[np.float32]:
    """Return the logits of the last token, shape (vocabulary,)."""
    with open_llama(model_path, adapter_path) as context:
        return read_tokens(context, tokens)


class LlamaAnswerer:
    """Answers greedily with llama.cpp, one draft after the other; the tokenizer is the base's Hugging Face one."""

    def __init__(self, base_folder: Path, max_tokens: int = 30) -> None:
        self.model_path = load_base(base_folder).gguf_path
        self.tokenizer: Any = AutoTokenizer.from_pretrained(base_folder)
        self.max_tokens = max_tokens
        self.asked: list[str | None] = []

    def answer(self, drafts: Sequence[Draft], adapter: Adapter | None) -> list[Answer]:
        self.asked.append(None if adapter is None else adapter.id)
        if adapter is not None:
            adapter.verify()
        with open_llama(self.model_path, None if adapter is None else adapter.gguf_path, 512) as context:
            return [self._answer_one(context, draft.messages) for draft in drafts]

    def _answer_one(self, context: Any, prompt: Prompt) -> Answer:
        began = time.monotonic()
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
        text = render_chat(template_of_tokenizer(self.tokenizer), prompt)
        tokens = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        said: list[int] = []
        for _ in range(self.max_tokens):
            chosen = int(read_tokens(context, tokens).argmax())
            if chosen == self.tokenizer.eos_token_id:
                break
            said.append(chosen)
            tokens = [chosen]
        return Answer(self.tokenizer.decode(said), (time.monotonic() - began) * 1000)
