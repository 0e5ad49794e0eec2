"""Chip in Slack's agent view: titles, prompts, the status and the Stop button."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from bot.views import wording
from bot.workspace import events
from retrieval.knowledge import Knowledge
from retrieval.retrieved import Retrieved
from tests.fakes import Slowly
from tests.loop.conftest import ADA, CLEO, HELP, SAM, Chip
from tests.patience import PATIENCE_SECONDS

RUNTIME = "How long does the Tansy 4 run on one charge?"


def test_a_direct_thread_is_titled_by_its_first_question_only(chip: Chip) -> None:
    message = chip.ask(CLEO, RUNTIME)
    chip.ask(CLEO, "And how long does it charge?", thread_ts=message["thread_ts"])

    chip.settle()
    titled = [call.arguments for call in chip.workspace.calls("assistant.threads.setTitle")]
    assert [(call["thread_ts"], call["title"]) for call in titled] == [(message["thread_ts"], RUNTIME)]


GOODWILL = "What goodwill credit may support agents grant for a late delivery?"


def test_what_several_people_asked_is_suggested_and_what_staff_asked_is_not(chip: Chip) -> None:
    for person in (CLEO, SAM, ADA):
        chip.ask(person, f"@Chip {RUNTIME}", "C0HELP")
    for person in (SAM, ADA):
        chip.ask(person, GOODWILL)
    open_messages(chip)

    first, *others = list_suggested(chip)
    assert first == RUNTIME
    assert GOODWILL not in others
    chip.settle()


def test_what_one_person_asked_is_not_suggested_to_others(chip: Chip) -> None:
    asked = "How far does the Heron 1 see at night?"
    for _ in range(3):
        chip.ask(CLEO, asked)
    open_messages(chip)
    assert asked not in list_suggested(chip)
    chip.settle()


def test_what_several_people_asked_with_a_name_in_it_is_not_suggested(chip: Chip) -> None:
    for person in (CLEO, SAM, ADA):
        chip.ask(person, f"@Chip {RUNTIME[:-1]}, Acme Ltd wants to cancel?", "C0HELP")
    open_messages(chip)
    assert not any("Acme" in suggested for suggested in list_suggested(chip))
    chip.settle()


def list_suggested(chip: Chip) -> list[str]:
    """Return the questions that Slack is to offer, those that people ask often first."""
    chip.workspace.wait_for(lambda: chip.workspace.calls("assistant.threads.setSuggestedPrompts"))
    (call,) = chip.workspace.calls("assistant.threads.setSuggestedPrompts")
    return [prompt["message"] for prompt in call.arguments["prompts"]]


def open_messages(chip: Chip) -> None:
    chip.workspace.inside(
        lambda workspace: workspace.push_event(
            events.build_app_home_opened(CLEO, "D0CLEO", "messages", None, workspace.timeline.next_ts())
        )
    )


def press_stop(chip: Chip, person: str, channel: str, ts: str) -> None:
    chip.workspace.inside(
        lambda workspace: workspace.push_event(
            {
                "type": "agent_session_stopped",
                "channel": channel,
                "thread_ts": ts,
                "streaming_message_ts": [],
                "user": person,
                "event_ts": workspace.timeline.next_ts(),
            }
        )
    )


class Gate:
    """Holds every search for evidence until it is opened; `searching` counts those that wait."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.searching = 0
        self._opened = threading.Event()
        find = Knowledge.find_evidence

        def find_later(*args: Any, **kwargs: Any) -> Retrieved:
            self.searching += 1
            assert self._opened.wait(PATIENCE_SECONDS)
            return find(*args, **kwargs)

        monkeypatch.setattr(Knowledge, "find_evidence", find_later)

    def open(self) -> None:
        self._opened.set()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch, chip: Chip) -> Iterator[Gate]:
    gate = Gate(monkeypatch)
    yield gate
    gate.open()
    chip.settle()


@pytest.mark.parametrize("is_queued", [False, True])
def test_stop_ends_a_question_that_is_queued_or_searched_for_and_nothing_is_generated(
    chip: Chip, gate: Gate, is_queued: bool
) -> None:
    sam, cleo = chip.workspace.visit(SAM), chip.workspace.visit(CLEO)
    others = 2 * chip.core.settings.engine.slots if is_queued else 0
    for _ in range(others):
        sam.post("D0SAM", RUNTIME)
    chip.workspace.wait_for(lambda: gate.searching == others)
    ts = cleo.post("D0CLEO", RUNTIME)
    chip.workspace.wait_for(lambda: chip.services is not None and len(chip.services.stops.waiting) > others)
    if not is_queued:
        chip.workspace.wait_for(lambda: gate.searching == 1)

    press_stop(chip, CLEO, "D0CLEO", ts)

    assert cleo.wait_for_reply("D0CLEO", ts)["text"] == wording.STOPPED
    gate.open()
    chip.settle()
    assert len(chip.said("D0CLEO")) == 1
    assert len(chip.engine.requests) == others
    assert chip.workspace.statuses() == {}
    assert "55 minutes" in chip.ask(CLEO, RUNTIME, thread_ts=ts)["markdown"]
    assert chip.services is not None
    chip.settle()
    assert chip.services.stops.waiting == {}


def test_stop_ends_no_question_that_somebody_else_waits_for(chip: Chip, gate: Gate) -> None:
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post(HELP, f"@Chip {RUNTIME}")
    chip.workspace.wait_for(lambda: gate.searching == 1)
    press_stop(chip, SAM, HELP, ts)
    chip.workspace.wait_for(lambda: chip.workspace.calls("agents.sessions.setStatus"))
    gate.open()
    assert "55 minutes" in cleo.wait_for_reply(HELP, ts)["markdown"]


def test_stop_ends_the_generation_itself_also_before_the_first_word(chip: Chip) -> None:
    chip.engine.queue.append(Slowly(("It ", "runs ") * 200, 5.0))
    ts = chip.workspace.visit(CLEO).post("D0CLEO", RUNTIME)
    chip.workspace.wait_for(lambda: chip.engine.requests)
    chip.workspace.wait_for(lambda: chip.services is not None and chip.services.stops.live)

    press_stop(chip, CLEO, "D0CLEO", ts)

    said = chip.workspace.visit(CLEO).wait_for_reply("D0CLEO", ts)
    assert said["text"] == wording.STOPPED
    chip.settle()
    assert chip.workspace.statuses() == {}
    assert len(chip.workspace.calls("agents.sessions.setStatus")) == 1


def test_no_status_is_left_where_not_even_an_apology_can_be_posted(chip: Chip) -> None:
    chip.workspace.faults.fail("chat.startStream", "internal_error", status=500, times=9)
    chip.workspace.faults.fail("chat.postMessage", "internal_error", status=500, times=9)
    chip.workspace.visit(CLEO).post("D0CLEO", RUNTIME)
    chip.workspace.wait_for(
        lambda: [c for c in chip.workspace.calls("assistant.threads.setStatus") if c.arguments["status"] == ""]
    )
    assert chip.workspace.statuses() == {}
