"""What Slack should never send: it ends in a log line and, where somebody waits, in a word to them; nothing stays."""

import json
from typing import Any

import pytest

from bot.commands import consent
from bot.views import blocks, rules_view, wording
from bot.workspace.workspace import Workspace
from feedback import inbox
from tests.loop.conftest import CLEO, DMS, HELP, TEAM, Chip

RUNTIME = "How long does the Tansy 4 run on one charge?"
MESSAGE = {"type": "message", "channel_type": "im", "channel": "D0CLEO", "user": CLEO, "text": RUNTIME, "ts": "1.1"}
MALFORMED: dict[str, dict[str, Any]] = {
    "a message without a channel": {key: value for key, value in MESSAGE.items() if key != "channel"},
    "a message without a time": {key: value for key, value in MESSAGE.items() if key != "ts"},
    "a message in no channel's name": MESSAGE | {"channel": {"id": "D0CLEO"}},
    "a message without words": MESSAGE | {"text": 7},
    "a mention without a channel": {"type": "app_mention", "user": CLEO, "text": "<@U0CHIP>", "ts": "1.1"},
    "a deletion of nothing": {"type": "message", "subtype": "message_deleted", "channel": "D0CLEO", "ts": "1.1"},
    "a change of nothing": MESSAGE
    | {"subtype": "message_changed", "message": {"user": CLEO, "edited": {"ts": "1.2"}, "text": "a"}},
    "a reaction to nothing": {"type": "reaction_added", "user": CLEO, "reaction": "+1"},
    "a person without an id": {"type": "user_change", "user": {}},
    "a channel without an id": {"type": "channel_rename", "channel": {}},
    "nobody who opens Home": {"type": "app_home_opened", "tab": "home"},
    "a stop in no thread": {"type": "agent_session_stopped", "channel": "D0CLEO"},
}


@pytest.mark.parametrize("event", MALFORMED.values(), ids=MALFORMED)
def test_an_event_that_lacks_something_is_logged_and_done_with(
    chip: Chip, event: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    chip.workspace.inside(lambda workspace: workspace.line.push_event(build_body("Ev1", event)))
    chip.workspace.wait_for(lambda: inbox.find_event(chip.core.db, "Ev1"))
    chip.settle()

    assert any(word in caplog.text for word in ("Ev1", "thread_not_found"))  # a number is read as a word
    assert "55 minutes" in json.dumps(chip.ask(CLEO, RUNTIME))


def test_one_event_that_cannot_be_taken_up_stops_neither_the_start_nor_the_others(
    chip: Chip, caplog: pytest.LogCaptureFixture
) -> None:
    chip.stop()
    for number, event in enumerate(MALFORMED.values()):
        record(chip, f"Ev1{number:02}", event)
    record(chip, "Ev2", {"event": None}, wraps=False)
    record(chip, "It1", {"type": "block_actions", "trigger_id": "It1"}, wraps=False)
    ts = chip.workspace.visit(CLEO).post("D0CLEO", RUNTIME)
    record(chip, "Ev3", MESSAGE | {"ts": ts})

    chip.start()

    assert "55 minutes" in json.dumps(chip.workspace.visit(CLEO).wait_for_reply("D0CLEO", ts))
    chip.settle()
    assert "event Ev100 cannot be taken up, reference E" in caplog.text


def test_a_question_whose_event_is_done_is_closed_at_the_next_start(chip: Chip) -> None:
    chip.stop()
    inbox.record_event(
        chip.core.db, "question:1", "question", team=TEAM, channel=HELP, ts="1.1", payload={"event_id": "Ev0"}
    )
    chip.start()
    chip.settle()


PRESS = {"type": "block_actions", "user": {"id": CLEO}, "channel": {"id": HELP}, "container": {"message_ts": "1.1"}}
FORM = {"type": "view_submission", "user": {"id": CLEO}}
INTERACTIONS = {
    "a press of nothing": PRESS,
    "a press of a button without a value": PRESS | {"actions": [{"action_id": blocks.VOTE, "type": "button"}]},
    "a press where rules are set": PRESS | {"actions": [{"action_id": rules_view.SET_RULES, "type": "button"}]},
    "a decision without a value": PRESS | {"actions": [{"action_id": consent.LEARN, "type": "button"}]},
    "a press without a trigger": PRESS
    | {"trigger_id": None, "actions": [{"action_id": blocks.VOTE, "value": "up:R1"}]},
    "a press in no channel's name": PRESS
    | {"channel": HELP, "actions": [{"action_id": blocks.VOTE, "value": "up:R1"}]},
    "a form without content": FORM,
    "a form without a name": FORM | {"view": {"id": "V1"}},
    "a form without what was entered": FORM
    | {"view": {"id": "V1", "type": "modal", "callback_id": blocks.CORRECTION_VIEW}},
    "a shortcut on nothing": {"type": "message_action", "user": {"id": CLEO}, "callback_id": "correct_answer"},
    "a command without a name": {"user_id": CLEO, "text": "help"},
}


@pytest.mark.parametrize("body", INTERACTIONS.values(), ids=INTERACTIONS)
def test_an_interaction_that_lacks_something_is_acknowledged_logged_and_answered(
    chip: Chip, body: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    interact(chip, {"trigger_id": "It1", "team": {"id": TEAM}, "team_id": TEAM, **body})

    said = chip.wait_for_said(DMS[CLEO], "under the reference E")
    reference = said.text.rpartition(" ")[2].rstrip(".")
    assert said.text == wording.FAILED.format(reference=reference)
    assert f"failed, reference {reference}" in caplog.text
    chip.settle()


def test_a_form_that_cannot_be_taken_stays_open_and_says_so(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("feedback.corrections.record_correction", explode)
    message = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    cleo = chip.workspace.visit(CLEO)
    assert cleo.click(message, HELP, blocks.VOTE, f"down:{chip.reply_at(HELP, message).id}")
    cleo.wait_for_view()

    errors = cleo.submit_view({blocks.CORRECTION_BLOCK: "90 minutes."})

    assert [text.startswith("Something went wrong on my side") for text in errors.values()] == [True]
    assert cleo.view() is not None
    chip.settle()


@pytest.mark.parametrize(
    "body",
    [
        {"type": "block_actions"},
        PRESS | {"actions": []},
        FORM | {"view": {"id": "V1", "callback_id": blocks.CORRECTION_VIEW}},
    ],
)
def test_what_cannot_be_read_at_all_is_acknowledged_and_logged(
    chip: Chip, body: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    interact(chip, {"trigger_id": "It1", "team": {"id": TEAM}, **body})
    chip.settle()
    assert str(body["type"]) in caplog.text


def build_body(key: str, event: dict[str, Any]) -> dict[str, Any]:
    return {"event_id": key, "event": event, "type": "event_callback", "team_id": TEAM}


def record(chip: Chip, key: str, event: dict[str, Any], *, wraps: bool = True) -> None:
    payload = build_body(key, event) if wraps else event
    kind = event.get("type", "message")
    inbox.record_event(chip.core.db, key, kind, team=TEAM, channel="", ts="", payload=payload)


def interact(chip: Chip, body: dict[str, Any]) -> None:
    """Deliver an interaction. Raises NotDelivered where it is not acknowledged."""

    def find_line(workspace: Workspace) -> Any:
        return workspace.line

    line = chip.workspace.inside(find_line)
    chip.workspace.run(line.ask("interactive", body, accepts_response=False))
