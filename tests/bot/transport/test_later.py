"""Each further try waits twice as long as the one before, up to a bound, and is made once."""

from bot.transport.later import DOUBLINGS, FIRST_PAUSE_SECONDS, Later


def test_pauses_grow_up_to_a_bound_and_what_is_due_is_done_once() -> None:
    now = [0.0]
    later, pauses = Later(lambda: now[0]), []
    for tries in range(DOUBLINGS + 3):
        begun, done = now[0], list[int]()
        later.put(tries, lambda done=done: done.append(1))  # type: ignore[misc]
        while not later.run_due():
            now[0] += FIRST_PAUSE_SECONDS
        pauses.append((now[0] - begun) / FIRST_PAUSE_SECONDS)
        assert (done, later.run_due()) == ([1], 0)

    assert pauses == [1, 2, 4, 8, 16, 32, 64, 64, 64]


def test_what_is_put_off_again_while_it_is_tried_waits() -> None:
    now = [0.0]
    later, tries = Later(lambda: now[0]), list[int]()

    def fail() -> None:
        tries.append(1)
        later.put(len(tries), fail)

    later.put(0, fail)
    now[0] = FIRST_PAUSE_SECONDS
    assert (later.run_due(), later.run_due(), len(tries)) == (1, 0, 1)
