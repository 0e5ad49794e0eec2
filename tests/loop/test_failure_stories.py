"""What goes wrong on the way, and that the person who asked still gets an answer or a reason, once."""

import json
import logging
import time

import pytest

from bot.engine.port import EngineBusy, EngineError, PromptTooLong
from bot.transport import later
from bot.views import blocks, wording
from bot.workspace.socket_mode import Delivery
from feedback import inbox, votes
from feedback.database import Database
from retrieval.knowledge import Knowledge
from retrieval.retrieved import Retrieved
from tests.fakes import Slowly
from tests.loop.conftest import CLEO, HELP, Chip

RUNTIME = "How long does the Tansy 4 run on one charge?"
HASTY = Delivery(ack_seconds=0.5, redelivery_seconds=(0.0, 0.05, 0.1))
ANSWER = "The Tansy 4 runs for 55 minutes on one charge. [1]"


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
