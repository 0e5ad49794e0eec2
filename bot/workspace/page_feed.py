"""Owns what is pushed to the page: one queue per open page, filled with what its person may see.

Knows nothing of WebSockets. The door takes from the queues.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from typing import Any

from bot.workspace.board import Board, Change
from bot.workspace.forms import build_page_message
from bot.workspace.people import Directory

Push = dict[str, Any]


class PageFeed:
    """Fans changes out to the pages, and keeps each person's last notices for a later call."""

    def __init__(self, directory: Directory, board: Board) -> None:
        self._directory = directory
        self._board = board
        self._queues: dict[str, set[asyncio.Queue[Push]]] = defaultdict(set)
        self.notices: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=100))
        board.watch(self._show_change)

    def open(self, user: str) -> asyncio.Queue[Push]:
        queue: asyncio.Queue[Push] = asyncio.Queue()
        self._queues[user].add(queue)
        return queue

    def close(self, user: str, queue: asyncio.Queue[Push]) -> None:
        self._queues[user].discard(queue)

    def push(self, user: str, kind: str, **fields: Any) -> None:
        """To every page of one person."""
        for queue in self._queues[user]:
            queue.put_nowait({"type": kind, **fields})

    def push_channel(self, channel: str, kind: str, **fields: Any) -> None:
        """To everybody who may see the channel."""
        for user in list(self._queues):
            if self._directory.may_see(user, channel):
                self.push(user, kind, channel=channel, **fields)

    def push_everybody(self, kind: str, **fields: Any) -> None:
        for user in list(self._queues):
            self.push(user, kind, **fields)

    def notify(self, user: str, text: str) -> None:
        """What Slack would show over the page for some seconds."""
        self.notices[user].append(text)
        self.push(user, "notice", text=text)

    def _show_change(self, change: Change) -> None:
        message = change.message
        if change.kind == "deleted":
            fields: Push = {"kind": "message_deleted", "ts": message.ts}
        else:
            kind = "message" if change.kind == "posted" else "message_changed"
            fields = {"kind": kind, "message": build_page_message(message, self._board)}
        if message.ephemeral_to is None:
            self.push_channel(message.channel, **fields)
        elif self._directory.may_see(message.ephemeral_to, message.channel):
            self.push(message.ephemeral_to, channel=message.channel, **fields)
