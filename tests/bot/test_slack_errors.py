"""Whatever a call to Slack ends in has a short name for the log."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from slack_sdk import WebClient

from bot.slack_errors import SLACK_ERRORS, is_passing, name_error
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
