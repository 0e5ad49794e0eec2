"""What goes wrong on the way, and that whoever asked still gets an answer or a reason, once."""

import json
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.engine.port import EngineBusy, EngineError, PromptTooLong
from bot.transport import later
from bot.views import blocks, learning_view, rules_view, teaching, wording
from bot.wiring import connect
from bot.workspace.socket_mode import Delivery
from feedback import inbox, replies, votes
from feedback.database import Database
from retrieval.knowledge import Knowledge, Retrieved
from tests.fakes import Slowly
from tests.loop.conftest import ADA, CLEO, HELP, ONLY_SOCKET, SAM, TEAM, Chip

RUNTIME = "How long does the Tansy 4 run on one charge?"
HASTY = Delivery(ack_seconds=0.5, redelivery_seconds=(0.0, 0.05, 0.1))
PERSISTENT = Delivery(redelivery_seconds=(0.0, 1.0, 8.0))
ANSWER = "The Tansy 4 runs for 55 minutes on one charge. [1]"
REFUSALS = ("expired_trigger_id", "internal_error")


@pytest.mark.parametrize("delivery", [HASTY])
def test_an_event_whose_ack_was_lost_is_answered_once(chip: Chip) -> None:
    chip.workspace.faults.lose_acks(2)
    chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    chip.settle()

    assert len(chip.engine.requests) == 1
    assert len(chip.said(HELP)) == 1


@pytest.mark.parametrize("delivery", [HASTY])
def test_an_event_that_the_inbox_could_not_store_is_tried_again(
    chip: Chip, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real, failures = inbox.record_event, [OSError("disk full")]

    def record_event(db: Database, key: str, kind: str, **where: object) -> bool:
        if failures:
            raise failures.pop()
        return real(db, key, kind, **where)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(inbox, "record_event", record_event)
    monkeypatch.setattr(later, "FIRST_PAUSE_SECONDS", 0.05)
    message = chip.ask(CLEO, RUNTIME)
    chip.settle()

    assert message["markdown"] == ANSWER
    assert not failures
    assert "is not in the inbox yet, try 1" in caplog.text
    assert "disk full" in caplog.text


@pytest.mark.parametrize("planned", [EngineError("The engine stopped."), RuntimeError("a bug")])
def test_a_failed_engine_gives_an_apology_with_a_reference_that_the_log_explains(
    chip: Chip, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, planned: Exception
) -> None:
    def explode(*_: object) -> None:
        raise planned

    monkeypatch.setattr(type(chip.engine), "submit", explode)
    caplog.set_level(logging.DEBUG, "bot")
    message = chip.ask(CLEO, RUNTIME)
    chip.settle()

    reference = message["text"].rpartition(" ")[2].rstrip(".")
    assert message["text"] == wording.FAILED.format(reference=reference)
    record = next(record for record in caplog.records if reference in record.getMessage())
    assert record.exc_info is not None
    assert record.exc_info[1] is planned
    assert "Tansy" not in caplog.text
    assert str(planned) not in message["text"]
    assert chip.workspace.statuses() == {}


def test_logs_of_an_answer_hold_no_message_text_and_no_token(chip: Chip, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    message = chip.ask(CLEO, RUNTIME)
    chip.workspace.visit(CLEO).react("D0CLEO", message["ts"], "-1")
    chip.wait_for_said("D0CLEO", wording.ASK_CORRECTION)
    chip.settle()

    assert chip.reply_at("D0CLEO", message).id in caplog.text
    for secret in ("Tansy", "minutes", "xoxb", "xapp"):
        assert secret not in caplog.text


def test_a_failure_in_the_middle_ends_the_stream_and_apologises(chip: Chip) -> None:
    chip.engine.queue.append(Slowly(("It runs for 55 minutes. ", "It "), error=EngineError("gone")))
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post("D0CLEO", RUNTIME)

    cleo.wait_for_message("D0CLEO", lambda m: m["text"].startswith("Something went wrong"), ts)

    assert not any(message["streaming"] for message in cleo.messages("D0CLEO", ts))
    chip.settle()
    assert chip.ask(CLEO, RUNTIME)["markdown"] == ANSWER


@pytest.mark.parametrize("is_late", [False, True])
def test_a_busy_engine_gives_the_honest_wait(chip: Chip, is_late: bool) -> None:
    busy = EngineBusy(41.6)
    chip.engine.queue.append(Slowly((), error=busy) if is_late else busy)

    assert chip.ask(CLEO, RUNTIME)["text"] == wording.BUSY.format(seconds=42)


def test_a_prompt_that_does_not_fit_is_answered_with_what_to_do(chip: Chip) -> None:
    chip.engine.queue.append(PromptTooLong(2000, 1024))
    assert chip.ask(CLEO, RUNTIME)["text"] == wording.PROMPT_TOO_LONG


@pytest.mark.parametrize("error", ["not_allowed_token_type", "channel_type_not_supported"])
def test_a_stream_that_slack_refuses_becomes_one_posted_answer_with_buttons(chip: Chip, error: str) -> None:
    chip.workspace.faults.fail("chat.startStream", error)
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post("D0CLEO", RUNTIME)
    message = cleo.wait_for_message("D0CLEO", lambda message: "feedback_buttons" in json.dumps(message), ts)
    chip.settle()

    assert [show.count("55 minutes") > 0 for show in chip.said("D0CLEO")] == [True]
    assert message["blocks"][0] == {"type": "markdown", "text": ANSWER, "block_id": message["blocks"][0]["block_id"]}
    reply = chip.reply_at("D0CLEO", message)
    assert cleo.click(message, "D0CLEO", blocks.VOTE, f"up:{reply.id}")
    chip.workspace.wait_for(lambda: votes.verdicts(chip.core.db, reply.id))


def test_where_streaming_is_refused_the_answer_grows_in_a_posted_message(chip: Chip) -> None:
    chip.workspace.faults.fail("chat.startStream", "not_allowed_token_type", times=9)
    chip.engine.queue.append(Slowly(tuple(f"Number {n}. " for n in range(8)), 0.4))
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post("D0CLEO", RUNTIME)
    cleo.wait_for_message("D0CLEO", lambda message: "Number 0." in json.dumps(message), ts)
    half = cleo.wait_for_message("D0CLEO", lambda message: "Number 3." in json.dumps(message), ts)
    whole = cleo.wait_for_message("D0CLEO", lambda message: "feedback_buttons" in json.dumps(message), ts)
    chip.settle()

    assert "Number 7." not in json.dumps(half)
    assert half["ts"] == whole["ts"]
    assert whole["blocks"][0]["text"] == " ".join(f"Number {n}." for n in range(8))
    assert len(chip.said("D0CLEO")) == 1
    assert len(chip.workspace.calls("chat.update")) <= 4
    assert chip.workspace.statuses() == {}


@pytest.mark.parametrize("method", ["chat.appendStream", "chat.stopStream"])
def test_a_stream_that_breaks_off_is_finished_by_a_post_that_repeats_nothing(chip: Chip, method: str) -> None:
    chip.engine.queue.append("It runs for 55 minutes. It charges in 80 minutes.")
    chip.workspace.faults.fail(method, "message_not_in_streaming_state", times=3)
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post("D0CLEO", RUNTIME)
    last = cleo.wait_for_message("D0CLEO", lambda message: "feedback_buttons" in json.dumps(message), ts)
    chip.settle()

    shown = [message.get("markdown") or "" for message in cleo.messages("D0CLEO", ts)[1:]]
    posted = [
        b["text"] for m in cleo.messages("D0CLEO", ts)[1:] for b in m.get("blocks", []) if b["type"] == "markdown"
    ]
    said = " ".join([*shown, *posted])
    assert (said.count("55 minutes"), said.count("80 minutes")) == (1, 1)
    assert chip.reply_at("D0CLEO", last).shown == "It runs for 55 minutes. It charges in 80 minutes."


def test_an_answer_that_the_person_stops_goes_no_further_and_can_be_voted_on(chip: Chip) -> None:
    chip.engine.queue.append(Slowly(tuple(f"Number {n}. " for n in range(40)), 0.25))
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post("D0CLEO", RUNTIME)
    streaming = cleo.wait_for_message("D0CLEO", lambda message: message["streaming"], ts)

    cleo.stop("D0CLEO", streaming["ts"])

    last = cleo.wait_for_message("D0CLEO", lambda message: "feedback_buttons" in json.dumps(message), ts)
    chip.settle()
    assert "Number 39" not in json.dumps(cleo.messages("D0CLEO", ts))
    assert chip.reply_at("D0CLEO", last).finish == "cancelled"


def test_a_limited_call_is_made_again_after_the_wait_that_slack_asks_for(chip: Chip) -> None:
    chip.workspace.faults.rate_limit("chat.startStream", retry_after_seconds=1)
    started = time.monotonic()
    message = chip.ask(CLEO, RUNTIME)

    assert message["markdown"] == ANSWER
    assert time.monotonic() - started >= 1.0
    assert len(chip.said("D0CLEO")) == 1


def test_slacks_own_failures_are_survived(chip: Chip) -> None:
    chip.workspace.faults.fail("assistant.threads.setStatus", "internal_error", status=503)
    chip.workspace.faults.fail("chat.startStream", "internal_error", status=503)
    chip.ask(CLEO, RUNTIME)
    assert any("55 minutes" in said for said in chip.said("D0CLEO"))


@pytest.mark.parametrize("is_made", [True, False])
def test_a_question_in_an_outage_of_slack_is_answered_after_it_without_a_restart(
    patient_chip: Chip, is_made: bool
) -> None:
    faults = patient_chip.workspace.faults
    if is_made:
        faults.fail("chat.startStream", "service_unavailable", status=503)
    else:
        patient_chip.engine.queue.append(EngineError("gone"))
    faults.fail("chat.postMessage", "service_unavailable", status=503, times=3 if is_made else 1)
    faults.fail("conversations.replies", "service_unavailable", status=503, times=2)

    message = patient_chip.ask(CLEO, RUNTIME)
    patient_chip.settle()

    assert "55 minutes" in json.dumps(message)
    assert "feedback_buttons" in json.dumps(message)
    assert len(patient_chip.said("D0CLEO")) == 1


def test_an_answer_that_arrived_although_slack_said_no_is_not_given_twice(patient_chip: Chip) -> None:
    faults = patient_chip.workspace.faults
    faults.fail("chat.startStream", "service_unavailable", status=503)
    faults.lose_answer("chat.postMessage")
    faults.fail("chat.postMessage", "service_unavailable", status=503)

    patient_chip.ask(CLEO, RUNTIME)
    patient_chip.settle()

    assert ["55 minutes" in said for said in patient_chip.said("D0CLEO")] == [True]
    assert len(patient_chip.engine.requests) == 1


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


def _message_event(ts: str) -> dict[str, object]:
    event = {"type": "message", "user": CLEO, "text": RUNTIME, "ts": ts, "channel": "D0CLEO", "channel_type": "im"}
    return {"type": "event_callback", "event_id": f"Ev{ts}", "team_id": TEAM, "event": event}


@pytest.mark.parametrize("error", REFUSALS)
def test_a_modal_that_did_not_open_loses_no_vote_and_is_offered_again(chip: Chip, error: str) -> None:
    message = chip.ask(CLEO, RUNTIME)
    reply = chip.reply_at("D0CLEO", message)
    cleo = chip.workspace.visit(CLEO)
    chip.workspace.faults.fail("views.open", error)
    assert cleo.click(message, "D0CLEO", blocks.VOTE, f"down:{reply.id}")

    offer = chip.wait_for_said("D0CLEO", wording.ASK_CORRECTION)
    assert offer.ephemeral_to == CLEO
    assert votes.verdicts(chip.core.db, reply.id) == {CLEO: votes.Vote.DOWN}
    chip.workspace.faults.fail("views.open", error)
    assert cleo.click(chip.show(CLEO, offer), "D0CLEO", blocks.WRITE_CORRECTION)
    assert chip.wait_for_said("D0CLEO", wording.WINDOW_NOT_OPENED).ephemeral_to == CLEO
    assert cleo.click(chip.show(CLEO, offer), "D0CLEO", blocks.WRITE_CORRECTION)
    assert cleo.wait_for_view()["title"]["text"] == wording.CORRECTION_TITLE
    chip.settle()


@pytest.mark.parametrize("shortcut", [teaching.CORRECT_SHORTCUT, teaching.TEACH_SHORTCUT])
@pytest.mark.parametrize("error", REFUSALS)
def test_who_uses_a_shortcut_is_told_that_its_window_did_not_open(chip: Chip, shortcut: str, error: str) -> None:
    message = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    sam = chip.workspace.visit(SAM)
    chip.workspace.faults.fail("views.open", error)
    assert sam.shortcut(HELP, message["ts"], shortcut)

    told = chip.wait_for_said(HELP, wording.WINDOW_NOT_OPENED)
    assert (told.ephemeral_to, told.thread_ts) == (SAM, message["thread_ts"])
    assert sam.view() is None


@pytest.mark.parametrize("error", REFUSALS)
def test_an_admin_is_told_at_home_and_under_the_rules_that_the_window_did_not_open(chip: Chip, error: str) -> None:
    ada = chip.workspace.visit(ADA)
    ada.open_home()
    home = chip.workspace.wait_for(lambda: ada.home())
    chip.workspace.faults.fail("views.open", error)
    assert ada.click_in_view(home, learning_view.DECIDE)
    assert chip.wait_for_said("D0ADA", wording.WINDOW_NOT_OPENED).ephemeral_to is None

    assert ada.command(HELP, "/chip channels")
    rules = chip.wait_for_said(HELP, wording.RULES_BUTTON)
    chip.workspace.faults.fail("views.open", error)
    assert ada.click(chip.show(ADA, rules), HELP, rules_view.SET_RULES)
    assert chip.wait_for_said(HELP, wording.WINDOW_NOT_OPENED).ephemeral_to == ADA
    assert ada.view() is None


@pytest.mark.parametrize("channel", ["D0CLEO", HELP])
@pytest.mark.parametrize(
    "planned",
    [
        Slowly(("It runs for 55 minutes.",), 0.4),
        Slowly(("",), 0.4, EngineError("The engine stopped.")),
        Slowly(("",), 0.4, EngineBusy(3.0)),
    ],
    ids=["answered", "failed", "busy"],
)
def test_chip_is_shown_at_work_until_it_says_something(chip: Chip, planned: Slowly, channel: str) -> None:
    chip.engine.queue.append(planned)
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post(channel, f"@Chip {RUNTIME}")
    chip.workspace.wait_for(lambda: chip.engine.requests)
    assert chip.workspace.statuses() == {(channel, ts): wording.THINKING}

    cleo.wait_for_reply(channel, ts)
    chip.settle()
    assert chip.workspace.statuses() == {}


@pytest.mark.parametrize("fails", ["search", "engine", "patience"])
def test_a_question_that_gets_not_even_an_apology_keeps_no_status(
    chip: Chip, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def fail(_self: Knowledge, *_: object, **__: object) -> Retrieved:
        raise OSError("The index cannot be read.")

    if fails == "search":
        monkeypatch.setattr(Knowledge, "find_evidence", fail)
    else:
        chip.engine.queue.append(EngineError("It stopped.") if fails == "engine" else EngineBusy(3.0))
    chip.workspace.faults.fail("chat.postMessage", "restricted_action", times=2)
    chip.workspace.visit(CLEO).post(HELP, f"@Chip {RUNTIME}")
    chip.workspace.wait_for(lambda: chip.workspace.calls("chat.postMessage"))
    chip.settle()
    assert chip.said(HELP) == []
    assert chip.workspace.statuses() == {}
