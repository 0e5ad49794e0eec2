"""What Slack or Chip said on the line never arrives, and the answer stands in its thread once and whole."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bot.engine.port import EngineBusy
from bot.views import blocks, wording
from bot.workspace.socket_mode import Delivery
from feedback import votes
from tests.fakes import Slowly
from tests.loop.conftest import CLEO, Chip

RUNTIME = "How long does the Tansy 4 run on one charge?"
HASTY = Delivery(ack_seconds=0.5, redelivery_seconds=(0.0, 0.05, 0.1))

LOST: dict[str, Callable[[Chip, str], None]] = {
    "503": lambda chip, method: chip.workspace.faults.lose_answer(method),
    "line": lambda chip, method: chip.workspace.faults.break_off(method, done=True),
    "line before": lambda chip, method: chip.workspace.faults.break_off(method),
}

OUTPUT_METHODS = ("chat.startStream", "chat.appendStream", "chat.stopStream")


def assert_whole_once(chip: Chip, message: dict[str, Any], texts: Sequence[str], channel: str = "D0CLEO") -> None:
    """One message says each text once and has the buttons, which work; nothing is at work or left over."""
    chip.settle()
    (said,) = [m for m in chip.workspace.messages(channel) if m.bot_id]
    assert message["ts"] == said.ts
    shown = "".join([said.markdown or "", *(b["text"] for b in said.blocks if b["type"] == "markdown")])
    assert [shown.count(text) for text in texts] == [1] * len(texts)
    assert (said.streaming, chip.workspace.statuses()) == (False, {})
    reply = chip.reply_at(channel, message)
    assert chip.workspace.visit(CLEO).click(message, channel, blocks.VOTE, f"up:{reply.id}")
    chip.workspace.wait_for(lambda: votes.verdicts(chip.core.db, reply.id) == {CLEO: votes.Vote.UP})


def ask_for_buttons(chip: Chip) -> dict[str, Any]:
    """Ask in a direct message and return Chip's message once it has its buttons."""
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post("D0CLEO", RUNTIME)
    return cleo.wait_for_message("D0CLEO", lambda m: "feedback_buttons" in json.dumps(m), ts, 20.0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("method", OUTPUT_METHODS)
def test_an_answer_stands_there_once_and_whole_when_slacks_word_of_a_part_is_lost(
    chip: Chip, method: str, lost: str
) -> None:
    chip.engine.queue.append(Slowly(("It runs for 55 minutes. ", "It charges in 80 minutes. "), 0.1))
    LOST[lost](chip, method)

    message = ask_for_buttons(chip)

    assert_whole_once(chip, message, ["55 minutes", "80 minutes"])
    assert len(chip.engine.requests) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
def test_an_answer_that_grows_by_updates_stands_there_once_when_slacks_word_is_lost(
    chip: Chip, method: str, lost: str
) -> None:
    chip.workspace.faults.fail("chat.startStream", "not_allowed_token_type", times=9)
    chip.engine.queue.append(Slowly(("It runs for 55 minutes. ", "It charges in 80 minutes. "), 0.1))
    LOST[lost](chip, method)

    message = ask_for_buttons(chip)

    assert_whole_once(chip, message, ["55 minutes", "80 minutes"])


@pytest.mark.parametrize("method", ["chat.startStream", "chat.postMessage"])
def test_an_answer_waits_for_its_thread_to_be_readable_where_it_may_stand_there_already(
    patient_chip: Chip, method: str
) -> None:
    faults = patient_chip.workspace.faults
    if method == "chat.postMessage":
        faults.fail("chat.startStream", "not_allowed_token_type", times=9)
    faults.lose_answer(method)
    faults.fail("conversations.replies", "service_unavailable", status=503, times=2)
    patient_chip.engine.queue.append(Slowly(("It runs for 55 minutes. ", "It charges in 80 minutes. "), 0.1))

    message = ask_for_buttons(patient_chip)

    assert_whole_once(patient_chip, message, ["55 minutes", "80 minutes"])
    assert len(patient_chip.engine.requests) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("lost", LOST)
def test_a_reason_in_an_answers_place_is_said_once_when_slacks_word_of_it_is_lost(chip: Chip, lost: str) -> None:
    chip.engine.queue.append(EngineBusy(41.6))
    LOST[lost](chip, "chat.postMessage")

    assert chip.ask(CLEO, RUNTIME)["text"] == wording.BUSY.format(seconds=42)
    chip.settle()
    assert len(chip.said("D0CLEO")) == 1
    assert chip.workspace.statuses() == {}


@pytest.mark.parametrize("delivery", [HASTY])
def test_an_event_whose_ack_came_too_late_is_answered_once(chip: Chip) -> None:
    chip.workspace.faults.delay_acks(2 * HASTY.ack_seconds, times=2)

    message = chip.ask(CLEO, RUNTIME)

    assert_whole_once(chip, message, ["55 minutes"])
    assert len(chip.engine.requests) == 1
