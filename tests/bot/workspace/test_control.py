"""The control door switches faults on from another process, and the faults strike."""

import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.workspace.server import LocalWorkspace
from tests.patience import PATIENCE_SECONDS

from .conftest import HASTY, BoltApp


def order(workspace: LocalWorkspace, **what: Any) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(f"{workspace.url}/control", json.dumps(what).encode())
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def build_client(workspace: LocalWorkspace) -> WebClient:
    return WebClient(token=workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])


def test_a_fault_is_switched_on_strikes_as_often_as_asked_and_is_over() -> None:
    with LocalWorkspace() as workspace:
        client = build_client(workspace)
        assert order(workspace, do="fail", method="auth.test", error="token_revoked") == (200, {"ok": True})
        with pytest.raises(SlackApiError, match="token_revoked"):
            client.auth_test()
        assert client.auth_test()["ok"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("done", [False, True])
def test_a_line_that_breaks_off_leaves_the_app_without_an_answer(done: bool) -> None:
    with LocalWorkspace() as workspace:
        client = build_client(workspace)
        order(workspace, do="break_off", method="chat.postMessage", done=done)
        with pytest.raises((HTTPException, OSError)):
            client.chat_postMessage(channel="C0HELP", text="Hello")
        assert [message.text for message in workspace.messages("C0HELP")] == (["Hello"] if done else [])


def test_an_ack_that_comes_too_late_does_not_keep_the_event_from_coming_again() -> None:
    with LocalWorkspace(delivery=HASTY) as workspace:
        app = BoltApp(workspace)
        app.app.event("message")(lambda: None)
        app.connect()
        try:
            order(workspace, do="delay_acks", seconds=2 * HASTY.ack_seconds)
            workspace.visit("U0CLEO").post("D0CLEO", "Hello")
            workspace.wait_for(lambda: app.heard)
            workspace.wait_for(workspace.is_idle)
            assert len(app.heard) >= 2
            assert len({body["event_id"] for body in app.heard}) == 1
        finally:
            app.close()


@pytest.mark.parametrize("what", [{}, {"do": "explode"}, {"do": "fail"}, {"do": "lose_acks", "often": 1}])
def test_an_order_that_nobody_knows_is_refused_with_those_that_are_known(what: dict[str, Any]) -> None:
    with LocalWorkspace() as workspace:
        status, answer = order(workspace, **what)
    assert status == 400
    assert "lose_acks" in answer["message"]


def test_what_the_app_sent_can_be_read() -> None:
    with LocalWorkspace() as workspace:
        build_client(workspace).chat_postMessage(channel="C0HELP", text="Hello")
        with urllib.request.urlopen(
            f"{workspace.url}/control/calls?method=chat.postMessage", timeout=PATIENCE_SECONDS
        ) as response:
            calls = json.loads(response.read())["calls"]
    assert [(call["arguments"]["text"], call["error"]) for call in calls] == [("Hello", "")]
