"""Closing the Socket Mode connections in good order, whatever else is closing them at that moment."""

import socket
import time
from pathlib import Path
from typing import Any

from slack_sdk import WebClient

from bot.delivery import open_delivery
from bot.socket_mode import open_sockets
from bot.workspace.server import LocalWorkspace


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


def test_a_line_that_breaks_while_it_is_closed_does_no_harm(tmp_path: Path) -> None:
    """The reader finds the line broken and closes it; so does whoever ends the connection."""
    with LocalWorkspace() as workspace, open_delivery(lambda _: None, tmp_path, "secret") as delivery:
        client = WebClient(token=workspace.bot_token, base_url=workspace.api_url)
        with open_sockets(delivery, workspace.app_token, client, connections=2, silent_seconds=60.0) as lines:
            sessions = [line.client.current_session for line in lines._lines]
            for session in sessions:
                assert session is not None
                session.sock = SlowSocket(session.sock)  # type: ignore[assignment]
                session.sock.shutdown(socket.SHUT_RDWR)
            time.sleep(0.1)
        assert not any(session.is_active() for session in sessions if session is not None)
