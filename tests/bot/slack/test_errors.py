"""Whatever a call to Slack ends in has a short name for the log."""

import threading
from collections import Counter
from http.client import RemoteDisconnected
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest
from slack_sdk import WebClient

from bot.slack.client import build_client
from bot.slack.errors import SLACK_ERRORS, Unsettled, is_passing, is_unsure, name_error
from bot.workspace.server import LocalWorkspace


class NoSlack(BaseHTTPRequestHandler):
    """A proxy in a bad mood."""

    def do_POST(self) -> None:
        self.send_response(502)
        self.end_headers()
        self.wfile.write(b"<html>Bad Gateway</html>")

    def log_message(self, *_: object) -> None:
        pass


def test_a_page_in_place_of_an_answer_is_named_by_its_status() -> None:
    server = HTTPServer(("127.0.0.1", 0), NoSlack)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(SLACK_ERRORS) as caught:
            WebClient(token="xoxb-1", base_url=f"http://127.0.0.1:{server.server_port}/api/").auth_test()
    finally:
        server.shutdown()
        server.server_close()
    assert name_error(caught.value) == "HTTP 502"
    assert is_passing(caught.value)


def test_a_refusal_is_named_by_slacks_code_and_a_dead_line_by_its_error() -> None:
    with LocalWorkspace() as workspace:
        client = WebClient(token="xoxb-wrong", base_url=workspace.api_url)
        with pytest.raises(SLACK_ERRORS) as refused:
            client.auth_test()
    with pytest.raises(SLACK_ERRORS) as unreachable:
        client.auth_test()

    assert name_error(refused.value) == "invalid_auth"
    assert name_error(unreachable.value) == "URLError"


class Counting(BaseHTTPRequestHandler):
    """Hears each call whole, and hangs up."""

    heard: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.heard.append(self.path.rpartition("/")[2])

    def log_message(self, *_: object) -> None:
        pass


def test_what_would_be_done_twice_is_not_called_again_when_the_line_breaks_but_other_calls_are() -> None:
    server = HTTPServer(("127.0.0.1", 0), Counting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = build_client("xoxb-1", f"http://127.0.0.1:{server.server_port}/api/")
    try:
        with pytest.raises(RemoteDisconnected):
            client.chat_appendStream(channel="C1", ts="1.0", markdown_text="more")
        with pytest.raises(RemoteDisconnected):
            client.auth_test()
        with pytest.raises(Unsettled):
            client.chat_postMessage(channel="C1", thread_ts="1.0", text="Hello")
        with pytest.raises(Unsettled):
            client.files_completeUploadExternal(files=[{"id": "F1", "title": "photo"}], channel_id="C1")
    finally:
        server.shutdown()
        server.server_close()
    assert Counter(Counting.heard) == {
        "chat.appendStream": 1,
        "auth.test": 2,
        "chat.postMessage": 1,
        "conversations.replies": 2,
        "files.completeUploadExternal": 1,
    }


@pytest.mark.parametrize(
    ("status", "error", "is_open"),
    [
        (503, "service_unavailable", True),
        (200, "internal_error", True),
        (200, "channel_not_found", False),
        (200, "ratelimited", False),
    ],
)
def test_what_slack_may_have_done_all_the_same_is_told_from_what_it_refused(
    status: int, error: str, is_open: bool
) -> None:
    with LocalWorkspace() as workspace:
        workspace.faults.fail("auth.test", error, status)
        with pytest.raises(SLACK_ERRORS) as caught:
            WebClient(token=workspace.bot_token, base_url=workspace.api_url).auth_test()
    assert is_unsure(caught.value) == is_open


def test_what_was_never_sent_leaves_nothing_open() -> None:
    with pytest.raises(SLACK_ERRORS) as caught:
        WebClient(token="xoxb-1", base_url="http://127.0.0.1:1/api/").auth_test()
    assert not is_unsure(caught.value)
