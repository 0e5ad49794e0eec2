"""Owns one Web API call: its arguments, read leniently as Slack does, and the checks that many methods share.

Knows nothing of HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.workspace.board import Message
from bot.workspace.errors import SlackError
from bot.workspace.people import BOT_USER_ID, Channel, Person
from bot.workspace.workspace import Token, Workspace

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a method: who calls, with which arguments."""

    workspace: Workspace
    token: Token
    arguments: Mapping[str, Any]

    def find_text(self, name: str) -> str | None:
        value = self.arguments.get(name)
        if value is None or value == "":
            return None
        return value if isinstance(value, str) else str(value)

    def text(self, name: str) -> str:
        """Raises SlackError: invalid_arguments."""
        value = self.find_text(name)
        if value is None:
            raise missing_argument(name)
        return value

    def flag(self, name: str) -> bool:
        return str(self.arguments.get(name, "")).lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.arguments.get(name) or default)
        except (TypeError, ValueError):
            raise SlackError("invalid_arguments", [f"[ERROR] must be an integer [json-pointer:/{name}]"]) from None

    def names(self, name: str) -> list[str]:
        """A list given as JSON or separated by commas."""
        value = self.arguments.get(name) or ""
        return [str(v) for v in value] if isinstance(value, list) else [v for v in str(value).split(",") if v]

    def find_json(self, name: str, kind: type[list[Any]] | type[dict[str, Any]]) -> Any:
        """A list or object, given as JSON or as a string of it; None where it is absent."""
        value = self.arguments.get(name)
        if isinstance(value, str) and value:
            try:
                value = json.loads(value)
            except ValueError:
                raise self._malformed(name) from None
        if value is None or value == "":
            return None
        if not isinstance(value, kind):
            raise self._malformed(name)
        return value

    def require_scope(self, scope: str) -> None:
        if scope not in self.token.scopes:
            raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(self.token.scopes)))

    def channel(self, name: str = "channel") -> Channel:
        """The conversation, as far as the bot may know of it. A person's id stands for their direct conversation."""
        channel_id = self.text(name)
        directory = self.workspace.directory
        channel = directory.find_im(channel_id) if channel_id[0] in "UW" else directory.find_channel(channel_id)
        if channel is None or (BOT_USER_ID not in channel.members and channel.kind != "channel"):
            raise SlackError("channel_not_found")
        return channel

    def joined_channel(self, name: str = "channel") -> Channel:
        channel = self.channel(name)
        if BOT_USER_ID not in channel.members:
            raise SlackError("not_in_channel")
        return channel

    def person(self, name: str = "user") -> Person:
        person = self.workspace.directory.find_person(self.text(name))
        if person is None:
            raise SlackError("user_not_found")
        return person

    def message(self, channel: Channel, name: str = "ts") -> Message:
        message = self.workspace.board.find(channel.id, self.text(name))
        if message is None:
            raise SlackError("message_not_found")
        return message

    def _malformed(self, name: str) -> SlackError:
        code = {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}.get(name, "invalid_arguments")
        return SlackError(code, [f"[ERROR] malformed JSON [json-pointer:/{name}]"])


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the Web API: what answers it, the scope that it needs, the kind of token that may call it."""

    answer: Callable[[Call], Answer]
    scope: str = ""
    token_kind: str = "bot"


def missing_argument(name: str) -> SlackError:
    return SlackError("invalid_arguments", [f"[ERROR] missing required field: {name} [json-pointer:/{name}]"])


def paginate(items: list[Any], call: Call, default: int = 100) -> tuple[list[Any], str]:
    """The page that `cursor` and `limit` ask for, and the next cursor ("" at the end)."""
    limit = max(1, min(call.number("limit", default), 1000))
    cursor = call.find_text("cursor") or "0"
    if not cursor.isdigit():
        raise SlackError("invalid_cursor")
    start = int(cursor)
    following = str(start + limit) if start + limit < len(items) else ""
    return items[start : start + limit], following
