"""The model as the product uses it, for measuring: prompt, chat template, llama.cpp on Q8_0, greedy; no checker."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from llama_cpp import Llama
from transformers import AutoTokenizer

from retrieval.embedder import Embedder, Vectors
from retrieval.passage import Evidence
from retrieval.prompt import Turn, build_messages, is_refusal, split_claims

_SENTENCE = re.compile(r"(?<=[.!?])\s+")


class RememberingEmbedder:
    """An embedder that encodes each text once; baselines ask for the same sentences again and again."""

    def __init__(self, embedder: Embedder) -> None:
        self.identity = embedder.identity
        self._embedder = embedder
        self._vectors: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (n, width) float32 with rows of length 1."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        self._vectors.update(zip(new, self._embedder.encode(new), strict=True))
        return np.stack([self._vectors[text] for text in texts]) if texts else self._embedder.encode([])


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said, and how long reading and writing took (tokens, seconds)."""

    text: str
    read_tokens: int
    read_seconds: float
    written_tokens: int
    write_seconds: float


class BaseModel:
    """A base folder, loaded once."""

    def __init__(self, folder: Path, *, threads: int) -> None:
        gguf = next(folder.glob("*.gguf"))
        self._llama = Llama(str(gguf), n_ctx=1024, n_threads=threads, n_threads_batch=threads, verbose=False)
        self._tokenizer = AutoTokenizer.from_pretrained(folder)

    def answer(self, question: str, evidence: Evidence, *, company: str, thread: Sequence[Turn] = ()) -> Answer:
        """Return the greedy answer to one prompt, read from scratch."""
        chat = [
            {"role": message.role, "content": message.content}
            for message in build_messages(question, evidence, company=company, thread=thread)
        ]
        text = self._tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        tokens = self._llama.tokenize(text.encode(), add_bos=False, special=True)[-896:]
        started = time.perf_counter()
        self._llama.reset()
        self._llama.eval(tokens)
        read = time.perf_counter()
        written: list[int] = []
        while len(written) < 120:
            token = self._llama.sample(temp=0.0)
            if token == self._llama.token_eos():
                break
            written.append(token)
            self._llama.eval([token])
        said = self._llama.detokenize(written, special=True).decode("utf-8", errors="replace")
        return Answer(said.strip(), len(tokens), read - started, len(written), time.perf_counter() - read)


def count_unsupported(answer: str, evidence: Evidence) -> tuple[int, int]:
    """Return (sentences that no line of evidence holds word for word, sentences said as fact).

    A refusal and sentences that cite nothing are not facts.
    """
    if is_refusal(answer):
        return 0, 0
    lines = [_plain(line.text) for line in evidence.lines]
    sentences = [part for claim in split_claims(answer) if claim.number for part in _SENTENCE.split(claim.text)]
    return sum(not any(_plain(sentence) in line for line in lines) for sentence in sentences), len(sentences)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
