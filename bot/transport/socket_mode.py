"""The Socket Mode connections: several at once, watched, and each closed while another one delivers.

Knows the inside of slack_sdk's client. Knows nothing of what the app does.
"""

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty
from typing import Any

from slack_bolt import BoltRequest, BoltResponse
from slack_bolt.adapter.socket_mode.internals import build_headers, send_response
from slack_sdk import WebClient
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import Connection as Session
from slack_sdk.socket_mode.builtin.connection import ConnectionState
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.slack.errors import SLACK_ERRORS, name_error
from bot.transport.delivery import Delivery

logger = logging.getLogger(__name__)

CONCURRENCY = 10
TOGETHER = 100  # events that are acknowledged together
PING_SECONDS = 10.0
# slack_sdk reads a frame by recursion, one level for each buffer. With its default of 1 KiB, a message of 40,000 emoji
# (480 kB as JSON, twice, because the blocks repeat it) would exceed Python's recursion limit.
RECEIVE_BYTES = 65_536
WATCH_SECONDS = 15.0


class SessionState(ConnectionState):
    """Tells the reader of a session to end: once it is told so, and once the session is closed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._is_told = False

    @property
    def terminated(self) -> bool:
        return self._is_told or not self._session.is_active()

    @terminated.setter
    def terminated(self, is_told: bool) -> None:
        self._is_told = is_told


class PromptClient(SocketModeClient):
    """slack_sdk's client that sends acknowledgements at once and takes events together that came together.

    By default the kernel holds back a small frame, up to 40 ms, until the frame before it was confirmed. And each of
    slack_sdk's threads takes one envelope, so that in a burst they wait for each other and for the disk. `take_events`
    is called with the events that have come; everything else goes the way that slack_sdk has for it.
    """

    def __init__(self, *arguments: Any, take_events: Callable[[Sequence[SocketModeRequest]], None], **more: Any):
        self._take_events = take_events  # set first: the threads that call it start in there
        super().__init__(*arguments, **more)

    def connect(self) -> None:
        super().connect()
        line = self.current_session.sock if self.current_session is not None else None
        if line is not None:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _run_current_session(self) -> None:
        """Read the current session until it is closed.

        slack_sdk's reader looks at its own flag alone. If a session is replaced at the moment when its reader begins,
        the flag is another session's: the reader stays with the closed session, and nothing reads any later one.
        """
        session = self.current_session
        if session is None or not session.is_active():
            return
        self.current_session_state = state = SessionState(session)
        session.run_until_completion(state)

    def process_message(self) -> None:
        """Take what has come, or wait a second for it."""
        try:
            came = [self.message_queue.get(timeout=1)]
        except Empty:
            return
        with suppress(Empty):
            while len(came) < TOGETHER:
                came.append(self.message_queue.get_nowait())
        events = []
        is_ending = False
        for text in came:
            message = _read_message(text)
            if (event := _read_event(message)) is not None:
                events.append(event)
            elif message.get("type") == "disconnect":
                is_ending = True
            else:
                self.message_workers.submit(self.run_message_listeners, message, text)
        try:
            if events:
                self._take_events(events)
        finally:
            if is_ending:
                self.connect_to_new_endpoint(force=True)


def _read_message(text: str) -> dict[str, Any]:
    """Return a message of Slack's; empty for one that is no JSON object, such as a pong."""
    try:
        message = json.loads(text)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _read_event(message: dict[str, Any]) -> SocketModeRequest | None:
    """Return a message as an envelope with an event; None for every other or malformed one."""
    if message.get("type") != "events_api" or not isinstance(message.get("payload"), dict):
        return None
    return SocketModeRequest.from_dict(message)


@dataclass(slots=True)
class Connection:
    """One connection. `heard` is when it was opened or last delivered an envelope, by `time.monotonic`."""

    number: int
    delivery: Delivery
    heard: float
    client: PromptClient = field(init=False)

    def receive(self, envelopes: Sequence[SocketModeRequest]) -> None:
        """Store the events of these envelopes together, and acknowledge each."""
        self.heard = time.monotonic()
        requests = [(envelope, self._read_envelope(envelope)) for envelope in envelopes]
        readable = [(envelope, request) for envelope, request in requests if request is not None]
        receipts = self.delivery.receive_all([request for _, request in readable])
        try:
            for (envelope, _), (response, _) in zip(readable, receipts, strict=True):
                if response is not None:
                    self._acknowledge(envelope, response)
        finally:
            for _, pending in receipts:
                self.delivery.hand_on_soon(pending)

    def _read_envelope(self, envelope: SocketModeRequest) -> BoltRequest | None:
        """Return an envelope as Bolt takes it; None for one that it cannot read, which is acknowledged."""
        try:
            return BoltRequest(mode="socket_mode", body=envelope.payload, headers=build_headers(envelope))
        except (AttributeError, KeyError, TypeError, ValueError):
            logger.warning("an envelope of connection %d cannot be read", self.number)
            self._acknowledge(envelope, BoltResponse(status=200))
            return None

    def _acknowledge(self, envelope: SocketModeRequest, response: BoltResponse) -> None:
        """Acknowledge. If the connection has just broken, Slack delivers the event again, and it is recognised."""
        try:
            send_response(self.client, envelope, response, time.time())
        except SLACK_ERRORS as error:
            logger.warning("an envelope of connection %d is not acknowledged: %s", self.number, name_error(error))

    def describe(self) -> Mapping[str, Any]:
        """Return the connection's state: seconds since its last delivery and since the last pong."""
        session = self.client.current_session
        pong = session.last_ping_pong_time if session is not None else None
        return {
            "number": self.number,
            "connected": self.client.is_connected(),
            "envelope_seconds": round(time.monotonic() - self.heard, 1),
            "pong_seconds": None if pong is None else round(time.time() - pong, 1),
        }


class Connections:
    """The open connections, and the watch over them.

    A connection may answer pings and deliver nothing. Nobody can tell it from a quiet one, and a new one costs a single
    call. So a connection that has been silent for long is replaced, one at a time.
    """

    def __init__(self, lines: list[Connection], silent_seconds: float) -> None:
        self._lines = lines
        self._silent_seconds = silent_seconds

    def is_connected(self) -> bool:
        """Whether Slack can deliver over at least one of them."""
        return any(line.client.is_connected() for line in self._lines)

    def describe(self) -> list[Mapping[str, Any]]:
        """Return the state of each connection."""
        return [line.describe() for line in self._lines]

    def reopen_silent(self) -> int | None:
        """Replace the connection that has been silent longest, if that is too long. Return its number."""
        line = min(self._lines, key=lambda line: line.heard)
        if time.monotonic() - line.heard < self._silent_seconds:
            return None
        line.heard = time.monotonic()
        try:
            line.client.connect_to_new_endpoint(force=True)
        except SLACK_ERRORS as error:
            logger.warning("connection %d was silent and cannot be replaced: %s", line.number, name_error(error))
            return None
        logger.info("connection %d was silent and is replaced", line.number)
        return line.number

    def watch(self, stop: threading.Event) -> None:
        """Watch the connections until told to stop."""
        while not stop.wait(min(WATCH_SECONDS, self._silent_seconds / 4)):
            self.reopen_silent()


@contextmanager
def open_sockets(
    delivery: Delivery, app_token: str, client: WebClient, *, connections: int, silent_seconds: float
) -> Iterator[Connections]:
    """Deliver what Slack sends until the block ends. Raises `SlackApiError` for a bad token."""
    with ExitStack() as stack:
        lines = []
        for number in range(1, connections + 1):
            line = _build_line(number, delivery, app_token, client)
            stack.callback(close_socket, line.client)
            line.client.connect()
            lines.append(line)
        opened = Connections(lines, silent_seconds)
        stop = threading.Event()
        watcher = threading.Thread(target=opened.watch, args=(stop,), name="chip-socket-watch")
        watcher.start()
        stack.callback(watcher.join)
        stack.callback(stop.set)
        yield opened


def _build_line(number: int, delivery: Delivery, app_token: str, client: WebClient) -> Connection:
    line = Connection(number, delivery, time.monotonic())
    line.client = PromptClient(
        app_token,
        logger=logging.getLogger(f"slack_sdk.socket_mode.{number}"),
        web_client=client,
        ping_interval=PING_SECONDS,
        receive_buffer_size=RECEIVE_BYTES,
        concurrency=CONCURRENCY,
        take_events=line.receive,
    )
    line.client.socket_mode_request_listeners.append(lambda _client, envelope: line.receive([envelope]))
    return line


def close_socket(client: SocketModeClient) -> None:
    """Take nothing new, let what was receipts be acknowledged, then close.

    The client's own `close` waits up to 3 s for a reader that listens on an open connection, and may start another
    reader. If the connection breaks at that moment, the reader and `close` both close it, and the second finds nothing
    to close. So this ends the client's threads first, one after the other.
    """
    client.auto_reconnect_enabled = client.default_auto_reconnect_enabled = False
    client.closed = True
    client.enqueue_message("")  # wakes the thread that hands messages on; otherwise it checks once a second
    client.message_processor.shutdown()  # type: ignore[no-untyped-call]  # slack_sdk's own
    client.message_workers.shutdown()
    if client.current_app_monitor.is_alive():
        client.current_app_monitor.shutdown()  # type: ignore[no-untyped-call]
    client.current_session_runner.event.set()
    client.current_session_state.terminated = True
    line = client.current_session.sock if client.current_session is not None else None
    if line is not None:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)  # wakes the reader, which holds the lock that closing needs
    client.current_session_runner.shutdown()  # type: ignore[no-untyped-call]
    client.close()
