"""Which engine the settings open, and its metrics on loopback."""

import socket
from contextlib import closing

import httpx
import pytest

from bot.core import open_engine
from bot.engine.llama_engine import LlamaEngine
from bot.engine.port import EngineError
from bot.engine.remote_engine import RemoteEngine
from config.settings import EngineSettings
from retrain.bases.base import Base
from tests.bot.engine.conftest import ask
from tests.bot.engine.fake_openai import FakeOpenAI
from tests.bot.engine.tiny_gguf import write_random_base


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return write_random_base(tmp_path_factory.mktemp("base") / "tiny")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_without_an_address_the_engine_of_this_process_answers(base: Base) -> None:
    with open_engine(base, EngineSettings(threads=1)) as engine:
        assert isinstance(engine, LlamaEngine)
        assert engine.submit(ask("Hello?", max_tokens=4)).completion().completion_tokens == 4
    with pytest.raises(EngineError, match="closed"):
        engine.submit(ask("Hello?"))


def test_with_an_address_a_server_answers(base: Base) -> None:
    with (
        closing(FakeOpenAI(models=("tiny-0",))) as server,
        open_engine(base, EngineSettings(url=server.url, url_model="theirs")) as engine,
    ):
        assert isinstance(engine, RemoteEngine)
        assert engine.submit(ask("Hello?", max_tokens=4)).completion().text == "word0 word1 word2 word3 "
        assert server.requests[0]["model"] == "theirs"


def test_metrics_are_served_on_loopback_and_end_with_the_engine(base: Base) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}/metrics"
    with open_engine(base, EngineSettings(threads=1, metrics_port=port)) as engine:
        engine.submit(ask("Hello?", max_tokens=4)).completion()
        page = httpx.get(address, trust_env=False).text
    assert 'chip_engine_requests_total{lane="live",outcome="length"} 1.0' in page
    assert 'chip_engine_tokens_total{kind="answered"} 4.0' in page
    assert "Hello" not in page
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)
