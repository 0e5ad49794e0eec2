"""Owns which events the app is sent: from a change on the board to the event_callback bodies that Slack would deliver.

Knows nothing of sockets. The app's subscriptions and memberships decide what it is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from bot.workspace.board import Board, Change, Message
from bot.workspace.forms import build_api_message
from bot.workspace.people import APP_ID, BOT_USER_ID, Channel, Directory

_MENTION = f"<@{BOT_USER_ID}>"
_PIECE = re.compile(r"<@(?P<user>[UW][A-Z0-9]+)>|<(?P<link>https?://[^>|]+)>")

Event = dict[str, Any]


def build_events(change: Change, directory: Directory, board: Board, next_ts: Callable[[], str]) -> list[Event]:
    """The events of one change, in the order in which Slack sends them; none if the bot is no member."""
    message = change.message
    channel = directory.find_channel(message.channel)
    if channel is None or message.ephemeral_to is not None or BOT_USER_ID not in channel.members:
        return []
    if change.kind == "posted":
        return _posted(message, channel, board, directory)
    if change.kind == "edited":
        return _edited(change, channel, board, directory, next_ts)
    if change.kind == "deleted":
        return [_deleted(message, channel, board, next_ts())]
    if change.kind in ("reacted", "unreacted"):
        return [_reaction(change, next_ts())]
    return []


def subscription_of(event: Event) -> str:
    """The name in the manifest's bot_events that asks for this event: `message.channels`, `app_mention`, …"""
    if event["type"] != "message":
        return str(event["type"])
    kinds = {"im": "im", "mpim": "mpim", "group": "groups", "channel": "channels"}
    return f"message.{kinds[event['channel_type']]}"


def is_subscribed(event: Event, subscriptions: Collection[str] | None) -> bool:
    return subscriptions is None or subscription_of(event) in subscriptions


def build_callback(
    event: Event, event_id: str, team_id: str, now: datetime, *, is_ext_shared: bool = False
) -> dict[str, Any]:
    """The outer wrapper, the same in both transports.

    In a shared channel `team_id` names the writer's team; the app finds its own in `authorizations`.
    """
    authorization = {"enterprise_id": None, "team_id": team_id, "user_id": BOT_USER_ID, "is_bot": True}
    return {
        "token": "local-verification-token",
        "team_id": event.get("user_team") or team_id,
        "api_app_id": APP_ID,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(now.timestamp()),
        "event": event,
        "event_context": f"4-{event_id}",
        "is_ext_shared_channel": is_ext_shared,
        "context_team_id": team_id,
        "context_enterprise_id": None,
        "authorizations": [authorization | {"is_enterprise_install": False}],
    }


def build_app_home_opened(user: str, channel: str, tab: str, view: dict[str, Any] | None, event_ts: str) -> Event:
    event: Event = {"type": "app_home_opened", "user": user, "channel": channel, "tab": tab, "event_ts": event_ts}
    return event | ({"view": view} if view else {})


def build_membership(user: str, channel: Channel, team_id: str, event_ts: str, *, joined: bool) -> Event:
    """member_joined_channel or member_left_channel."""
    return {
        "type": "member_joined_channel" if joined else "member_left_channel",
        "user": user,
        "channel": channel.id,
        "channel_type": "G" if channel.is_private else "C",
        "team": team_id,
        "event_ts": event_ts,
    }


def build_session_stopped(message: Message, user: str, event_ts: str) -> Event:
    """The event of a press of Stop."""
    return {
        "type": "agent_session_stopped",
        "channel": message.channel,
        "thread_ts": message.root_ts,
        "streaming_message_ts": [message.ts],
        "user": user,
        "event_ts": event_ts,
    }


def _posted(message: Message, channel: Channel, board: Board, directory: Directory) -> list[Event]:
    shape = _in_channel(message, channel, board, directory) | {"event_ts": message.ts}
    for counter in ("reply_count", "reply_users", "reply_users_count", "latest_reply"):
        shape.pop(counter, None)
    return [shape, *_mention(shape, channel)]


def _edited(
    change: Change, channel: Channel, board: Board, directory: Directory, next_ts: Callable[[], str]
) -> list[Event]:
    now_ts = next_ts()
    event: Event = {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": channel.id,
        "channel_type": channel.kind,
        "ts": now_ts,
        "event_ts": now_ts,
        "message": build_api_message(change.message, board) | _home(change.message, directory),
        "previous_message": build_api_message(change.previous, board) if change.previous else {},
    }
    return [event, *_mention(_in_channel(change.message, channel, board, directory) | {"event_ts": now_ts}, channel)]


def _deleted(message: Message, channel: Channel, board: Board, now_ts: str) -> Event:
    return {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "channel": channel.id,
        "channel_type": channel.kind,
        "ts": now_ts,
        "event_ts": now_ts,
        "deleted_ts": message.ts,
        "previous_message": build_api_message(message, board),
    }


def _reaction(change: Change, now_ts: str) -> Event:
    return {
        "type": "reaction_added" if change.kind == "reacted" else "reaction_removed",
        "user": change.actor,
        "reaction": change.detail,
        "item_user": change.message.user,
        "item": {"type": "message", "channel": change.message.channel, "ts": change.message.ts},
        "event_ts": now_ts,
    }


def _in_channel(message: Message, channel: Channel, board: Board, directory: Directory) -> Event:
    shape = build_api_message(message, board) | {"channel": channel.id, "channel_type": channel.kind}
    shape |= _home(message, directory)
    if not message.bot_id and not message.blocks:
        shape["blocks"] = [_rich_text(message)]
    return shape


def _home(message: Message, directory: Directory) -> Event:
    """What a message says about its author's team; an author from another organisation names theirs."""
    writer = directory.find_person(message.user)
    if writer is None or not writer.team_id:
        return {"team": directory.team.id}
    return {"team": writer.team_id, "user_team": writer.team_id, "source_team": writer.team_id}


def _mention(shape: Event, channel: Channel) -> list[Event]:
    """The app_mention beside a message that names the bot; none in direct messages, and the bot cannot call itself."""
    if channel.is_im or shape["user"] == BOT_USER_ID or _MENTION not in shape["text"]:
        return []
    kept = {key: value for key, value in shape.items() if key not in ("channel_type", "subtype", "parent_user_id")}
    return [kept | {"type": "app_mention"}]


def _rich_text(message: Message) -> dict[str, Any]:
    elements: list[dict[str, Any]] = []
    position = 0
    for match in _PIECE.finditer(message.text):
        elements += _plain(message.text[position : match.start()])
        if match["user"]:
            elements.append({"type": "user", "user_id": match["user"]})
        else:
            elements.append({"type": "link", "url": match["link"]})
        position = match.end()
    elements += _plain(message.text[position:])
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": f"r{message.ts[-5:]}", "elements": [section]}


def _plain(text: str) -> list[dict[str, Any]]:
    raw = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return [{"type": "text", "text": raw}] if raw else []
