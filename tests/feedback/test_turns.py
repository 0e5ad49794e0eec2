import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from feedback.turns import Turns


def _wait_for_queue(turns: Turns, length: int) -> None:
    while len(turns._queue) < length:
        time.sleep(0.001)


def test_threads_enter_in_the_order_in_which_they_came() -> None:
    turns, order = Turns(5), []

    def enter(number: int) -> None:
        with turns:
            order.append(number)

    threads = [threading.Thread(target=enter, args=[number]) for number in range(6)]
    with turns:
        for length, thread in enumerate(threads, start=2):
            thread.start()
            _wait_for_queue(turns, length)
    for thread in threads:
        thread.join()
    assert order == list(range(6))


def test_only_one_thread_is_in_at_a_time() -> None:
    turns, inside, most = Turns(5), [], []

    def enter(number: int) -> None:
        with turns:
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.0005)
            inside.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(80)))
    assert max(most) == 1
    assert len(most) == 80


def test_a_turn_inside_a_turn_is_refused_and_the_outer_one_goes_on() -> None:
    turns = Turns(0.02)
    with turns:
        with pytest.raises(TimeoutError), turns:
            raise AssertionError("never inside")
        assert len(turns._queue) == 1
    with turns:
        pass


def test_a_turn_that_fails_is_given_back() -> None:
    turns = Turns(0.02)
    with pytest.raises(KeyError), turns:
        raise KeyError
    with turns:
        pass
