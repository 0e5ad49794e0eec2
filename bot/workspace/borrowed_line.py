"""Owns the delivery over another workspace's sockets: an app has one set of them, for all workspaces that installed it.

Knows nothing of what is delivered. The two workspaces run on threads of their own.
"""

from __future__ import annotations

import asyncio
from collections import deque

from bot.workspace.socket_mode import EnvelopeKind, Payload, SocketMode


class BorrowedLine:
    """The sockets of the workspace whose event loop is `loop`."""

    def __init__(self, sockets: SocketMode, loop: asyncio.AbstractEventLoop) -> None:
        self._sockets = sockets
        self._loop = loop

    @property
    def connected(self) -> bool:
        return self._sockets.connected

    @property
    def idle(self) -> bool:
        """Whether, in either workspace, every envelope was acknowledged and none waits."""
        return self._sockets.idle

    @property
    def redelivered(self) -> int:
        return self._sockets.redelivered

    @property
    def ack_seconds(self) -> deque[float]:
        return self._sockets.ack_seconds

    def push_event(self, payload: Payload) -> None:
        self._loop.call_soon_threadsafe(self._sockets.push_event, payload)

    async def ask(self, kind: EnvelopeKind, payload: Payload, *, accepts_response: bool) -> Payload:
        """Delivers an interaction and returns the ack's payload. Raises NotDelivered."""
        asking = self._sockets.ask(kind, payload, accepts_response=accepts_response)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(asking, self._loop))
