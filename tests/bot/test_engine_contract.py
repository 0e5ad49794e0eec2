"""What every engine does for its callers: the real one on a tiny model, one over a server, the one of the stories."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from bot.engine.llama_engine import LlamaEngine
from bot.engine.port import Engine, EngineError, GenerationRequest, Lane, ModelFileError
from bot.engine.remote_engine import RemoteEngine
from config.settings import EngineSettings
from retrain.adapter import Adapter
from retrieval.prompt import ChatMessage
from tests.bot.engine.fake_openai import FakeOpenAI
from tests.bot.engine.tiny_gguf import write_adapter, write_random_base
from tests.fakes import QuotingEngine, Slowly

PIECES = tuple(f"word{number} " for number in range(12))
EngineAndAdapter = tuple[Engine, Adapter]


def build_llama(folder: Path) -> EngineAndAdapter:
    base = write_random_base(folder / "tiny")
    return LlamaEngine(base, EngineSettings(slots=2, threads=1, context_tokens=512)), write_adapter(
        folder / "one", base, seed=1
    )


def build_quoting(folder: Path) -> EngineAndAdapter:
    base = write_random_base(folder / "tiny")
    engine = QuotingEngine(base_id=base.id)
    engine.queue.extend([Slowly(PIECES, 0.01)] * 3)
    return engine, write_adapter(folder / "one", base, seed=1)


@contextmanager
def open_remote(folder: Path) -> Iterator[EngineAndAdapter]:
    base = write_random_base(folder / "tiny")
    server = FakeOpenAI(models=(base.id,))
    with closing(server), closing(RemoteEngine(base, EngineSettings(slots=2, url=server.url))) as engine:
        yield engine, write_adapter(folder / "one", base, seed=1)


@contextmanager
def open_llama(folder: Path) -> Iterator[EngineAndAdapter]:
    engine, adapter = build_llama(folder)
    with closing(engine):
        yield engine, adapter


@contextmanager
def open_quoting(folder: Path) -> Iterator[EngineAndAdapter]:
    engine, adapter = build_quoting(folder)
    with closing(engine):
        yield engine, adapter


@pytest.fixture(params=[open_llama, open_remote, open_quoting], ids=["llama", "remote", "quoting"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EngineAndAdapter]:
    opened: Callable[[Path], AbstractContextManager[EngineAndAdapter]] = request.param
    with opened(tmp_path) as engine_and_adapter:
        yield engine_and_adapter


def ask(max_tokens: int = 8, lane: Lane = Lane.LIVE) -> GenerationRequest:
    messages = (ChatMessage("system", "You are Chip."), ChatMessage("user", "How far does it go?"))
    return GenerationRequest("R1", messages, max_tokens=max_tokens, lane=lane)


def test_the_pieces_are_the_completions_text(pair: EngineAndAdapter) -> None:
    generation = pair[0].submit(ask())
    text = "".join(generation)
    done = generation.completion()
    assert text == done.text != ""
    assert list(generation) == []


def test_a_completion_tells_what_made_it(pair: EngineAndAdapter) -> None:
    engine, _ = pair
    done = engine.submit(ask(4)).completion()
    assert "How far does it go?" in done.prompt
    assert (done.base_id, done.adapter_id) == (engine.base_id, None)
    assert (done.finish, done.completion_tokens) == ("length", 4)
    assert done.prompt_tokens > 4
    assert 0 <= done.first_token_ms <= done.total_ms


def test_cancelling_keeps_the_text_so_far(pair: EngineAndAdapter) -> None:
    generation = pair[0].submit(ask(200))
    pieces = iter(generation)
    first = next(pieces)
    generation.cancel()
    text = first + "".join(pieces)
    assert (generation.completion().finish, generation.completion().text) == ("cancelled", text)
    generation.cancel()


def test_each_lane_has_an_adapter_of_its_own(pair: EngineAndAdapter) -> None:
    engine, adapter = pair
    assert engine.use_adapter(adapter, Lane.TRIAL) >= 0
    assert (engine.adapter_id(), engine.adapter_id(Lane.TRIAL)) == (None, adapter.id)
    assert engine.submit(ask(lane=Lane.TRIAL)).completion().adapter_id == adapter.id
    assert engine.submit(ask()).completion().adapter_id is None
    engine.use_adapter(None, Lane.TRIAL)
    assert engine.adapter_id(Lane.TRIAL) is None


def test_an_adapter_whose_file_was_changed_is_refused_and_the_lane_stays(pair: EngineAndAdapter) -> None:
    engine, adapter = pair
    adapter.gguf_path.write_bytes(adapter.gguf_path.read_bytes()[:100])
    with pytest.raises(ModelFileError, match="hash"):
        engine.use_adapter(adapter)
    assert engine.adapter_id() is None
    assert engine.submit(ask()).completion().text


def test_a_closed_engine_says_so(pair: EngineAndAdapter) -> None:
    engine, _ = pair
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.submit(ask())
    with pytest.raises(EngineError, match="closed"):
        engine.use_adapter(None)


def test_without_a_plan_the_played_engine_quotes_or_does_not_know() -> None:
    engine = QuotingEngine()
    evidence = "Evidence (strong match):\nMoss\n[1] It mows.\n[2] It rests.\n\nQuestion: What?"
    quoted = engine.submit(GenerationRequest("R1", (ChatMessage("user", evidence),))).completion()
    none = engine.submit(GenerationRequest("R2", (ChatMessage("user", "Evidence: none\n\nQuestion: [1]?"),)))
    assert quoted.text == "[1] It mows."
    assert none.completion().text.startswith("I don't know")
