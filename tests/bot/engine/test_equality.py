"""Two hundred prompts, answered together, parked and restored, guessed ahead: token for token what llama.cpp says."""

from collections.abc import Iterator
from typing import Any

import llama_cpp
import pytest

from benchmarks.serving.systems import find_best_attention
from benchmarks.serving.ties import RANKED, TIE, find_gap
from bot.engine.port import GenerationRequest
from retrain.adapter import Adapter
from retrain.bases.base import Base
from retrieval.prompt import ChatMessage
from tests.bot.engine.conftest import StartEngine

PROMPTS, ANSWER = 200, 12
MOST_TIES = 6
"""How many of 200 answers may be decided by a tie."""
SYSTEM = ChatMessage("system", "You are Chip, the support assistant of a company that sells robots.")


def requests() -> list[GenerationRequest]:
    """Threads of several lengths, several of which begin alike, in an order that drives them out of their slots."""
    asked = []
    for number in range(PROMPTS):
        thread = number % 25
        turns = (ChatMessage("user", f"Thread {thread}: {'abc ' * thread}"), ChatMessage("assistant", f"[1] {thread}."))
        last = ChatMessage("user", f"And {number}? abc abc abc {number * 7919 % 1000}")
        asked.append(GenerationRequest(str(number), (SYSTEM, *turns, last), max_tokens=ANSWER, sampling=RANKED))
    return asked


@pytest.fixture(scope="module")
def alone(base: Base, adapters: tuple[Adapter, Adapter]) -> Iterator[dict[str | None, llama_cpp.Llama]]:
    """llama-cpp-python's own `Llama`, one prompt at a time, with and without the adapter."""
    options: dict[str, Any] = {
        "n_ctx": 512,
        "n_threads": 1,
        "n_threads_batch": 1,
        "flash_attn": find_best_attention() == "on",
        "verbose": False,
    }
    llamas = {
        None: llama_cpp.Llama(str(base.gguf_path), **options),
        adapters[0].id: llama_cpp.Llama(str(base.gguf_path), lora_path=str(adapters[0].gguf_path), **options),
    }
    yield llamas
    for llama in llamas.values():
        llama.close()


def answer_alone(llama: llama_cpp.Llama, prompt: str) -> str:
    tokens = llama.tokenize(prompt.encode(), add_bos=False, special=True)
    llama.reset()
    answer: list[int] = []
    for token in llama.generate(tokens, temp=0.0):
        if token == llama.token_eos() or len(answer) == ANSWER:
            break
        answer.append(token)
    return llama.detokenize(answer).decode()


@pytest.mark.slow
@pytest.mark.parametrize("with_adapter", [False, True], ids=["bare", "adapter"])
@pytest.mark.parametrize("draft_tokens", [0, 4], ids=["plain", "drafted"])
@pytest.mark.parametrize("park_megabytes", [0, 16], ids=["unparked", "parked"])
def test_two_hundred_answers_equal_those_of_a_single_sequence(
    base: Base,
    adapters: tuple[Adapter, Adapter],
    start: StartEngine,
    alone: dict[str | None, llama_cpp.Llama],
    with_adapter: bool,
    draft_tokens: int,
    park_megabytes: int,
) -> None:
    engine = start(base, slots=4, queue=PROMPTS, draft_tokens=draft_tokens, park_megabytes=park_megabytes)
    engine.use_adapter(adapters[0] if with_adapter else None)
    generations = [engine.submit(request) for request in requests()]
    done = [generation.completion() for generation in generations]
    llama = alone[engine.adapter_id()]
    gaps = [gap for answer in done if (gap := find_gap(answer, answer_alone(llama, answer.prompt))) is not None]
    assert all(gap < TIE for gap in gaps)
    assert len(gaps) <= MOST_TIES
    assert len({answer.text for answer in done}) > PROMPTS // 2
    if park_megabytes:
        assert engine.metrics.value("parked_bytes") > 0
