"""Who may wait, who comes next and what the refused are told."""

import pytest

from bot.engine.job import Job, LlamaGeneration
from bot.engine.port import EngineBusy, GenerationRequest, Lane
from bot.engine.waiting import WaitingRoom


def job(name: str, lane: Lane = Lane.LIVE) -> Job:
    return Job(GenerationRequest(name, (), lane=lane), "", LlamaGeneration(lambda: None), 0.0)


def test_a_full_trial_lane_does_not_keep_people_out() -> None:
    room = WaitingRoom(capacity=2, slots=1)
    room.add(job("a", Lane.TRIAL))
    room.add(job("b", Lane.TRIAL))
    with pytest.raises(EngineBusy):
        room.add(job("c", Lane.TRIAL))
    room.add(job("d", Lane.LIVE))


def test_the_longest_waiting_of_a_lane_comes_first() -> None:
    room = WaitingRoom(capacity=9, slots=1)
    jobs = [job("a"), job("b", Lane.TRIAL), job("c")]
    for waiting in jobs:
        room.add(waiting)
    assert [room.take(Lane.LIVE), room.take(Lane.LIVE), room.take(Lane.LIVE)] == [jobs[0], jobs[2], None]
    assert room.take(Lane.TRIAL) is jobs[1]
    assert not room


def test_a_cancelled_job_leaves_its_place() -> None:
    room = WaitingRoom(capacity=1, slots=1)
    first = job("a")
    room.add(first)
    first.generation.cancel()
    assert room.take_cancelled() == [first]
    room.add(job("b"))


def test_the_wait_follows_what_requests_take() -> None:
    room = WaitingRoom(capacity=1, slots=4)
    for _ in range(50):
        room.note_service(40.0)
    assert room.wait_seconds() == pytest.approx(10.0, rel=0.01)
    for _ in range(50):
        room.note_service(0.1)
    assert room.wait_seconds() == 1.0
