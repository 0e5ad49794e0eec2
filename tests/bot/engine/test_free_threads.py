"""A core that other work holds is left alone, and used again when it is free."""

from bot.engine.free_threads import CALM_BATCHES, FreeThreads, build_free_threads


def chosen(runnable: list[int | None], limit: int = 2, cores: int = 2) -> list[int]:
    """The threads chosen for batches before which so many threads were runnable on the machine."""
    counts = iter(runnable)
    threads = FreeThreads(limit, cores, lambda: next(counts))
    return [threads.choose() for _ in runnable]


def test_an_idle_machine_gives_every_core() -> None:
    assert chosen([1, 2, 2, 2]) == [2, 2, 2, 2]


def test_a_taken_core_is_left_at_once() -> None:
    assert chosen([2, 3, 2, 2]) == [2, 1, 1, 1]


def test_one_thread_is_always_left() -> None:
    assert chosen([9, 9]) == [1, 1]


def test_a_core_is_used_again_only_after_a_calm_time() -> None:
    threads = chosen([3, *[1] * (CALM_BATCHES + 1)])
    assert threads == [*[1] * CALM_BATCHES, 2, 2]


def test_a_short_pause_of_the_other_work_is_not_a_calm_time() -> None:
    assert set(chosen([3, *[1] * (CALM_BATCHES - 1), 2] * 3)) == {1}


def test_without_a_count_the_limit_stands() -> None:
    assert chosen([None, None]) == [2, 2]


def test_more_cores_than_the_limit_bear_other_work() -> None:
    assert chosen([2, 3, 4, 5], limit=2, cores=4) == [2, 2, 2, 1]


def test_this_machine_tells_a_number_within_the_limit() -> None:
    threads = build_free_threads(2)
    assert {threads.choose() for _ in range(50)} <= {1, 2}
