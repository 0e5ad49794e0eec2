"""What an OpenAI-compatible server is asked, and what becomes of its answers, refusals and failures."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot.engine.port import (
    EngineBusy,
    EngineError,
    EngineStopped,
    GenerationFailed,
    GenerationRequest,
    InvalidRequest,
    Lane,
    ModelFileError,
    PromptTooLong,
)
from bot.engine.remote_engine import RemoteEngine
from bot.engine.sampling import Sampling
from config.settings import EngineSettings
from retrain.adapter import Adapter
from retrain.bases.base import Base
from tests.bot.engine.conftest import ask
from tests.bot.engine.fake_openai import FakeOpenAI, RawLines, Refusal
from tests.patience import PATIENCE_SECONDS


@pytest.fixture
def server(base: Base) -> Iterator[FakeOpenAI]:
    fake = FakeOpenAI(models=(base.id,), word_seconds=0.0)
    yield fake
    fake.close()


@pytest.fixture
def engine(server: FakeOpenAI, base: Base) -> Iterator[RemoteEngine]:
    settings = EngineSettings(slots=2, queue=2, url=f"{server.url}/v1/", url_key=SecretStr("a-key"))
    remote = RemoteEngine(base, settings)
    yield remote
    remote.close()


def test_the_server_is_asked_with_the_key_and_only_what_was_chosen(engine: RemoteEngine, server: FakeOpenAI) -> None:
    engine.submit(ask("Hi?", max_tokens=3)).completion()
    assert set(server.requests[0]) == {
        "path", "model", "messages", "max_tokens", "temperature", "seed", "stream", "stream_options"
    }  # fmt: skip
    assert server.requests[0]["messages"][-1] == {"role": "user", "content": "Hi?"}
    assert server.headers[0]["Authorization"] == "Bearer a-key"


def test_options_go_by_the_names_of_the_protocol(engine: RemoteEngine, server: FakeOpenAI) -> None:
    chosen = Sampling(top_k=3, top_p=0.5, stop=("x",), json_schema='{"type": "object"}', logprobs=2)
    engine.submit(replace(ask("Hi?", temperature=0.5, seed=9), sampling=chosen)).completion()
    asked = server.requests[0]
    assert (asked["top_k"], asked["top_p"], asked["stop"], asked["seed"]) == (3, 0.5, ["x"], 9)
    assert asked["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert (asked["logprobs"], asked["top_logprobs"]) == (True, 2)
    assert "min_p" not in asked


def test_tokens_go_to_the_endpoint_for_plain_completions(engine: RemoteEngine, server: FakeOpenAI) -> None:
    done = engine.submit(GenerationRequest("t", (), max_tokens=2, prompt_tokens=(5, 6))).completion()
    assert (server.requests[0]["path"], server.requests[0]["prompt"]) == ("/v1/completions", [5, 6])
    assert done.text == "word0 word1 "


LLAMA_TOO_LONG = '{"error":{"code":400,"message":"the request exceeds the available context size","n_prompt_tokens":900,"n_ctx":512,"type":"exceed_context_size_error"}}'  # noqa: E501
VLLM_TOO_LONG = (
    '{"message":"This model\'s maximum context length is 512 tokens. However, you requested 900 tokens","code":400}'
)


@pytest.mark.parametrize("body", [LLAMA_TOO_LONG, VLLM_TOO_LONG], ids=["llama", "vllm"])
def test_a_prompt_that_is_too_long_there_is_told_with_its_size(
    engine: RemoteEngine, server: FakeOpenAI, body: str
) -> None:
    server.queue.append(Refusal(400, body))
    with pytest.raises(PromptTooLong) as refused:
        engine.submit(ask("Hi?")).completion()
    assert (refused.value.tokens, refused.value.limit) == (900, 512)
    assert engine.submit(ask("Hi?")).completion().text


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (Refusal(400, "grammar is broken"), InvalidRequest),
        (Refusal(422, "{}"), InvalidRequest),
        (Refusal(401, "who are you"), GenerationFailed),
        (Refusal(404, "no such model"), GenerationFailed),
        (Refusal(500, "oh"), GenerationFailed),
        (Refusal(503, "loading"), EngineBusy),
    ],
)
def test_each_refusal_has_its_error(
    engine: RemoteEngine, server: FakeOpenAI, refusal: Refusal, error: type[EngineError]
) -> None:
    server.queue.append(refusal)
    with pytest.raises(error):
        engine.submit(ask("Hi?")).completion()


def test_a_busy_server_says_for_how_long(engine: RemoteEngine, server: FakeOpenAI) -> None:
    server.queue.append(Refusal(429, "", {"retry-after": "17"}))
    with pytest.raises(EngineBusy) as busy:
        engine.submit(ask("Hi?")).completion()
    assert busy.value.wait_seconds == 17


EVENT = 'data: {"choices": [{"delta": {"content": "Well"}}]}'


@pytest.mark.parametrize(
    "lines",
    [
        (EVENT,),
        (EVENT, "data: {"),
        (EVENT, "data: []"),
        (EVENT, 'data: {"choices": [1]}'),
        (EVENT, 'data: {"error": {"message": "out of memory"}}'),
        (),
        ("<html>",),
    ],
    ids=range(7),
)
def test_a_stream_that_breaks_off_or_cannot_be_read_is_a_failure(
    engine: RemoteEngine, server: FakeOpenAI, lines: tuple[str, ...]
) -> None:
    server.queue.append(RawLines(lines))
    with pytest.raises(GenerationFailed):
        engine.submit(ask("Hi?")).completion()
    assert engine.submit(ask("Hi?")).completion().text


def test_a_server_that_is_not_there_fails_the_request_only(base: Base, adapters: tuple[Adapter, Adapter]) -> None:
    engine = RemoteEngine(base, EngineSettings(url="http://127.0.0.1:9"))
    with pytest.raises(GenerationFailed, match="ConnectError"):
        engine.submit(ask("Hi?")).completion()
    with pytest.raises(ModelFileError):
        engine.use_adapter(adapters[0])
    engine.close()


def test_more_than_may_wait_are_told_busy(engine: RemoteEngine, server: FakeOpenAI) -> None:
    server.word_seconds = 0.05
    generations = [engine.submit(ask("Hi?", max_tokens=100)) for _ in range(4)]
    with pytest.raises(EngineBusy):
        engine.submit(ask("Hi?"))
    for generation in generations:
        generation.cancel()
    assert {generation.completion().finish for generation in generations} == {"cancelled"}


def test_closing_ends_what_is_under_way(engine: RemoteEngine, server: FakeOpenAI) -> None:
    server.word_seconds = 0.05
    generations = [engine.submit(ask("Hi?", max_tokens=100)) for _ in range(3)]
    engine.close()
    for generation in generations:
        with pytest.raises(EngineStopped):
            generation.completion()


def test_an_answer_ends_at_its_deadline_with_what_was_said(engine: RemoteEngine, server: FakeOpenAI) -> None:
    server.word_seconds = 0.05
    request = GenerationRequest("late", ask("Hi?").messages, max_tokens=300, deadline_seconds=0.3)
    done = engine.submit(request).completion()
    assert done.finish == "deadline"
    assert done.text.startswith("word0")


def test_an_adapter_that_the_server_cannot_load_is_refused(
    engine: RemoteEngine, server: FakeOpenAI, adapters: tuple[Adapter, Adapter]
) -> None:
    server.can_load = False
    with pytest.raises(ModelFileError, match="does not serve"):
        engine.use_adapter(adapters[0])
    assert engine.adapter_id() is None
    server.models.append(adapters[0].id)
    engine.use_adapter(adapters[0], Lane.CANARY)
    assert engine.submit(ask("Hi?", lane=Lane.CANARY)).completion().adapter_id == adapters[0].id
    assert server.requests[-1]["model"] == adapters[0].id


def test_what_serves_answers_for_a_canary_that_has_ended(
    engine: RemoteEngine, server: FakeOpenAI, adapters: tuple[Adapter, Adapter]
) -> None:
    server.models.append(adapters[0].id)
    engine.use_adapter(adapters[0])
    assert engine.submit(ask("Hi?", lane=Lane.CANARY)).completion().adapter_id == adapters[0].id
    assert server.requests[-1]["model"] == adapters[0].id


def test_an_answer_by_another_model_than_the_adapter_is_not_shown(
    engine: RemoteEngine, server: FakeOpenAI, base: Base, adapters: tuple[Adapter, Adapter]
) -> None:
    engine.use_adapter(adapters[0])
    server.answers_as = base.id
    with pytest.raises(GenerationFailed, match="answered as"):
        engine.submit(ask("Hi?")).completion()


@pytest.mark.slow
def test_the_server_of_llama_cpp_python_answers_as_it_should(base: Base, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(base.gguf_path), "--n_ctx", "512"]
    command += ["--port", str(port), "--n_threads", "1", "--model_alias", base.id]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, env=os.environ, stdout=log, stderr=log)
    engine = RemoteEngine(base, EngineSettings(slots=2, url=f"http://127.0.0.1:{port}"))
    try:
        wait_until_listed(port, base.id)
        done = engine.submit(ask("Hello?", max_tokens=12)).completion()
        assert done.finish == "length"
        assert len(done.text) >= 12
        assert done.text == engine.submit(ask("Hello?", max_tokens=12)).completion().text
        with pytest.raises(GenerationFailed):  # it breaks the stream off, and then answers nothing more
            engine.submit(ask("x" * 1000)).completion()
    finally:
        engine.close()
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def wait_until_listed(port: int, name: str) -> None:
    for _ in range(600):
        try:
            listed = httpx.get(f"http://127.0.0.1:{port}/v1/models", trust_env=False)
            assert name in json.dumps(listed.json())
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")
