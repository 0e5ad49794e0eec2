"""Modals: trigger ids, the stack, response actions, hashes; and what a press carries."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.workspace.errors import Refusal
from bot.workspace.server import LocalWorkspace
from bot.workspace.visitor import Visitor
from tests.bot.workspace.conftest import HASTY, BareSocket, Clock

SELECT = {
    "type": "static_select",
    "action_id": "why",
    "options": [{"text": {"type": "plain_text", "text": name}, "value": name} for name in ("wrong", "outdated")],
}


def modal(title: str = "One", **more: Any) -> dict[str, Any]:
    plain = {"type": "plain_text", "text": title}
    block = {"type": "input", "block_id": "b", "label": plain, "optional": True}
    text_input = {"type": "plain_text_input", "action_id": "t", "initial_value": "draft"}
    submit = {"type": "plain_text", "text": "Send"}
    return {"type": "modal", "title": plain, "submit": submit, "blocks": [block | {"element": text_input}], **more}


class Doing:
    """Something that a person does while the test answers as the app."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.result: Any = None
        self._thread = threading.Thread(target=self._run, args=(work,))
        self._thread.start()

    def _run(self, work: Callable[[], Any]) -> None:
        self.result = work()

    def wait(self) -> Any:
        self._thread.join(5)
        return self.result


@pytest.fixture
def socket(open_socket: Callable[[], BareSocket]) -> BareSocket:
    return open_socket()


@pytest.fixture
def sam(workspace: LocalWorkspace) -> Visitor:
    return workspace.visit("U0SAM")


def trigger(sam: Visitor, socket: BareSocket) -> str:
    doing = Doing(lambda: sam.command("C0STAFF", "/chip"))
    frame = socket.receive()
    socket.ack(frame)
    assert doing.wait() is True
    return str(frame["payload"]["trigger_id"])


def submit(sam: Visitor, socket: BareSocket, answer: dict[str, Any] | None, **values: Any) -> tuple[Any, Any]:
    """Submits the open modal, answers with `answer`; gives the person's errors and the app's payload."""
    doing = Doing(lambda: sam.submit_view(values))
    frame = socket.receive()
    socket.ack(frame, answer)
    return doing.wait(), frame["payload"]


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    return str(caught.value.response["error"])


def test_a_trigger_opens_one_view_within_three_seconds(
    client: WebClient, sam: Visitor, socket: BareSocket, clock: Clock
) -> None:
    first = trigger(sam, socket)
    client.views_open(trigger_id=first, view=modal())
    assert refusal(client.views_open, trigger_id=first, view=modal()) == "exchanged_trigger_id"
    late = trigger(sam, socket)
    clock.advance(3.1)
    assert refusal(client.views_open, trigger_id=late, view=modal()) == "expired_trigger_id"
    assert refusal(client.views_open, trigger_id="1.2.3", view=modal()) == "invalid_trigger_id"


def test_a_submission_can_err_update_push_and_clear(client: WebClient, sam: Visitor, socket: BareSocket) -> None:
    client.views_open(trigger_id=trigger(sam, socket), view=modal())
    first = sam.wait_for_view()
    errors, payload = submit(sam, socket, {"response_action": "errors", "errors": {"b": "no"}}, b="typed")
    assert errors == {"b": "no"}
    assert payload["view"]["state"]["values"] == {"b": {"t": {"type": "plain_text_input", "value": "typed"}}}

    assert submit(sam, socket, {"response_action": "update", "view": modal("Two")})[0] == {}
    updated = sam.wait_for_view()
    assert (updated["id"], updated["title"]["text"]) == (first["id"], "Two")
    assert updated["hash"] != first["hash"]

    submit(sam, socket, {"response_action": "push", "view": modal("Three")})
    pushed = sam.wait_for_view()
    assert (pushed["previous_view_id"], pushed["root_view_id"]) == (first["id"], first["id"])
    submit(sam, socket, None)
    assert sam.wait_for_view()["id"] == first["id"]
    submit(sam, socket, {"response_action": "clear"})
    assert sam.view() is None


def test_a_fourth_view_is_refused_and_an_old_hash_conflicts(
    client: WebClient, sam: Visitor, socket: BareSocket
) -> None:
    opened = client.views_open(trigger_id=trigger(sam, socket), view=modal(external_id="x"))["view"]
    assert refusal(client.views_push, trigger_id=trigger(sam, socket), view=modal(external_id="x")) == (
        "duplicate_external_id"
    )
    client.views_push(trigger_id=trigger(sam, socket), view=modal())
    client.views_push(trigger_id=trigger(sam, socket), view=modal())
    assert refusal(client.views_push, trigger_id=trigger(sam, socket), view=modal()) == "push_limit_reached"
    client.views_update(external_id="x", view=modal("New"), hash=opened["hash"])
    assert refusal(client.views_update, view_id=opened["id"], view=modal(), hash=opened["hash"]) == "hash_conflict"
    assert refusal(client.views_update, view_id="V0NONE", view=modal()) == "not_found"


def test_closing_tells_the_app_only_where_it_asked(client: WebClient, sam: Visitor, socket: BareSocket) -> None:
    client.views_open(trigger_id=trigger(sam, socket), view=modal())
    sam.close_view()
    client.views_open(trigger_id=trigger(sam, socket), view=modal(notify_on_close=True))
    closing = Doing(sam.close_view)
    frame = socket.receive()
    socket.ack(frame)
    closing.wait()
    assert frame["payload"]["type"] == "view_closed"
    assert sam.view() is None


@pytest.mark.parametrize("delivery", [HASTY])
def test_a_submission_without_an_ack_keeps_the_view(client: WebClient, sam: Visitor, socket: BareSocket) -> None:
    client.views_open(trigger_id=trigger(sam, socket), view=modal())
    with pytest.raises(Refusal, match="operation_timeout"):
        sam.submit_view({"b": "typed"})
    assert sam.view() is not None


def test_a_form_carries_the_files_that_were_chosen_for_it(client: WebClient, sam: Visitor, socket: BareSocket) -> None:
    view = modal()
    view["blocks"][0] |= {"element": {"type": "file_input", "action_id": "f", "filetypes": ["csv"], "max_files": 1}}
    client.views_open(trigger_id=trigger(sam, socket), view=view)
    first, second = sam.upload("Our chats (2).csv", b"a,b"), sam.upload("more.csv", b"c,d")
    assert sam.submit_view({"b": [first, second]}) == {"b": "Please choose at most 1 files."}
    assert sam.submit_view({"b": [sam.upload("cat.png", b"")]}) == {"b": "cat.png is not one of these types: csv."}
    with pytest.raises(Refusal, match="file_not_found"):
        sam.submit_view({"b": ["F0NONE"]})

    _, payload = submit(sam, socket, None, b=[first])

    state = payload["view"]["state"]["values"]["b"]["f"]
    (file,) = state["files"]
    assert (state["type"], file["name"], file["size"], file["user"]) == ("file_input", "Our chats (2).csv", 3, "U0SAM")
    with urllib.request.urlopen(file["url_private"]) as response:
        assert response.read() == b"a,b"


def test_a_choice_in_a_message_carries_its_option(
    workspace: LocalWorkspace, client: WebClient, sam: Visitor, socket: BareSocket
) -> None:
    client.chat_postMessage(channel="D0SAM", text="why?", blocks=[{"type": "actions", "elements": [SELECT]}])
    socket.ack(socket.receive())
    shown = sam.wait_for_message("D0SAM")
    with pytest.raises(Refusal, match="unknown_action"):
        sam.click(shown, "D0SAM", "why", selected="other")
    doing = Doing(lambda: sam.click(shown, "D0SAM", "why", selected="wrong"))
    frame = socket.receive()
    socket.ack(frame)
    assert doing.wait() is True
    assert frame["payload"]["actions"][0]["selected_option"]["value"] == "wrong"
    assert frame["payload"]["channel"] == {"id": "D0SAM", "name": "directmessage"}
    with pytest.raises(Refusal, match="not_visible"):
        workspace.visit("U0CLEO").click(shown, "D0SAM", "why", selected="wrong")


def test_a_message_shortcut_carries_the_message(sam: Visitor, socket: BareSocket) -> None:
    ts = sam.post("C0STAFF", "teach me")
    socket.ack(socket.receive())
    doing = Doing(lambda: sam.shortcut("C0STAFF", ts, "teach"))
    frame = socket.receive()
    socket.ack(frame)
    assert doing.wait() is True
    assert (frame["payload"]["type"], frame["payload"]["message"]["text"]) == ("message_action", "teach me")
    with pytest.raises(Refusal, match="unknown_shortcut"):
        sam.shortcut("C0STAFF", ts, "nothing")


def test_a_response_url_serves_five_times_within_half_an_hour(sam: Visitor, socket: BareSocket, clock: Clock) -> None:
    from slack_sdk.webhook import WebhookClient

    def respond_url() -> str:
        doing = Doing(lambda: sam.command("C0STAFF", "/chip"))
        frame = socket.receive()
        socket.ack(frame)
        doing.wait()
        return str(frame["payload"]["response_url"])

    url = respond_url()
    answers = [WebhookClient(url).send(text="x") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert "used_url" in answers[-1].body
    late = respond_url()
    clock.advance(1801)
    assert "expired_url" in WebhookClient(late).send(text="x").body
