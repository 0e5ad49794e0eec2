"""The Socket Mode connection: opened for an app, and closed at once and in good order.

Knows slack_sdk's client from the inside; knows nothing of what the app does.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode.builtin import SocketModeClient

CONCURRENCY = 10
# slack_sdk reads a frame by recursion, one level for each buffer: at its default of 1 KiB a message of 40,000 emoji
# (480 kB as JSON, and its blocks hold it again) would exceed Python's recursion limit.
RECEIVE_BYTES = 65_536


@contextmanager
def open_socket(app: App, app_token: str, client: WebClient) -> Iterator[SocketModeClient]:
    """Deliver to the app what Slack sends, until the end of the context. Raises `SlackApiError` for a bad token."""
    handler = SocketModeHandler(
        app, app_token, web_client=client, concurrency=CONCURRENCY, receive_buffer_size=RECEIVE_BYTES
    )
    try:
        handler.client.connect()
        yield handler.client
    finally:
        close_socket(handler.client)


def close_socket(client: SocketModeClient) -> None:
    """Take nothing new, let what was taken be acknowledged, then close.

    The client's own `close` waits up to 3 s for a reader that listens on an open line, and may begin to read anew.
    """
    client.auto_reconnect_enabled = client.default_auto_reconnect_enabled = False
    client.closed = True
    client.enqueue_message("")  # wakes the thread that hands messages on, which otherwise looks up once a second
    client.message_processor.shutdown()  # type: ignore[no-untyped-call]  # slack_sdk's own
    client.message_workers.shutdown()
    client.current_session_runner.event.set()
    client.current_session_state.terminated = True
    line = client.current_session.sock if client.current_session is not None else None
    if line is not None:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)  # wakes the reader, which holds the lock that closing needs
    client.close()
