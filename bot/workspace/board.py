"""Owns what was said in the local workspace: messages, threads, reactions, ephemerals, and who is told of changes.

Knows nothing of HTTP, of the app or of who may see what. Used from one thread only (the server's).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

Block = Mapping[str, Any]
ChangeKind = Literal["posted", "edited", "streamed", "noted", "deleted", "reacted", "unreacted"]


@dataclass(frozen=True, slots=True)
class Reaction:
    name: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SharedFile:
    id: str
    title: str
    url: str
    mimetype: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `text` is in Slack's form (escaped, mentions as `<@U…>`), `markdown` what was given as Markdown."""

    channel: str
    ts: str
    user: str
    text: str
    thread_ts: str | None = None
    blocks: tuple[Block, ...] = ()
    markdown: str | None = None
    bot_id: str | None = None
    subtype: str | None = None
    edited_ts: str | None = None
    edited_by: str | None = None
    reactions: tuple[Reaction, ...] = ()
    streaming: bool = False
    ephemeral_to: str | None = None
    files: tuple[SharedFile, ...] = ()
    metadata: Mapping[str, Any] | None = None
    client_msg_id: str | None = None

    @property
    def root_ts(self) -> str:
        return self.thread_ts or self.ts

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a message.

    `streamed` and `noted` (a reply counter moved) are shown on the page but are no events for the app;
    `detail` is the reaction's name.
    """

    kind: ChangeKind
    message: Message
    actor: str
    previous: Message | None = None
    detail: str = ""


class Timeline:
    """Slack timestamps (`seconds.microseconds`) from a clock: unique and rising, even when the clock stands still."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._last = 0

    def next_ts(self) -> str:
        self._last = max(int(self._clock().timestamp() * 1_000_000), self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"


class Board:
    """All messages, by channel and timestamp. `find_` may give None; `get` raises KeyError."""

    def __init__(self) -> None:
        self._messages: dict[str, dict[str, Message]] = {}
        self._replies: dict[tuple[str, str], list[str]] = {}
        self._watchers: list[Callable[[Change], None]] = []

    def watch(self, watcher: Callable[[Change], None]) -> None:
        self._watchers.append(watcher)

    def find(self, channel: str, ts: str, *, ephemeral: bool = False) -> Message | None:
        """A message. Ephemerals are found only if the caller asks for them."""
        message = self._messages.get(channel, {}).get(ts)
        if message is None or (message.ephemeral_to is not None and not ephemeral):
            return None
        return message

    def get(self, channel: str, ts: str) -> Message:
        return self._messages[channel][ts]

    def top_level(self, channel: str) -> list[Message]:
        """Messages outside threads, roots of threads and broadcast replies, oldest first, ephemerals included."""
        everything = self._messages.get(channel, {}).values()
        found = [m for m in everything if not m.is_reply or m.subtype == "thread_broadcast"]
        return sorted(found, key=_by_time)

    def everything(self, channel: str) -> list[Message]:
        """All messages of a channel, threads and ephemerals included, oldest first."""
        return sorted(self._messages.get(channel, {}).values(), key=_by_time)

    def thread(self, channel: str, root_ts: str) -> list[Message]:
        """The root and its replies, oldest first, ephemerals included; empty if there is no such root."""
        root = self._messages.get(channel, {}).get(root_ts)
        if root is None:
            return []
        return [root, *(self._messages[channel][ts] for ts in self._replies.get((channel, root_ts), []))]

    def replies(self, channel: str, root_ts: str) -> list[Message]:
        """The stored (not ephemeral) replies of a thread."""
        return [message for message in self.thread(channel, root_ts)[1:] if message.ephemeral_to is None]

    def post(self, message: Message) -> Message:
        self._messages.setdefault(message.channel, {})[message.ts] = message
        if message.is_reply:
            self._replies.setdefault((message.channel, message.root_ts), []).append(message.ts)
        self._tell_visitors(Change("posted", message, message.user))
        self._note_root(message)
        return message

    def change(self, message: Message, actor: str, kind: ChangeKind = "edited") -> Message:
        """Replaces the message with the same channel and timestamp by `message`."""
        previous = self.get(message.channel, message.ts)
        self._messages[message.channel][message.ts] = message
        self._tell_visitors(Change(kind, message, actor, previous))
        return message

    def delete(self, channel: str, ts: str, actor: str) -> None:
        message = self._messages[channel].pop(ts)
        if message.is_reply:
            self._replies[(channel, message.root_ts)].remove(ts)
        self._tell_visitors(Change("deleted", message, actor, message))
        self._note_root(message)

    def react(self, channel: str, ts: str, user: str, name: str) -> bool:
        """Adds a reaction; False if this person has given it already."""
        message = self.get(channel, ts)
        users = next((reaction.users for reaction in message.reactions if reaction.name == name), ())
        if user in users:
            return False
        self._set_reaction(message, name, (*users, user), Change("reacted", message, user, message, name))
        return True

    def unreact(self, channel: str, ts: str, user: str, name: str) -> bool:
        """Takes a reaction back; False if this person has not given it."""
        message = self.get(channel, ts)
        users = next((reaction.users for reaction in message.reactions if reaction.name == name), ())
        if user not in users:
            return False
        left = tuple(other for other in users if other != user)
        self._set_reaction(message, name, left, Change("unreacted", message, user, message, name))
        return True

    def _set_reaction(self, message: Message, name: str, users: tuple[str, ...], change: Change) -> None:
        names = [reaction.name for reaction in message.reactions]
        if name in names:
            kept = [replace(r, users=users) if r.name == name else r for r in message.reactions]
        else:
            kept = [*message.reactions, Reaction(name, users)]
        updated = replace(message, reactions=tuple(reaction for reaction in kept if reaction.users))
        self._messages[message.channel][message.ts] = updated
        self._tell_visitors(replace(change, message=updated))

    def _note_root(self, message: Message) -> None:
        root = self.find(message.channel, message.root_ts) if message.is_reply and not message.ephemeral_to else None
        if root is not None:
            self._tell_visitors(Change("noted", root, message.user, root))

    def _tell_visitors(self, change: Change) -> None:
        for watcher in self._watchers:
            watcher(change)


def _by_time(message: Message) -> tuple[int, str]:
    return len(message.ts), message.ts
