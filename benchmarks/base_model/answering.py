"""The model as the product serves it, for measuring: prompt, engine on Q8_0, greedy, quotes held exact; no checker."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.answering.say import Voice
from bot.engine.llama_engine import LlamaEngine
from config.settings import EngineSettings
from models.recipes.chip_nano.smalltalk import CARE, PERSONAL, SAYINGS
from retrain.bases.base import load_base
from retrieval.draft import build_draft
from retrieval.encoders.embedder import Embedder
from retrieval.passage import CUSTOMER_SCOPE, Evidence, EvidenceLine, Scope, Stretch, Turn, Vectors
from retrieval.prompt import is_refusal, split_claims
from retrieval.retrieved import Retrieved

TALK = frozenset([*SAYINGS, PERSONAL, CARE])
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


class RememberingEmbedder:
    """An embedder that encodes each text once; baselines ask for the same sentences again and again."""

    def __init__(self, embedder: Embedder) -> None:
        self.model_id = embedder.model_id
        self._embedder = embedder
        self._vectors: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (n, width) float32 with rows of length 1."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        self._vectors.update(zip(new, self._embedder.encode(new), strict=True))
        return np.stack([self._vectors[text] for text in texts]) if texts else self._embedder.encode([])

    def encode_units(self, stretches: Sequence[Stretch]) -> list[Vectors]:
        """Return (units, width) for each stretch."""
        return self._embedder.encode_units(stretches)


def no_lessons() -> list[str]:
    return []


def no_look_up(sentence: str, scope: Scope) -> tuple[EvidenceLine, ...]:  # noqa: ARG001
    return ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said, and how long reading and writing took (tokens, seconds)."""

    text: str
    read_tokens: int
    read_seconds: float
    written_tokens: int
    write_seconds: float


class BaseModel:
    """A base folder, loaded once, behind the product's engine."""

    def __init__(self, folder: Path, *, threads: int, exact_quotes: bool = True) -> None:
        settings = EngineSettings(base=folder, threads=threads)
        self._engine = LlamaEngine(load_base(folder), settings)
        self._voice = Voice(self._engine, no_look_up, no_lessons, settings.answer_tokens, exact_quotes)

    def answer(
        self,
        question: str,
        evidence: Evidence,
        *,
        company: str,
        thread: Sequence[Turn] = (),
        is_question: bool = False,
    ) -> Answer:
        """Return the greedy answer to one prompt. What was read for an earlier prompt is not read again."""
        retrieved = Retrieved(question, (), evidence, 0.0, question, is_question=is_question)
        draft = build_draft(retrieved, company, question, CUSTOMER_SCOPE, thread)
        completion = self._voice.say(draft, "measure").completion()
        read = completion.first_token_ms / 1000
        return Answer(
            completion.text.strip(),
            completion.prompt_tokens - completion.reused_tokens,
            read,
            completion.completion_tokens,
            completion.total_ms / 1000 - read,
        )

    def close(self) -> None:
        """Let go of the engine."""
        self._engine.close()


def count_unsupported(answer: str, evidence: Evidence) -> tuple[int, int]:
    """Return (sentences that no line of evidence holds word for word, sentences said as fact).

    A refusal and the small talk that was taught are not facts.
    """
    if is_refusal(answer) or answer in TALK:
        return 0, 0
    lines = [_plain(line.text) for line in evidence.lines]
    sentences = [part for claim in split_claims(answer) for part in _SENTENCE.split(claim.text)]
    return sum(not any(_plain(sentence) in line for line in lines) for sentence in sentences), len(sentences)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
