"""Who may wait, who comes next and what the refused are told."""

from collections.abc import Sequence

import pytest

from bot.engine.job import Job
from bot.engine.port import EngineBusy, GenerationRequest, Lane
from bot.engine.stream import QueuedGeneration
from bot.engine.waiting import WaitingRoom


def job(name: str, lane: Lane = Lane.LIVE, person: str = "", workspace: str = "", **request: bool | float) -> Job:
    asked = GenerationRequest(name, (), lane=lane, person=person, workspace=workspace, **request)  # type: ignore[arg-type]
    waiting = Job(asked, "", QueuedGeneration(lambda: None), 0.0)
    waiting.set_prompt_tokens([1])
    return waiting


def turns(jobs: Sequence[Job]) -> list[str]:
    """The ids in the order in which they get a slot."""
    room = WaitingRoom(capacity=999, slots=1)
    for waiting in jobs:
        room.add(waiting)
    taken = []
    while (next_job := room.take(Lane.LIVE)) is not None:
        taken.append(next_job.request.id)
    return taken


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


def test_a_prompt_that_was_not_read_yet_has_no_turn() -> None:
    room = WaitingRoom(capacity=9, slots=1)
    unread = Job(GenerationRequest("a", ()), "", QueuedGeneration(lambda: None), 0.0)
    room.add(unread)
    assert room.take(Lane.LIVE) is None
    assert room.find_unread() == [unread]
    unread.set_prompt_tokens([1])
    assert room.find_unread() == []
    assert room.take(Lane.LIVE) is unread


def test_fifty_questions_of_one_person_hold_up_another_by_one() -> None:
    many = [job(f"many-{number}", person="U1") for number in range(50)]
    assert turns([*many, job("one", person="U2")])[:3] == ["many-0", "one", "many-1"]


def test_turns_go_round_among_workspaces_before_people() -> None:
    crowd = [job(f"crowd-{number}", person=f"U{number}", workspace="T1") for number in range(9)]
    lone = [job(f"lone-{number}", person="U9", workspace="T2") for number in range(3)]
    order = turns([*crowd, *lone])
    assert order[:6] == ["crowd-0", "lone-0", "crowd-1", "lone-1", "crowd-2", "lone-2"]
    assert order[6:] == [f"crowd-{number}" for number in range(3, 9)]


def test_whoever_just_had_a_turn_comes_after_a_newcomer() -> None:
    room = WaitingRoom(capacity=9, slots=1)
    room.add(job("first", person="U1"))
    room.take(Lane.LIVE)
    room.add(job("again", person="U1"))
    room.add(job("new", person="U2"))
    taken = room.take(Lane.LIVE)
    assert taken is not None
    assert taken.request.id == "new"


def test_background_work_waits_for_people() -> None:
    assert turns([job("work", is_background=True), job("a", person="U1"), job("b", person="U1")]) == ["a", "b", "work"]


def test_one_person_fills_at_most_half_of_the_room() -> None:
    room = WaitingRoom(capacity=10, slots=1)
    for number in range(5):
        room.add(job(f"a{number}", person="U1"))
    with pytest.raises(EngineBusy):
        room.add(job("a5", person="U1"))
    for number in range(2):
        room.add(job(f"b{number}", person="U2"))
    for person in ("U3", "U4"):
        room.add(job(person, person=person))
    assert len(room) == 9


def test_a_cancelled_job_leaves_its_place() -> None:
    room = WaitingRoom(capacity=1, slots=1)
    first = job("a")
    room.add(first)
    first.generation.cancel()
    assert room.take_ended(now=0.0) == [first]
    room.add(job("b"))


def test_a_job_whose_deadline_passed_leaves_its_place() -> None:
    room = WaitingRoom(capacity=2, slots=1)
    late, patient = job("a", deadline_seconds=5.0), job("b", deadline_seconds=50.0)
    room.add(late)
    room.add(patient)
    assert room.take_ended(now=4.9) == []
    assert room.take_ended(now=5.0) == [late]
    assert room.take(Lane.LIVE) is patient


def test_the_wait_follows_what_requests_take() -> None:
    room = WaitingRoom(capacity=1, slots=4)
    for _ in range(50):
        room.note_service(40.0)
    assert room.wait_seconds() == pytest.approx(10.0, rel=0.01)
    for _ in range(50):
        room.note_service(0.1)
    assert room.wait_seconds() == 1.0
