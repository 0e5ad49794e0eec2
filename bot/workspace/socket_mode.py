"""Owns Socket Mode: tickets, sockets, envelopes, acks, redelivery and the disconnect frames.

Knows nothing of what an envelope says. Lives on the server's event loop; no other thread may call it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.workspace.errors import NotDelivered
from bot.workspace.faults import Faults
from bot.workspace.people import APP_ID

logger = logging.getLogger(__name__)

EnvelopeKind = Literal["events_api", "slash_commands", "interactive"]
Payload = dict[str, Any]
MAX_SOCKETS = 10


@dataclass(frozen=True, slots=True)
class Delivery:
    """When Slack gives up on an ack, and when it delivers an event again (seconds after each missed one)."""

    ack_seconds: float = 3.0
    redelivery_seconds: tuple[float, ...] = (0.0, 60.0, 300.0)
    close_after_warning_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is delivered to the app, until it is acknowledged or given up."""

    kind: EnvelopeKind
    payload: Payload
    accepts_response: bool = False
    attempt: int = 0

    def build_frame(self, envelope_id: str) -> Payload:
        frame: Payload = {"envelope_id": envelope_id, "type": self.kind, "payload": self.payload}
        frame["accepts_response_payload"] = self.accepts_response
        if self.kind == "events_api":
            frame |= {"retry_attempt": self.attempt, "retry_reason": "timeout" if self.attempt else ""}
        return frame


@dataclass(slots=True)
class _Socket:
    number: int
    websocket: WebSocket
    outbox: asyncio.Queue[Payload | None] = field(default_factory=asyncio.Queue)
    draining: bool = False
    mute: bool = False


@dataclass(slots=True)
class _Pending:
    envelope: Envelope
    socket: _Socket
    deadline: asyncio.TimerHandle
    answer: asyncio.Future[Payload] | None
    sent: float


class SocketMode:
    """Delivers each envelope to exactly one open socket, and again if no ack came."""

    def __init__(
        self,
        ids: Callable[[str], str],
        faults: Faults,
        delivery: Delivery,
        on_connection: Callable[[bool], None],
    ) -> None:
        self._ids = ids
        self._faults = faults
        self._delivery = delivery
        self._on_connection = on_connection
        self._tickets: set[str] = set()
        self._sockets: list[_Socket] = []
        self._opened = 0
        self._turn = 0
        self._waiting: deque[Envelope] = deque()
        self._pending: dict[str, _Pending] = {}
        self._redeliveries: set[asyncio.TimerHandle] = set()
        self._closings: set[asyncio.TimerHandle] = set()
        self._late_acks: set[asyncio.TimerHandle] = set()
        self.given_up: list[str] = []
        self.redelivered = 0
        self.ack_seconds: deque[float] = deque(maxlen=10_000)

    @property
    def connected(self) -> bool:
        return any(not socket.draining for socket in self._sockets)

    @property
    def idle(self) -> bool:
        """Whether every envelope was acknowledged and none waits."""
        return not self._waiting and not self._pending and not self._redeliveries

    def issue_ticket(self) -> str:
        ticket = self._ids("ticket-").lower()
        self._tickets.add(ticket)
        return ticket

    def push_event(self, payload: Payload) -> None:
        """Delivers an event_callback. It waits if no socket is open."""
        self._send(Envelope("events_api", payload))

    async def ask(self, kind: EnvelopeKind, payload: Payload, *, accepts_response: bool) -> Payload:
        """Delivers an interaction and returns the ack's payload ({} if it had none). Raises NotDelivered."""
        if not self.connected:
            raise NotDelivered("dispatch_failed")
        answer: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._send(Envelope(kind, payload, accepts_response), answer)
        response = await answer
        return response if accepts_response else {}

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Sends every socket a disconnect frame. The server closes the connection some seconds later."""
        for socket in self._sockets:
            self._retire(socket, reason)

    def drop(self) -> None:
        """Breaks every socket without notice."""
        for socket in self._sockets:
            socket.draining = True
            socket.outbox.put_nowait(None)

    @property
    def count(self) -> int:
        """How many sockets are open."""
        return len(self._sockets)

    def mute(self) -> None:
        """From now on the open sockets answer pings and deliver nothing, as Slack's sometimes do."""
        for socket in self._sockets:
            socket.mute = True

    def close(self) -> None:
        """Cancels every timer and tells waiting callers that nothing comes. For the end of the server."""
        deadlines = {pending.deadline for pending in self._pending.values()}
        for timer in self._redeliveries | self._closings | self._late_acks | deadlines:
            timer.cancel()
        for pending in self._pending.values():
            if pending.answer and not pending.answer.done():
                pending.answer.set_exception(NotDelivered("dispatch_failed"))
        self._pending.clear()
        self._redeliveries.clear()
        self._closings.clear()

    async def serve(self, websocket: WebSocket) -> None:
        """One connection, from its ticket to its end."""
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await websocket.close(4003)
            return
        self._tickets.discard(ticket)
        await websocket.accept()
        self._opened += 1
        socket = _Socket(self._opened, websocket)
        self._sockets.append(socket)
        socket.outbox.put_nowait(self._build_hello(len(self._sockets)))
        if len(self._sockets) > MAX_SOCKETS:
            self._retire(socket, "too_many_websockets")
        await self._exchange(socket)

    async def _exchange(self, socket: _Socket) -> None:
        writer = asyncio.create_task(self._write(socket))
        logger.info("socket %d open, %d in all", socket.number, len(self._sockets))
        self._on_connection(self.connected)
        self._flush()
        try:
            while True:
                self._hear(await socket.websocket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            logger.info("socket %d closed", socket.number)
        finally:
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
            self._forget(socket)

    async def _write(self, socket: _Socket) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while (frame := await socket.outbox.get()) is not None:
                if socket.mute:
                    continue
                await socket.websocket.send_text(json.dumps(frame))
            await socket.websocket.close()

    def _forget(self, socket: _Socket) -> None:
        self._sockets.remove(socket)
        for envelope_id in [key for key, pending in self._pending.items() if pending.socket is socket]:
            self._miss(envelope_id)
        self._on_connection(self.connected)

    def _retire(self, socket: _Socket, reason: str) -> None:
        socket.draining = True
        socket.outbox.put_nowait({"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}})
        _later(self._closings, self._delivery.close_after_warning_seconds, lambda: socket.outbox.put_nowait(None))

    def _send(self, envelope: Envelope, answer: asyncio.Future[Payload] | None = None) -> None:
        if not self.connected:
            self._waiting.append(envelope)
            return
        open_sockets = [socket for socket in self._sockets if not socket.draining]
        self._turn += 1
        socket = open_sockets[self._turn % len(open_sockets)]
        envelope_id = self._ids("env-").lower()
        loop = asyncio.get_running_loop()
        deadline = loop.call_later(self._delivery.ack_seconds, self._miss, envelope_id)
        self._pending[envelope_id] = _Pending(envelope, socket, deadline, answer, loop.time())
        socket.outbox.put_nowait(envelope.build_frame(envelope_id))

    def _flush(self) -> None:
        while self._waiting and self.connected:
            self._send(self._waiting.popleft())

    def _hear(self, text: str) -> None:
        """Handles an ack. It may come by another socket than its envelope; late ones change nothing."""
        try:
            frame = json.loads(text)
            envelope_id = frame["envelope_id"]
        except (ValueError, KeyError, TypeError):
            logger.warning("a frame of %d characters is no ack", len(text))
            return
        if envelope_id not in self._pending or self._faults.take_lost_ack():
            return
        delay = self._faults.take_ack_delay()
        if delay:
            _later(self._late_acks, delay, lambda: self._accept(envelope_id, frame))
        else:
            self._accept(envelope_id, frame)

    def _accept(self, envelope_id: str, frame: Payload) -> None:
        if envelope_id not in self._pending:
            return
        pending = self._pending.pop(envelope_id)
        self.ack_seconds.append(asyncio.get_running_loop().time() - pending.sent)
        pending.deadline.cancel()
        if pending.answer and not pending.answer.done():
            pending.answer.set_result(frame.get("payload") or {})

    def _miss(self, envelope_id: str) -> None:
        pending = self._pending.pop(envelope_id)
        pending.deadline.cancel()
        if pending.answer:
            if not pending.answer.done():
                pending.answer.set_exception(NotDelivered("operation_timeout"))
            return
        waits = self._delivery.redelivery_seconds
        if pending.envelope.attempt >= len(waits):
            self.given_up.append(str(pending.envelope.payload.get("event_id")))
            logger.warning("event given up after %d deliveries", pending.envelope.attempt + 1)
            return
        self.redelivered += 1
        again = replace(pending.envelope, attempt=pending.envelope.attempt + 1)
        _later(self._redeliveries, waits[pending.envelope.attempt], lambda: self._send(again))

    def _build_hello(self, connections: int) -> Payload:
        return {
            "type": "hello",
            "connection_info": {"app_id": APP_ID},
            "num_connections": connections,
            "debug_info": {"host": "local", "build_number": 1, "approximate_connection_time": 18060},
        }


def _later(timers: set[asyncio.TimerHandle], seconds: float, act: Callable[[], None]) -> None:
    """Calls `act` after some seconds and keeps the timer in `timers` until then."""

    def strike() -> None:
        timers.discard(timer)
        act()

    timer = asyncio.get_running_loop().call_later(seconds, strike)
    timers.add(timer)
