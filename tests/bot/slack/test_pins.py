"""Pinned messages as Slack lists them, through the real client over HTTP."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.slack.pins import fetch_pins
from retrieval.sources.errors import SourceError

CHANNELS = {"ok": True, "channels": [{"id": "C0SALES", "name": "sales"}], "response_metadata": {"next_cursor": ""}}
PINNED = {
    "ok": True,
    "items": [
        {
            "type": "message",
            "created": 1772449200,
            "created_by": "U0SAM",
            "channel": "C0SALES",
            "message": {
                "type": "message",
                "user": "U0SAM",
                "text": "Prices &amp; terms: <https://acme.example/terms|our terms>. <!channel> reads.",
                "ts": "1772449200.000100",
                "permalink": "https://acme.slack.com/archives/C0SALES/p1772449200000100",
            },
        },
        {"type": "file", "created": 1772449200, "created_by": "U0SAM", "file": {"id": "F1"}},
    ],
}


@contextmanager
def slack(answers: dict[str, Any]) -> Iterator[WebClient]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(answers[self.path.partition("?")[0].strip("/")]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield WebClient(token="xoxb-x", base_url=f"http://127.0.0.1:{server.server_address[1]}/")
        finally:
            server.shutdown()
            thread.join()


def test_pinned_messages_come_as_plain_text_with_their_day_and_address() -> None:
    with slack({"conversations.list": CHANNELS, "pins.list": PINNED}) as client:
        (pin,) = fetch_pins(client, "#sales")
    assert pin.text == "Prices & terms: our terms. reads."
    assert (pin.id, pin.day) == ("1772449200.000100", date(2026, 3, 2))
    assert pin.url == "https://acme.slack.com/archives/C0SALES/p1772449200000100"


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"conversations.list": CHANNELS | {"channels": []}}, "sees no channel"),
        ({"conversations.list": CHANNELS, "pins.list": {"ok": False, "error": "missing_scope"}}, "pins:read"),
        ({"conversations.list": CHANNELS, "pins.list": {"ok": False, "error": "not_in_channel"}}, "not_in_channel"),
    ],
)
def test_a_channel_that_chip_may_not_see_is_one_sentence(answers: dict[str, Any], told: str) -> None:
    with slack(answers) as client, pytest.raises(SourceError, match=told):
        fetch_pins(client, "#sales")
