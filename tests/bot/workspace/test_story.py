"""A real Bolt app, with the real slack_sdk and its builtin Socket Mode client, lives in the local workspace."""

from __future__ import annotations

from typing import Any

from bot.workspace.server import LocalWorkspace
from tests.bot.workspace.conftest import BoltApp

FEEDBACK = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "vote",
            "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "up:A1"},
            "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "down:A1"},
        }
    ],
}
MODAL = {
    "type": "modal",
    "callback_id": "correction",
    "title": {"type": "plain_text", "text": "What is right?"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "right",
            "label": {"type": "plain_text", "text": "Answer"},
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
        }
    ],
}


def test_a_question_is_answered_voted_on_and_corrected(workspace: LocalWorkspace, bolt: BoltApp) -> None:
    corrections: list[dict[str, Any]] = []

    @bolt.app.event("message")
    def ignore() -> None:
        pass

    @bolt.app.event("app_mention")
    def answer(event: dict[str, Any]) -> None:
        stream = bolt.client.chat_stream(
            channel=event["channel"],
            thread_ts=event["ts"],
            recipient_team_id=event["team"],
            recipient_user_id=event["user"],
            buffer_size=1,
        )
        stream.append(markdown_text="It lifts **5 kg**")
        stream.append(markdown_text=", no more.")
        stream.stop(blocks=[FEEDBACK])

    @bolt.app.action("vote")
    def ask(ack: Any, body: dict[str, Any]) -> None:
        ack()
        bolt.client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @bolt.app.view("correction")
    def keep(ack: Any, view: dict[str, Any]) -> None:
        text = view["state"]["values"]["right"]["text"]["value"]
        if text == "no":
            ack(response_action="errors", errors={"right": "Say a little more."})
            return
        ack()
        corrections.append(view)

    bolt.connect()
    cleo = workspace.visit("U0CLEO")
    ts = cleo.post("C0HELP", "@Chip how much can it lift? <5 kg?")
    reply = cleo.wait_for_reply("C0HELP", ts)
    assert reply["markdown"] == "It lifts **5 kg**, no more."

    assert cleo.click(reply, "C0HELP", "vote", "down:A1")
    view = cleo.wait_for_view()
    assert view["callback_id"] == "correction"
    assert cleo.submit_view({"right": ""}) == {"right": "Please complete this required field."}
    assert cleo.submit_view({"right": "no"}) == {"right": "Say a little more."}
    assert cleo.submit_view({"right": "It lifts 7 kg."}) == {}
    assert cleo.view() is None
    assert len(corrections) == 1

    heard = [body["event"] for body in bolt.heard if body["type"] == "event_callback"]
    first = [event for event in heard if event.get("ts") == ts]
    assert {event["type"] for event in first} == {"message", "app_mention"}
    assert {event["text"] for event in first} == {"<@U0CHIP> how much can it lift? &lt;5 kg?"}
    ids = [body["event_id"] for body in bolt.heard if body["type"] == "event_callback"]
    assert len(ids) == len(set(ids))
    click = next(body for body in bolt.heard if body["type"] == "block_actions")
    assert click["actions"][0]["value"] == "down:A1"
    assert click["container"]["thread_ts"] == ts
    assert click["message"]["ts"] == reply["ts"]


def test_a_command_answers_in_its_ack_and_only_its_user_sees_it(workspace: LocalWorkspace, bolt: BoltApp) -> None:
    @bolt.app.command("/chip")
    def answer(ack: Any, command: dict[str, Any], respond: Any) -> None:
        ack(text=f"You said: {command['text']}")
        respond(text="and more")
        respond(text="for all", response_type="in_channel")

    bolt.connect()
    sam, ada = workspace.visit("U0SAM"), workspace.visit("U0ADA")
    assert sam.command("C0STAFF", "/chip forget @Ada")
    sam.wait_for_message("C0STAFF", lambda message: message["text"] == "for all")

    mine = [(message["text"], message["ephemeral"]) for message in sam.messages("C0STAFF")]
    assert ("You said: forget <@U0ADA|ada>", True) in mine
    assert ("and more", True) in mine
    assert [message["text"] for message in ada.messages("C0STAFF")] == ["for all"]
    stored = bolt.client.conversations_history(channel="C0STAFF")["messages"]
    assert [message["text"] for message in stored] == ["for all"]


def test_the_client_reconnects_after_a_refresh_and_goes_on(workspace: LocalWorkspace, bolt: BoltApp) -> None:
    @bolt.app.event("message")
    def echo(event: dict[str, Any]) -> None:
        bolt.client.chat_postMessage(channel=event["channel"], text="heard", thread_ts=event["ts"])

    bolt.connect()
    workspace.disconnect("refresh_requested")
    cleo = workspace.visit("U0CLEO")
    ts = cleo.post("D0CLEO", "still there?")

    assert cleo.wait_for_reply("D0CLEO", ts)["text"] == "heard"
    assert len(workspace.calls("apps.connections.open")) == 2


def test_an_ephemeral_with_a_button_can_be_replaced_through_its_response_url(
    workspace: LocalWorkspace, bolt: BoltApp
) -> None:
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}, "value": "1"}

    @bolt.app.action("go")
    def go(ack: Any, respond: Any) -> None:
        ack()
        respond(text="done", replace_original=True)

    bolt.connect()
    cleo, ada = workspace.visit("U0CLEO"), workspace.visit("U0ADA")
    bolt.client.chat_postEphemeral(
        channel="C0HELP", user="U0CLEO", text="only you", blocks=[{"type": "actions", "elements": [button]}]
    )
    offered = cleo.wait_for_message("C0HELP")
    assert ada.messages("C0HELP") == []
    assert cleo.click(offered, "C0HELP", "go")
    replaced = cleo.wait_for_message("C0HELP", lambda message: message["text"] == "done")
    assert (replaced["ts"], replaced["ephemeral"]) == (offered["ts"], True)
    assert len(cleo.messages("C0HELP")) == 1
    click = next(body for body in bolt.heard if body["type"] == "block_actions")
    assert click["container"]["is_ephemeral"]
    assert "message" not in click
