"""Adapters change between replies, never within one."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.engine.llama_engine import LlamaEngine
from bot.engine.model import LlamaModel
from bot.engine.port import EngineError, Lane, ModelFileError
from retrain.adapter import GGUF, Adapter
from retrain.bases.base import Base
from tests.bot.engine.conftest import StartEngine, ask
from tests.bot.engine.tiny_gguf import write_adapter

Spoil = Callable[[Adapter, Path], Adapter]
QUESTIONS = [f"How much is part {number}?" for number in range(6)]


def reference_answers(engine: LlamaEngine, adapters: list[Adapter | None]) -> dict[tuple[str | None, str], str]:
    """What the idle engine says to each question with each adapter."""
    answers = {}
    for adapter in adapters:
        engine.use_adapter(adapter)
        for question in QUESTIONS:
            done = engine.submit(ask(question)).completion()
            answers[done.adapter_id, question] = done.text
    return answers


def test_swaps_under_load_mix_and_drop_nothing(
    base: Base, adapters: tuple[Adapter, Adapter], start: StartEngine
) -> None:
    engine = start(base)
    choices: list[Adapter | None] = [None, *adapters]
    expected = reference_answers(engine, choices)
    for question in QUESTIONS:
        assert len({expected[adapter.id if adapter else None, question] for adapter in choices}) == 3

    generations = []
    for turn in range(30):
        generations += [(question, engine.submit(ask(question))) for question in QUESTIONS[:2]]
        engine.use_adapter(choices[turn % 3])
    done = [(question, generation.completion()) for question, generation in generations]

    assert len({completion.adapter_id for _, completion in done}) == 3
    for question, completion in done:
        assert completion.text == expected[completion.adapter_id, question]


def test_a_reply_under_way_finishes_on_its_adapter_and_the_next_speaks_the_new_one_at_once(
    base: Base, adapters: tuple[Adapter, Adapter], start: StartEngine
) -> None:
    engine = start(base)
    engine.use_adapter(adapters[0])
    long = engine.submit(ask("Talk.", max_tokens=400))
    next(iter(long))

    engine.use_adapter(adapters[1])
    short = engine.submit(ask("Hello?", max_tokens=2)).completion()

    assert short.adapter_id == adapters[1].id == engine.adapter_id()
    assert long.completion().adapter_id == adapters[0].id
    assert long.completion().total_ms > short.total_ms


def test_a_new_adapter_reuses_nothing_of_the_old(
    base: Base, adapters: tuple[Adapter, Adapter], start: StartEngine
) -> None:
    engine = start(base, slots=1)
    engine.submit(ask("Hello?")).completion()
    engine.use_adapter(adapters[0])
    assert engine.submit(ask("Hello?")).completion().reused_tokens == 0
    engine.use_adapter(adapters[0])  # already live: nothing changes
    assert engine.submit(ask("Hello?")).completion().reused_tokens > 64


def test_the_lanes_speak_with_their_own_adapters(
    base: Base, adapters: tuple[Adapter, Adapter], start: StartEngine
) -> None:
    engine = start(base)
    expected = reference_answers(engine, [*adapters, None])
    lanes = (Lane.LIVE, Lane.CANARY, Lane.TRIAL)
    for lane, adapter in zip(lanes, (adapters[0], adapters[1], None), strict=True):
        engine.use_adapter(adapter, lane)

    generations = [
        (lane, question, engine.submit(ask(question, lane=lane))) for question in QUESTIONS for lane in lanes
    ]

    for lane, question, generation in generations:
        speaks = generation.completion()
        assert speaks.adapter_id == engine.adapter_id(lane)
        assert speaks.text == expected[speaks.adapter_id, question]


def test_who_waits_for_a_canary_that_ends_is_answered_by_what_serves(
    base: Base, adapters: tuple[Adapter, Adapter], start: StartEngine
) -> None:
    engine = start(base, slots=2)
    expected = reference_answers(engine, [*adapters])
    engine.use_adapter(adapters[0])
    engine.use_adapter(adapters[1], Lane.CANARY)
    generations = [(question, engine.submit(ask(question, lane=Lane.CANARY))) for question in QUESTIONS * 3]

    engine.use_adapter(None, Lane.CANARY)
    generations += [(question, engine.submit(ask(question, lane=Lane.CANARY))) for question in QUESTIONS]

    spoke = [generation.completion() for _, generation in generations]
    for (question, _), speaks in zip(generations, spoke, strict=True):
        assert speaks.text == expected[speaks.adapter_id, question]  # by one of both, and never by the bare base
    assert {speaks.adapter_id for speaks in spoke[-len(QUESTIONS) :]} == {adapters[0].id}


def test_the_trial_lane_ends_while_people_still_wait(base: Base, start: StartEngine) -> None:
    engine = start(base, slots=2)
    people = [engine.submit(ask("Talk.", max_tokens=30)) for _ in range(40)]

    trial = engine.submit(ask("And the trial?", lane=Lane.TRIAL, max_tokens=10)).completion()
    people[-1].cancel()

    assert trial.completion_tokens == 10
    assert people[-1].completion().finish == "cancelled"  # it had not had its turn
    assert people[0].completion().finish == "length"


def test_clearing_the_trial_lane_leaves_it_usable(
    base: Base, adapters: tuple[Adapter, Adapter], start: StartEngine
) -> None:
    engine = start(base)
    engine.use_adapter(adapters[0], Lane.TRIAL)
    assert engine.adapter_id(Lane.TRIAL) == adapters[0].id
    assert engine.adapter_id(Lane.LIVE) is None

    engine.use_adapter(None, Lane.TRIAL)

    assert engine.adapter_id(Lane.TRIAL) is None
    bare = engine.submit(ask("Hello?")).completion().text
    assert engine.submit(ask("Hello?", lane=Lane.TRIAL)).completion().text == bare


def test_an_idle_swap_takes_at_most_a_tenth_of_a_second(
    base: Base, adapters: tuple[Adapter, Adapter], start: StartEngine
) -> None:
    engine = start(base)
    assert sorted(engine.use_adapter(adapters[turn % 2]) for turn in range(5))[2] < 100


def test_an_adapter_that_computes_nan_is_refused_and_the_lane_speaks_as_before(
    base: Base, start: StartEngine, tmp_path: Path
) -> None:
    engine = start(base)
    before = engine.submit(ask("Hello?")).completion().text
    with pytest.raises(ModelFileError, match="not finite"):
        engine.use_adapter(write_adapter(tmp_path / "nan", base, seed=4, strength=float("nan")))

    assert engine.adapter_id() is None
    assert engine.submit(ask("Hello?")).completion().text == before


def test_a_probe_tells_which_adapter_is_live_also_under_load(
    base: Base, adapters: tuple[Adapter, Adapter], start: StartEngine
) -> None:
    engine = start(base, slots=2)
    assert engine.identify() == [None]
    generations = [engine.submit(ask(f"{number}?", max_tokens=40)) for number in range(6)]
    for adapter in (adapters[0], adapters[1], None, adapters[1]):
        engine.use_adapter(adapter)
        assert engine.identify() == [adapter and adapter.id]
    engine.use_adapter(adapters[0], Lane.CANARY)
    assert engine.identify(Lane.CANARY) == [adapters[0].id]
    assert engine.identify(Lane.TRIAL) == [None]
    assert engine.identify() == [adapters[1].id]
    assert all(generation.completion().text for generation in generations)


def test_an_adapter_that_computes_otherwise_than_before_is_refused(
    base: Base, adapters: tuple[Adapter, Adapter], start: StartEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = start(base)
    for adapter in adapters:
        engine.use_adapter(adapter)
    load = LlamaModel.load_adapter
    monkeypatch.setattr(LlamaModel, "load_adapter", lambda model, _: load(model, adapters[1]))
    with pytest.raises(ModelFileError, match="otherwise than before"):
        engine.use_adapter(adapters[0])
    assert engine.adapter_id() == adapters[1].id
    assert engine.identify() == [adapters[1].id]
    assert engine.submit(ask("Hello?")).completion().adapter_id == adapters[1].id


def tampered(adapter: Adapter, folder: Path) -> Adapter:
    folder.mkdir()
    content = bytearray(adapter.gguf_path.read_bytes())
    content[-1] ^= 1
    (folder / GGUF).write_bytes(content)
    return dataclasses.replace(adapter, folder=folder)


def truncated(adapter: Adapter, folder: Path) -> Adapter:
    folder.mkdir()
    (folder / GGUF).write_bytes(adapter.gguf_path.read_bytes()[:100])
    return dataclasses.replace(adapter, folder=folder)


def missing(adapter: Adapter, folder: Path) -> Adapter:
    return dataclasses.replace(adapter, folder=folder)


def unhashed(adapter: Adapter, _folder: Path) -> Adapter:
    return dataclasses.replace(adapter, files={})


def of_another_base(adapter: Adapter, _folder: Path) -> Adapter:
    return dataclasses.replace(adapter, base_id="another")


def of_another_shape(adapter: Adapter, folder: Path) -> Adapter:
    base = Base(adapter.base_id, Path(), 0)
    return write_adapter(folder, base, seed=3, width=32)


@pytest.mark.parametrize("spoil", [tampered, truncated, missing, unhashed, of_another_base, of_another_shape])
@pytest.mark.parametrize("lane", list(Lane))
def test_a_wrong_adapter_is_refused_and_changes_nothing(
    base: Base, adapters: tuple[Adapter, Adapter], start: StartEngine, tmp_path: Path, spoil: Spoil, lane: Lane
) -> None:
    engine = start(base)
    engine.use_adapter(adapters[0], lane)
    before = engine.submit(ask("Hello?", lane=lane)).completion()

    with pytest.raises(ModelFileError):
        engine.use_adapter(spoil(adapters[1], tmp_path / "spoilt"), lane)

    assert engine.adapter_id(lane) == adapters[0].id
    after = engine.submit(ask("Hello?", lane=lane)).completion()
    assert (after.text, after.adapter_id) == (before.text, adapters[0].id)
    assert after.reused_tokens > 0


def test_a_swap_on_a_closed_engine_is_refused(
    base: Base, adapters: tuple[Adapter, Adapter], start: StartEngine
) -> None:
    engine = start(base)
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.use_adapter(adapters[0])
