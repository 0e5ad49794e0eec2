"""What goes wrong for one request stays with it; what goes wrong for the thread is told, mended and survived."""

import itertools
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.engine.context import LlamaContext
from bot.engine.llama_engine import MOST_RESTARTS, LlamaEngine
from bot.engine.port import (
    DeadlinePassed,
    EngineError,
    EngineStopped,
    GenerationFailed,
    GenerationRequest,
    InvalidRequest,
    Lane,
    ModelFileError,
)
from bot.engine.sampling import Sampling
from retrain.adapter import Adapter
from retrain.bases.base import Base
from retrieval.prompt import ChatMessage
from tests.bot.engine.conftest import StartEngine, ask, settings
from tests.bot.engine.tiny_gguf import write_adapter, write_random_base


def read_tokens(tokens: tuple[int, ...], max_tokens: int = 8) -> GenerationRequest:
    return GenerationRequest("tokens", (), max_tokens=max_tokens, prompt_tokens=tokens)


def explode_once(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next call of the context's method raise; later ones do their work."""
    works: Callable[..., object] = getattr(LlamaContext, method)
    calls = itertools.count()

    def explode(*arguments: object) -> object:
        if next(calls) == 0:
            raise MemoryError
        return works(*arguments)

    monkeypatch.setattr(LlamaContext, method, explode)


@pytest.mark.parametrize("tokens", [(-1,), (1, 10**6), (0, 2**31 + 5), (1, -(2**40))])
def test_a_token_that_the_model_does_not_have_is_refused(
    base: Base, start: StartEngine, tokens: tuple[int, ...]
) -> None:
    engine = start(base)
    with pytest.raises(InvalidRequest, match="no token"):
        engine.submit(read_tokens(tokens)).completion()
    assert engine.submit(read_tokens((1, 2, 3))).completion().text


def test_a_prompt_of_nothing_is_refused(tmp_path: Path, start: StartEngine) -> None:
    engine = start(write_random_base(tmp_path / "mute", template="{% for m in messages %}{{ m.content }}{% endfor %}"))
    with pytest.raises(InvalidRequest, match="empty"):
        engine.submit(GenerationRequest("empty", (ChatMessage("user", ""),))).completion()
    assert engine.submit(ask("Hello?")).completion().text


def test_a_chat_that_the_template_refuses_is_an_invalid_request(tmp_path: Path, start: StartEngine) -> None:
    engine = start(write_random_base(tmp_path / "picky", template="{{ raise_exception('no') }}"))
    with pytest.raises(InvalidRequest, match="template"):
        engine.submit(ask("Hello?"))


def test_tokens_are_read_as_they_are(base: Base, start: StartEngine) -> None:
    engine = start(base)
    asked = engine.submit(ask("Hello?")).completion()
    tokens = tuple(range(40, 70))
    done = engine.submit(read_tokens(tokens)).completion()
    assert (done.prompt_tokens, len(done.prompt)) == (30, 30)
    assert done.text != asked.text


def test_logits_that_are_not_finite_end_only_their_own_request(
    base: Base, start: StartEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = start(base)
    expected = engine.submit(ask("How far?")).completion().text
    works, calls = LlamaContext.logits, itertools.count()

    def spoil(context: LlamaContext, row: int) -> NDArray[np.float32]:
        logits = works(context, row)
        return np.full_like(logits, np.nan) if next(calls) == 5 else logits

    monkeypatch.setattr(LlamaContext, "logits", spoil)
    generations = [engine.submit(ask("How far?")) for _ in range(3)]
    texts, failures = [], []
    for generation in generations:
        try:
            texts.append(generation.completion().text)
        except GenerationFailed as error:
            failures.append(str(error))
    assert failures == ["The model's logits are not finite."]
    assert texts == [expected] * 2


def test_weights_that_compute_nan_are_refused_at_start(tmp_path: Path) -> None:
    broken = write_random_base(tmp_path / "nan", gain=float("nan"))
    with pytest.raises(ModelFileError, match="not finite"):
        LlamaEngine(broken, settings())


def test_a_swap_for_which_there_is_no_memory_leaves_the_lane_and_its_replies(
    base: Base, adapters: tuple[Adapter, Adapter], start: StartEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = start(base)
    running = engine.submit(ask("Talk.", max_tokens=200))
    next(iter(running))
    monkeypatch.setattr("bot.engine.context.llama_cpp.llama_init_from_model", lambda *_: None)
    with pytest.raises(EngineError, match="no memory"):
        engine.use_adapter(adapters[0])
    assert engine.adapter_id() is None
    assert (running.completion().finish, running.completion().adapter_id) == ("length", None)
    with pytest.raises(EngineError, match="no memory"):
        start(base)


def test_after_a_death_the_thread_serves_those_who_waited_with_the_same_adapter(
    base: Base, adapters: tuple[Adapter, Adapter], start: StartEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = start(base, slots=1)
    engine.use_adapter(adapters[0])
    expected = engine.submit(ask("Hello?")).completion().text
    running = engine.submit(ask("Talk.", max_tokens=400))
    next(iter(running))
    waiting = engine.submit(ask("Hello?"))
    explode_once("decode", monkeypatch)

    with pytest.raises(EngineStopped, match="MemoryError"):
        running.completion()
    done = waiting.completion()

    assert (done.text, done.adapter_id) == (expected, adapters[0].id)
    assert engine.adapter_id() == adapters[0].id
    assert engine.metrics.value("restarts_total") == 1
    assert engine.submit(ask("Hello?")).completion().text == expected


def test_what_waits_with_a_grammar_outlives_the_model_that_read_it(
    base: Base, start: StartEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = start(base, slots=1)
    bound = Sampling(grammar='root ::= "yes" | "no"')
    thread = tuple(ChatMessage(role, "x" * 100) for _ in range(4) for role in ("user", "assistant"))
    messages = (*thread, ChatMessage("user", "Well?"))
    expected = engine.submit(GenerationRequest("a", messages, sampling=bound)).completion()
    running = engine.submit(ask("Talk.", max_tokens=400))
    next(iter(running))
    waiting = [engine.submit(GenerationRequest(f"w{n}", messages, sampling=bound)) for n in range(3)]
    for _ in range(20):  # turns in which they are read
        next(iter(running))
    explode_once("decode", monkeypatch)

    with pytest.raises(EngineStopped):
        running.completion()

    for generation in waiting:
        done = generation.completion()
        assert (done.text, done.prompt, done.finish) == (expected.text, expected.prompt, "stop")
        assert done.dropped_messages == expected.dropped_messages > 0


def test_an_adapter_that_is_gone_after_a_death_leaves_the_lane_with_the_base(
    base: Base, start: StartEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    adapter = write_adapter(tmp_path / "gone", base, seed=5)
    engine = start(base)
    bare = engine.submit(ask("Hello?")).completion().text
    engine.use_adapter(adapter)
    adapter.gguf_path.unlink()
    explode_once("decode", monkeypatch)
    with pytest.raises(EngineStopped):
        engine.submit(ask("Hello?")).completion()

    done = engine.submit(ask("Hello?")).completion()

    assert (done.text, done.adapter_id, engine.adapter_id()) == (bare, None, None)


def test_a_thread_that_keeps_dying_is_given_up(base: Base, start: StartEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = start(base, slots=1)
    for _ in range(MOST_RESTARTS):
        explode_once("trim", monkeypatch)
        with pytest.raises(EngineStopped, match="started again"):
            engine.submit(ask("Hello?")).completion()
        monkeypatch.undo()
        assert engine.submit(ask("Hello?")).completion().text
    explode_once("trim", monkeypatch)
    with pytest.raises(EngineStopped):
        engine.submit(ask("Hello?")).completion()
    with pytest.raises(EngineStopped, match="Chip must be started again"):
        wait_for_refusal(engine)


def wait_for_refusal(engine: LlamaEngine) -> None:
    for _ in range(500):
        engine.submit(ask("Hello?")).cancel()
        time.sleep(0.01)


def test_a_request_that_had_no_turn_before_its_deadline_is_told_so(base: Base, start: StartEngine) -> None:
    engine = start(base, slots=1)
    running = engine.submit(ask("Talk.", max_tokens=400))
    next(iter(running))
    late = engine.submit(GenerationRequest("late", ask("Me?").messages, deadline_seconds=1e-6))
    with pytest.raises(DeadlinePassed):
        late.completion()
    running.cancel()


def test_an_answer_under_way_ends_at_its_deadline_with_what_was_said(base: Base) -> None:
    engine = LlamaEngine(base, settings(), clock=itertools.count(0.0).__next__)  # a second passes at each look
    generation = engine.submit(GenerationRequest("long", ask("Talk.").messages, max_tokens=400, deadline_seconds=60.0))
    text = "".join(generation)
    done = generation.completion()
    engine.close()
    assert (done.finish, done.text) == ("deadline", text)
    assert 0 < done.completion_tokens < 400


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_a_deadline_in_the_past_is_refused(base: Base, start: StartEngine, seconds: float) -> None:
    with pytest.raises(InvalidRequest, match="deadline"):
        start(base).submit(GenerationRequest("past", ask("Hm?").messages, deadline_seconds=seconds))


def test_a_reader_that_stops_reading_holds_up_nobody(base: Base, start: StartEngine) -> None:
    engine = start(base, slots=2)
    unread = engine.submit(ask("Talk.", max_tokens=100))
    next(iter(unread))
    assert engine.submit(ask("Hello?")).completion().text
    assert unread.completion().completion_tokens == 100
    assert "".join(unread) != ""  # what it did not read is still there


def test_cancelling_at_any_moment_ends_each_request_once(base: Base, start: StartEngine) -> None:
    engine = start(base, slots=3)
    generations = [engine.submit(ask("x" * 200 + f" number {number}?", max_tokens=12)) for number in range(24)]
    cancelling = [threading.Thread(target=cancel_after, args=(g, n / 300)) for n, g in enumerate(generations)]
    for thread in cancelling:
        thread.start()
    finishes = {generation.completion().finish for generation in generations}
    for thread in cancelling:
        thread.join()
    assert finishes <= {"cancelled", "length"}
    assert engine.submit(ask("Hello?")).completion().finish == "length"


def cancel_after(generation: object, seconds: float) -> None:
    time.sleep(seconds)
    generation.cancel()  # type: ignore[attr-defined]
    generation.cancel()  # type: ignore[attr-defined]


def test_one_person_with_many_questions_holds_up_another_by_one_answer(base: Base, start: StartEngine) -> None:
    engine = start(base, slots=1, queue=40)
    messages = ask("Talk.").messages
    many = [engine.submit(GenerationRequest(f"m{n}", messages, max_tokens=20, person="U1")) for n in range(15)]
    one = engine.submit(GenerationRequest("one", messages, max_tokens=20, person="U2"))
    one.completion()
    unfinished = [generation for generation in many if not generation.is_settled]  # type: ignore[attr-defined]
    assert len(unfinished) >= 12
    for generation in many:
        generation.cancel()


def test_a_reply_tells_who_spoke_and_under_which_settings(
    base: Base, adapters: tuple[Adapter, Adapter], start: StartEngine
) -> None:
    first, second = start(base), start(base, slots=2)
    first.use_adapter(adapters[1], Lane.CANARY)
    canary = first.submit(ask("Hello?", lane=Lane.CANARY)).completion()
    live = second.submit(ask("Hello?")).completion()
    assert (canary.base_id, canary.adapter_id) == (base.id, adapters[1].id)
    assert (live.base_id, live.adapter_id) == (base.id, None)
    assert len(canary.settings_id) == 8
    assert canary.settings_id != live.settings_id


def test_a_failed_request_is_counted_by_its_error(base: Base, start: StartEngine) -> None:
    engine = start(base)
    with pytest.raises(EngineError):
        engine.submit(read_tokens((-1,))).completion()
    engine.submit(ask("Hello?", max_tokens=5)).completion()
    engine.submit(GenerationRequest("stop", ask("Hi").messages, sampling=Sampling(stop=("zz",)))).completion()
    engine.close()
    assert engine.metrics.value("requests_total", lane="live", outcome="InvalidRequest") == 1
    assert engine.metrics.value("requests_total", lane="live", outcome="length") >= 1
    assert engine.metrics.value("tokens_total", kind="answered") >= 5
    assert (
        0 < engine.metrics.value("seconds_total", stage="decode") < engine.metrics.value("seconds_total", stage="turn")
    )
