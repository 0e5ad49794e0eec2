"""What Socket Mode delivers is taken together, and its connections close in good order, whatever else closes them."""

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import App, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.socket_mode.builtin.connection import Connection as Session
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.transport.delivery import open_delivery
from bot.transport.socket_mode import Connection, PromptClient, close_socket, open_sockets
from bot.workspace.server import LocalWorkspace
from tests.patience import PATIENCE_SECONDS, wait_until


class SlowSocket:
    """A real socket whose peer ends it with a reset, and whose closing takes a while, as it does on a busy machine."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def recv(self, size: int) -> bytes:
        received: bytes = self._real.recv(size)
        if not received:
            raise ConnectionResetError(104, "Connection reset by peer")
        return received

    def close(self) -> None:
        time.sleep(0.5)
        self._real.close()


class Taker:
    """Takes events, of which the first have to wait until they may go on."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.has_begun = threading.Event()
        self.may_go_on = threading.Event()

    def receive(self, events: Sequence[SocketModeRequest]) -> None:
        self.batches.append([event.envelope_id for event in events])
        self.has_begun.set()
        assert self.may_go_on.wait(PATIENCE_SECONDS)


@pytest.fixture
def taker() -> Taker:
    return Taker()


@pytest.fixture
def client(taker: Taker) -> Iterator[PromptClient]:
    opened = PromptClient("xapp-1", take_events=taker.receive)
    yield opened
    taker.may_go_on.set()
    close_socket(opened)


def envelope(number: int, kind: str = "events_api", payload: object = None) -> str:
    return json.dumps({"type": kind, "envelope_id": f"e{number}", "payload": {} if payload is None else payload})


def test_events_that_come_while_others_are_taken_are_taken_together(client: PromptClient, taker: Taker) -> None:
    client.enqueue_message(envelope(0))
    assert taker.has_begun.wait(PATIENCE_SECONDS)
    for number in range(1, 6):
        client.enqueue_message(envelope(number))
    taker.may_go_on.set()
    wait_until(lambda: len(taker.batches) > 1)
    assert taker.batches == [["e0"], ["e1", "e2", "e3", "e4", "e5"]]


def test_what_is_no_event_goes_its_own_way_and_what_is_malformed_harms_no_other(
    client: PromptClient, taker: Taker
) -> None:
    pressed: list[str] = []
    client.socket_mode_request_listeners.append(lambda _client, request: pressed.append(request.envelope_id))
    client.enqueue_message(envelope(0))
    assert taker.has_begun.wait(PATIENCE_SECONDS)
    for text in (envelope(1), "[1]", "{", '"hello"', envelope(2, payload=[]), '{"type": "events_api"}'):
        client.enqueue_message(text)
    client.enqueue_message(envelope(3, "interactive"))
    client.enqueue_message(envelope(4))
    taker.may_go_on.set()
    wait_until(lambda: len(taker.batches) > 1 and bool(pressed))
    assert (taker.batches, pressed) == ([["e0"], ["e1", "e4"]], ["e3"])


class ReplacedSession(Session):
    """A session that another one replaces just when its reader begins: it was open, and is closed from then on."""

    def __init__(self) -> None:
        super().__init__("wss://localhost", logging.getLogger("replaced"))
        self._looks = 0

    def is_active(self) -> bool:
        self._looks += 1
        return self._looks == 1


def test_a_reader_that_begins_while_its_session_is_replaced_goes_on_to_the_next(client: PromptClient) -> None:
    sessions = [ReplacedSession(), ReplacedSession()]
    for session in sessions:
        client.current_session = session
        wait_until(lambda session=session: session._looks > 0 and client.current_session is session)  # type: ignore[misc]
    client.current_session = None


class Recorder:
    """Takes the place of a connection's client, and notes what is acknowledged."""

    logger = logging.getLogger("recorder")

    def __init__(self) -> None:
        self.acknowledged: list[str] = []

    def send_socket_mode_response(self, response: SocketModeResponse) -> None:
        if response.envelope_id == "broken":
            raise BrokenPipeError
        self.acknowledged.append(response.envelope_id)


def test_neither_what_cannot_be_read_nor_a_broken_line_harms_what_came_with_it(tmp_path: Path) -> None:
    heard: list[str] = []
    app = App(
        signing_secret="s",
        token_verification_enabled=False,
        authorize=lambda: AuthorizeResult(enterprise_id=None, team_id="T1"),
    )

    @app.middleware
    def hear(body: dict[str, Any]) -> BoltResponse:
        heard.append(body["event_id"])
        return BoltResponse(status=200)

    body = {"type": "event_callback", "team_id": "T1", "event": {"type": "message", "ts": "1.1"}}
    envelopes = [
        SocketModeRequest("events_api", "good", {**body, "event_id": "Ev1"}),
        SocketModeRequest("events_api", "bad", {**body, "event_id": "Ev2", "authorizations": [None]}),
        SocketModeRequest("events_api", "broken", {**body, "event_id": "Ev3"}),
        SocketModeRequest("events_api", "last", {**body, "event_id": "Ev4"}),
    ]
    with open_delivery(lambda _: app, tmp_path, "secret") as delivery:
        line = Connection(1, delivery, 0.0)
        line.client = recorder = Recorder()  # type: ignore[assignment]
        line.receive(envelopes)
        wait_until(lambda: len(heard) == 3)
    assert recorder.acknowledged == ["bad", "good", "last"]
    assert sorted(heard) == ["Ev1", "Ev3", "Ev4"]


def test_a_line_that_breaks_while_it_is_closed_does_no_harm(tmp_path: Path) -> None:
    """The reader finds the line broken and closes it; so does whoever ends the connection."""
    with LocalWorkspace() as workspace, open_delivery(lambda _: None, tmp_path, "secret") as delivery:
        client = WebClient(token=workspace.bot_token, base_url=workspace.api_url)
        with open_sockets(delivery, workspace.app_token, client, connections=2, silent_seconds=60.0) as lines:
            sessions = [line.client.current_session for line in lines._lines]
            for session in sessions:
                assert session is not None
                line = session.sock
                assert line is not None
                session.sock = SlowSocket(line)  # type: ignore[assignment]
                line.shutdown(socket.SHUT_RDWR)
            time.sleep(0.1)
        assert not any(session.is_active() for session in sessions if session is not None)
