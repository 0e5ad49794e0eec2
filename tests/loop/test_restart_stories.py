"""Chip is killed, stopped or cut off, and goes on at the next start."""

import time
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.wiring import connect
from bot.workspace.socket_mode import Delivery
from feedback import inbox, replies, votes
from tests.fakes import Slowly
from tests.loop.conftest import CLEO, ONLY_SOCKET, TEAM, Chip

RUNTIME = "How long does the Tansy 4 run on one charge?"
PERSISTENT = Delivery(redelivery_seconds=(0.0, 1.0, 8.0))
ANSWER = "The Tansy 4 runs for 55 minutes on one charge. [1]"


def test_what_a_kill_cut_off_is_answered_at_the_next_start_and_once(chip: Chip) -> None:
    chip.stop()
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post("D0CLEO", RUNTIME)
    payload = _message_event(ts)
    inbox.record_event(
        chip.core.db, payload["event_id"], "message", team=TEAM, channel="D0CLEO", ts=ts, payload=payload
    )

    chip.start()

    assert cleo.wait_for_reply("D0CLEO", ts)["markdown"] == ANSWER
    chip.settle()
    chip.stop()
    chip.start()
    chip.settle()
    assert len(replies.find_replies_to(chip.core.db, TEAM, "D0CLEO", ts)) == 1
    assert len(chip.said("D0CLEO")) == 1


def test_a_kill_after_the_answer_but_before_its_note_repeats_no_answer(chip: Chip) -> None:
    message = chip.ask(CLEO, RUNTIME)
    chip.settle()
    chip.stop()
    payload = _message_event(message["thread_ts"])
    inbox.record_event(chip.core.db, "Ev9", "message", team=TEAM, channel="D0CLEO", ts=None, payload=payload)

    chip.start()
    chip.settle()

    assert len(chip.said("D0CLEO")) == 1


def test_a_reaction_that_a_kill_cut_off_counts_at_the_next_start(chip: Chip) -> None:
    message = chip.ask(CLEO, RUNTIME)
    reply = chip.reply_at("D0CLEO", message)
    chip.settle()
    chip.stop()
    event = {
        "type": "reaction_added",
        "user": CLEO,
        "reaction": "+1",
        "item": {"type": "message", "channel": "D0CLEO", "ts": message["ts"]},
    }
    payload = {"type": "event_callback", "event_id": "Ev8", "team_id": TEAM, "event": event}
    inbox.record_event(chip.core.db, "Ev8", "reaction_added", team=TEAM, channel=None, ts=None, payload=payload)

    chip.start()
    chip.settle()

    assert votes.verdicts(chip.core.db, reply.id) == {CLEO: votes.Vote.UP}


@pytest.mark.parametrize("delivery", [PERSISTENT])
def test_questions_during_a_restart_are_answered_after_it(chip: Chip) -> None:
    chip.stop()
    ts = chip.workspace.visit(CLEO).post("D0CLEO", RUNTIME)
    chip.start()

    assert chip.workspace.visit(CLEO).wait_for_reply("D0CLEO", ts, 15.0)["markdown"] == ANSWER
    chip.settle()


@ONLY_SOCKET
def test_chip_reconnects_when_its_line_breaks(chip: Chip) -> None:
    chip.workspace.disconnect("refresh_requested")
    assert chip.ask(CLEO, RUNTIME)["markdown"] == ANSWER


def test_stopping_lets_a_running_answer_end_and_takes_less_than_two_seconds(chip: Chip) -> None:
    chip.engine.queue.append(Slowly(("It runs ", "for 55 minutes."), 0.2))
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post("D0CLEO", RUNTIME)
    chip.workspace.wait_for(lambda: chip.engine.requests)
    started = time.monotonic()

    chip.stop()

    assert time.monotonic() - started < 2.0
    assert cleo.messages("D0CLEO", ts)[-1]["markdown"] == "It runs for 55 minutes."
    assert inbox.find_unfinished(chip.core.db) == []


@ONLY_SOCKET
def test_a_refused_app_token_leaves_nothing_running(stopped_chip: Chip) -> None:
    workspace = stopped_chip.workspace
    with (
        pytest.raises(SlackApiError, match="invalid_auth"),
        connect(stopped_chip.core, bot_token=workspace.bot_token, app_token="xapp-no", base_url=workspace.api_url),
    ):
        pass  # the fixture looks for threads that were left


def _message_event(ts: str) -> dict[str, Any]:
    event = {"type": "message", "user": CLEO, "text": RUNTIME, "ts": ts, "channel": "D0CLEO", "channel_type": "im"}
    return {"type": "event_callback", "event_id": f"Ev{ts}", "team_id": TEAM, "event": event}
