"""What a slot loses is found again, never with another adapter, and never beyond the budget."""

import numpy as np

from bot.engine.parking import BLOCK, Parked, Parking, common_prefix
from bot.engine.port import Lane
from retrain.adapter import Adapter
from retrain.base_card import Base
from tests.bot.engine.conftest import StartEngine, ask

SYSTEM = list(range(2 * BLOCK))


def parked(tokens: list[int], size: int = 100, speaker: str = "base") -> Parked:
    return Parked(speaker, tokens, np.zeros(size, np.uint8))


def test_a_common_prefix_is_counted_token_by_token() -> None:
    first = list(range(1000))
    for length in (0, 1, 7, 499, 999):
        other = [*first[:length], -1, *first[length + 1 :]]
        assert common_prefix(first, other) == length
    assert common_prefix(first, first[:300]) == 300
    assert common_prefix([], first) == 0


def test_the_longest_beginning_is_found() -> None:
    parking = Parking(10_000)
    short, long = parked([*SYSTEM, 7] + [1] * BLOCK), parked([*SYSTEM, 8] + [2] * BLOCK)
    parking.add(short)
    parking.add(long)
    assert parking.find("base", [*SYSTEM, 8, 2, 2, 3]) == (long, len(SYSTEM) + 3)
    assert parking.find("base", [*SYSTEM, 7, 9]) == (short, len(SYSTEM) + 1)
    assert parking.find("base", [5, *SYSTEM]) == (None, 0)
    assert parking.find("other", SYSTEM) == (None, 0)


def test_the_longer_state_of_a_thread_replaces_the_shorter() -> None:
    parking = Parking(10_000)
    parking.add(parked([*SYSTEM, 7]))
    parking.add(parked([*SYSTEM, 7, 8, 9]))
    assert (len(parking), parking.size) == (1, 100)


def test_the_least_recently_used_make_room() -> None:
    parking = Parking(250)
    first, second, third = (parked([number, *SYSTEM]) for number in range(3))
    parking.add(first)
    parking.add(second)
    parking.touch(first)
    parking.add(third)
    assert parking.size == 200
    assert parking.find("base", second.tokens) == (None, 0)
    assert parking.find("base", first.tokens)[0] is first
    assert parking.find("base", third.tokens)[0] is third


def test_a_state_that_left_while_it_was_restored_is_used_all_the_same() -> None:
    parking = Parking(150)
    first = parked(SYSTEM)
    parking.add(first)
    found, _ = parking.find("base", SYSTEM)
    parking.add(parked([9, *SYSTEM]))
    assert found is first
    parking.touch(first)
    assert (len(parking), parking.size) == (1, 100)


def test_a_full_parking_restores_what_it_has_just_driven_out(base: Base, start: StartEngine) -> None:
    engine = start(base, slots=1, park_megabytes=1)  # room for a few threads
    expected = [engine.submit(ask(question)).completion().text for question in MANY]
    for size in range(3, len(MANY)):  # at one of these, what is wanted is the oldest that is parked
        for _ in range(2):
            for question, text in zip(MANY[:size], expected, strict=False):
                assert engine.submit(ask(question, max_tokens=2)).completion().text == text[:2]
    assert engine.metrics.value("restarts_total") == 0
    assert 0 < engine.metrics.value("parked_bytes") <= 2**20


def test_a_state_larger_than_the_budget_is_not_kept_and_drives_nothing_out() -> None:
    parking = Parking(250)
    parking.add(parked(SYSTEM))
    parking.add(parked([9, *SYSTEM], size=251))
    assert (len(parking), parking.size) == (1, 100)
    none = Parking(0)
    none.add(parked(SYSTEM))
    assert len(none) == 0


def test_many_states_come_and_go_without_a_trace() -> None:
    parking = Parking(1_000)
    random = np.random.default_rng(0)
    for _ in range(500):
        parking.add(parked([*SYSTEM[: int(random.integers(2 * BLOCK))], *random.integers(0, 3, 40).tolist()]))
        assert parking.size == 100 * len(parking) <= 1_000
    parking.add(parked([77] * BLOCK, size=1_000))
    assert len(parking) == 1
    assert [list(root.children) for root in parking._roots.values()] == [[(77,) * BLOCK]]  # no empty branch is left


MANY = [f"{number} " + chr(65 + number) * 200 for number in range(12)]
THREADS = [f"Thread {number}. " + chr(97 + number) * 150 for number in range(6)]


def test_a_thread_that_lost_its_slot_is_restored_and_goes_on_as_if_it_had_not(base: Base, start: StartEngine) -> None:
    engine = start(base, slots=2)
    forgetful = start(base, slots=2, park_megabytes=0)
    for question in THREADS:
        engine.submit(ask(question)).completion()
        forgetful.submit(ask(question)).completion()

    for question in THREADS:
        again = engine.submit(ask(question + " And then?")).completion()
        fresh = forgetful.submit(ask(question + " And then?")).completion()
        assert again.text == fresh.text
        assert again.reused_tokens >= len(question) + 64 > fresh.reused_tokens

    assert engine.metrics.value("parked_bytes") > 0
    assert forgetful.metrics.value("parked_bytes") == 0


def test_what_one_adapter_computed_is_never_restored_for_another(
    base: Base, adapters: tuple[Adapter, Adapter], start: StartEngine
) -> None:
    engine = start(base, slots=1)
    expected = {}
    for adapter in (None, *adapters):
        engine.use_adapter(adapter)
        for question in THREADS[:3]:
            done = engine.submit(ask(question)).completion()
            assert done.reused_tokens < 130  # the system message at most
            expected[done.adapter_id, question] = done.text

    for adapter in (adapters[1], None, adapters[0]):
        engine.use_adapter(adapter)
        for question in THREADS[:3]:
            back = engine.submit(ask(question)).completion()
            assert back.text == expected[back.adapter_id, question]
            assert back.reused_tokens > len(question)  # what this adapter computed before the swaps


def test_an_evaluation_parks_nothing(base: Base, start: StartEngine) -> None:
    engine = start(base, slots=2)
    for question in THREADS:
        engine.submit(ask(question, lane=Lane.TRIAL)).completion()
    assert engine.metrics.value("parked_bytes") == 0
    for question in THREADS:
        engine.submit(ask(question)).completion()
    assert engine.metrics.value("parked_bytes") > 0


def test_parked_prompts_are_shared_with_whoever_asks_the_same(base: Base, start: StartEngine) -> None:
    engine = start(base, slots=2)
    for question in THREADS:
        engine.submit(ask(question)).completion()
    generations = [engine.submit(ask(THREADS[0])) for _ in range(4)]
    assert all(generation.completion().reused_tokens > 150 for generation in generations)
    assert len({generation.completion().text for generation in generations}) == 1
