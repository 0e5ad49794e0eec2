"""A running local workspace and a real Bolt app that is connected to it over real Socket Mode."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.workspace.manifest import AppManifest, Shortcut, SlashCommand
from bot.workspace.server import LocalWorkspace
from bot.workspace.socket_mode import Delivery
from bot.workspace.streaming import StreamLimits

SCOPES = frozenset(
    """app_mentions:read assistant:write channels:history channels:join channels:read chat:write commands files:write
    groups:history groups:read im:history im:read im:write reactions:read reactions:write team:read usergroups:read
    users:read users:read.email""".split()
)
MANIFEST = AppManifest(
    slash_commands=(SlashCommand("/chip", "Steer Chip", "help", should_escape=True),),
    shortcuts=(Shortcut("teach", "Teach this"),),
    bot_scopes=SCOPES,
)
QUICK = Delivery(ack_seconds=0.5, redelivery_seconds=(0.0, 0.05, 0.1), close_after_warning_seconds=0.3)


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
        """To be called after the workspace stopped: the client's lock is free once its socket is closed."""
        self.handler.client.auto_reconnect_enabled = False
        self.handler.close()

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [body["event"] for body in list(self.heard) if body.get("event", {}).get("type") == kind]

    def wait_for_event(self, kind: str, fits: Callable[[dict[str, Any]], bool] = lambda _event: True) -> dict[str, Any]:
        return self.workspace.wait_for(lambda: next((event for event in self.events(kind) if fits(event)), None))

    def _hear(self, body: dict[str, Any], next: Callable[[], None]) -> None:  # noqa: A002 - Bolt injects by name
        self.heard.append(body)
        next()


@pytest.fixture
def workspace() -> Iterator[LocalWorkspace]:
    with LocalWorkspace(manifest=MANIFEST, delivery=QUICK, stream_limits=StreamLimits()) as running:
        yield running


@pytest.fixture
def client(workspace: LocalWorkspace) -> WebClient:
    return WebClient(token=workspace.bot_token, base_url=workspace.api_url)


@pytest.fixture
def bolt(workspace: LocalWorkspace) -> Iterator[BoltApp]:
    app = BoltApp(workspace)
    yield app
    app.handler.client.auto_reconnect_enabled = False
    app.handler.client.default_auto_reconnect_enabled = False
    workspace.stop()
    app.close()
