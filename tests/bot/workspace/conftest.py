"""A running local workspace; a real Bolt app, and a bare socket, that are connected to it over real Socket Mode."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from websockets.sync.client import ClientConnection, connect

from bot.workspace.manifest import AppManifest, Shortcut, SlashCommand
from bot.workspace.server import LocalWorkspace
from bot.workspace.socket_mode import Delivery
from tests.patience import PATIENCE_SECONDS

SCOPES = frozenset(
    [
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "commands",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "reactions:read",
        "reactions:write",
        "team:read",
        "usergroups:read",
        "users:read",
    ]
)
MANIFEST = AppManifest(
    slash_commands=(SlashCommand("/chip", "Steer Chip", "help", should_escape=True),),
    shortcuts=(Shortcut("teach", "Teach this"),),
    bot_scopes=SCOPES,
)
PATIENT = Delivery(ack_seconds=5.0, close_after_warning_seconds=0.1)
HASTY = Delivery(ack_seconds=0.2, redelivery_seconds=(0.0, 0.02, 0.05), close_after_warning_seconds=0.1)


class Clock:
    """A clock that a test can set forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


class BoltApp:
    """A real Bolt app; `heard` keeps every body that reached it, in order."""

    def __init__(self, workspace: LocalWorkspace) -> None:
        self.workspace = workspace
        self.heard: deque[dict[str, Any]] = deque()
        self.client = WebClient(token=workspace.bot_token, base_url=workspace.api_url)
        logger = logging.getLogger("test.bolt")
        logger.setLevel(logging.CRITICAL)
        self.app = App(client=self.client, logger=logger, token_verification_enabled=False)
        self.app.use(self._hear)
        self.handler = SocketModeHandler(self.app, workspace.app_token, logger=logger)

    def connect(self) -> None:
        self.handler.connect()
        self.workspace.wait_for(self.workspace.is_connected)

    def close(self) -> None:
        """Ends the server's side first: the client cannot close a socket that it is still reading."""
        self.handler.client.auto_reconnect_enabled = False
        self.handler.client.default_auto_reconnect_enabled = False
        self.workspace.stop()
        self.handler.client.closed = True
        self.handler.client.enqueue_message("")  # wakes the client's reader, which otherwise looks up once a second
        self.handler.close()

    def _hear(self, body: dict[str, Any], next: Callable[[], None]) -> None:
        self.heard.append(body)
        next()


class BareSocket:
    """An app of its own make on a raw WebSocket, which acknowledges only what a test tells it to."""

    def __init__(self, line: ClientConnection) -> None:
        self.line = line
        self.hello = self.receive()

    def receive(self, timeout: float = PATIENCE_SECONDS) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(self.line.recv(timeout=timeout))
        return frame

    def hears_nothing(self, seconds: float = 0.1) -> bool:
        try:
            self.receive(seconds)
        except TimeoutError:
            return True
        return False

    def ack(self, frame: dict[str, Any], payload: dict[str, Any] | None = None) -> None:
        answer = {"envelope_id": frame["envelope_id"]}
        self.line.send(json.dumps(answer | ({"payload": payload} if payload else {})))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def delivery() -> Delivery:
    """How long the workspace waits for acks; a test of missed ones asks for HASTY."""
    return PATIENT


@pytest.fixture
def workspace(clock: Clock, delivery: Delivery) -> Iterator[LocalWorkspace]:
    with LocalWorkspace(manifest=MANIFEST, delivery=delivery, clock=clock) as running:
        yield running


@pytest.fixture
def client(workspace: LocalWorkspace) -> WebClient:
    return WebClient(token=workspace.bot_token, base_url=workspace.api_url)


@pytest.fixture
def open_socket(workspace: LocalWorkspace) -> Iterator[Callable[[], BareSocket]]:
    with ExitStack() as open_lines:

        def open_one() -> BareSocket:
            answer = WebClient(base_url=workspace.api_url).apps_connections_open(app_token=workspace.app_token)
            return BareSocket(open_lines.enter_context(connect(answer["url"])))

        yield open_one


@pytest.fixture
def bolt(workspace: LocalWorkspace) -> Iterator[BoltApp]:
    app = BoltApp(workspace)
    yield app
    app.close()
