"""Tiny models, adapters and engines for the engine's tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.engine.llama_engine import LlamaEngine
from bot.engine.port import GenerationRequest, Lane
from config.settings import EngineSettings
from retrain.adapter import Adapter
from retrain.bases.base import Base
from retrieval.prompt import ChatMessage
from tests.bot.engine.tiny_gguf import write_adapter, write_random_base

SYSTEM = "You are Chip, the support assistant of a company that sells robots. Answer from the evidence only."
StartEngine = Callable[..., LlamaEngine]


def ask(
    question: str, *, max_tokens: int = 24, lane: Lane = Lane.LIVE, temperature: float = 0.0, seed: int = 0
) -> GenerationRequest:
    """Return a request for a question under the usual system message."""
    return GenerationRequest(
        id=f"ask-{question[:12]}",
        messages=(ChatMessage("system", SYSTEM), ChatMessage("user", question)),
        max_tokens=max_tokens,
        temperature=temperature,
        seed=seed,
        lane=lane,
    )


def settings(**changes: Any) -> EngineSettings:
    """Return small settings. One thread: two would spin against whatever else this machine does."""
    return EngineSettings(
        **{"slots": 4, "threads": 1, "context_tokens": 512, "queue": 64, "draft_tokens": 0, **changes}
    )


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return write_random_base(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="session")
def adapters(base: Base, tmp_path_factory: pytest.TempPathFactory) -> tuple[Adapter, Adapter]:
    folder = tmp_path_factory.mktemp("adapters")
    return write_adapter(folder / "one", base, seed=1), write_adapter(folder / "two", base, seed=2)


@pytest.fixture
def start() -> Iterator[StartEngine]:
    """Return a function that starts an engine, closed when the test ends."""
    engines = []

    def start_engine(base: Base, **changes: Any) -> LlamaEngine:
        engines.append(LlamaEngine(base, settings(**changes)))
        return engines[-1]

    yield start_engine
    for engine in engines:
        engine.close()
