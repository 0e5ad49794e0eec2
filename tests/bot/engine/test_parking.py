"""What a slot loses is found again, never with another adapter, and never beyond the budget."""

from pathlib import Path

import numpy as np
import pytest

from bot.engine.disk import SUFFIX, Disk
from bot.engine.parking import BLOCK, Parked, Parking, common_prefix
from bot.engine.port import Lane
from retrain.adapter import Adapter
from retrain.bases.base import Base
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
    assert parking.read(first) is first.state
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
    assert parking.read(first) is first.state is not None
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


def written(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{SUFFIX}"))


def random_state(number: int, size: int = 100) -> Parked:
    state = np.random.default_rng(number).integers(0, 256, size).astype(np.uint8)
    return Parked("base", [number, *SYSTEM], state)


def test_what_leaves_the_memory_lies_on_the_disk_and_comes_back_as_it_was(tmp_path: Path) -> None:
    parking = Parking(250, Disk(tmp_path), disk_budget=1_000)
    states = {number: random_state(number) for number in range(5)}
    expected = {number: parked.state for number, parked in states.items()}
    for parked in states.values():
        parking.add(parked)
    assert (len(parking), parking.size, parking.disk_size, len(written(tmp_path))) == (5, 200, 300, 3)
    for number in (0, 4, 1, 0, 3):
        found, shared = parking.find("base", [number, *SYSTEM])
        assert (found, shared) == (states[number], 1 + len(SYSTEM))
        state = parking.read(states[number])
        assert state is not None
        assert (state == expected[number]).all()
        assert parking.size <= 250
        assert len(written(tmp_path)) == 3
    parking.close()
    assert written(tmp_path) == []


def test_the_least_recently_used_leave_a_full_disk_for_good(tmp_path: Path) -> None:
    parking = Parking(100, Disk(tmp_path), disk_budget=250)
    states = [random_state(number) for number in range(5)]
    for parked in states:
        parking.add(parked)
    assert (parking.size, parking.disk_size) == (100, 200)
    assert [parking.find("base", parked.tokens)[1] > 0 for parked in states] == [False, False, True, True, True]
    assert parking.read(states[0]) is None


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"x" * 100)], ids=["gone", "changed"])
def test_a_file_that_is_gone_or_was_changed_is_forgotten(tmp_path: Path, spoil) -> None:  # type: ignore[no-untyped-def]
    parking = Parking(100, Disk(tmp_path), disk_budget=1_000)
    first, second = random_state(1), random_state(2)
    parking.add(first)
    parking.add(second)
    spoil(written(tmp_path)[0])
    assert parking.read(first) is None
    assert parking.find("base", first.tokens) == (None, 0)
    assert (len(parking), parking.disk_size, written(tmp_path)) == (1, 0, [])


def test_a_disk_that_takes_nothing_costs_only_what_it_should_have_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parking = Parking(100, Disk(tmp_path), disk_budget=1_000)
    monkeypatch.setattr("bot.engine.disk.os.open", refuse)
    for number in range(3):
        parking.add(random_state(number))
    assert (len(parking), parking.size, parking.disk_size, written(tmp_path)) == (1, 100, 0, [])


def refuse(*_: object) -> int:
    raise OSError(28, "No space left on device")


def test_what_is_on_the_disk_is_for_no_one_else_and_ends_with_the_engine(
    base: Base, start: StartEngine, tmp_path: Path
) -> None:
    folder = tmp_path / "parked"
    folder.mkdir()
    (folder / f"left-by-a-kill{SUFFIX}").write_bytes(b"x")
    (folder / "something else").write_bytes(b"y")
    engine = start(base, slots=1, park_megabytes=1, park_folder=folder)
    expected = [engine.submit(ask(question)).completion() for question in MANY]
    assert engine.metrics.value("parked_disk_bytes") > 0
    assert len(written(folder)) > 0
    assert {path.stat().st_mode & 0o077 for path in written(folder)} == {0}
    again = [engine.submit(ask(question)).completion() for question in MANY]
    assert [done.text for done in again] == [done.text for done in expected]
    assert all(done.reused_tokens == done.prompt_tokens - 1 for done in again)
    engine.close()
    assert [path.name for path in folder.iterdir()] == ["something else"]


def test_a_folder_that_cannot_be_written_is_done_without(base: Base, start: StartEngine, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    engine = start(base, slots=1, park_megabytes=1, park_folder=tmp_path / "file")
    assert engine.submit(ask(MANY[0])).completion().text
