"""Owns the conversations.* and reactions.* methods.

Knows nothing of HTTP.
"""

from __future__ import annotations

import re

from bot.workspace.api_call import Answer, Call, Method, paginate
from bot.workspace.board import Message
from bot.workspace.errors import SlackError
from bot.workspace.forms import build_api_message
from bot.workspace.people import BOT_USER_ID, Channel, build_channel

_EMOJI = re.compile(r"^[a-z0-9_+'-]+(::skin-tone-[2-6])?$")
_TYPES = {"public_channel": "channel", "private_channel": "group", "im": "im"}
MAX_REACTIONS = 50


def info(call: Call) -> Answer:
    channel = call.channel()
    call.require_scope(f"{channel.scope_prefix}:read")
    shape = build_channel(channel)
    if call.flag("include_num_members"):
        shape["num_members"] = len(channel.members)
    return {"channel": shape}


def list_conversations(call: Call) -> Answer:
    kinds = [_TYPES[name] for name in call.names("types") or ["public_channel"] if name in _TYPES]
    for kind in kinds:
        call.require_scope({"channel": "channels:read", "group": "groups:read", "im": "im:read"}[kind])
    known = [c for c in call.workspace.directory.channels.values() if c.kind in kinds and _knows(c)]
    if call.flag("exclude_archived"):
        known = [channel for channel in known if not channel.is_archived]
    channels, cursor = paginate(known, call)
    return {"channels": [build_channel(c) for c in channels], "response_metadata": {"next_cursor": cursor}}


def list_members(call: Call) -> Answer:
    channel = call.channel()
    call.require_scope(f"{channel.scope_prefix}:read")
    members, cursor = paginate(sorted(channel.members), call)
    return {"members": members, "response_metadata": {"next_cursor": cursor}}


def open_conversation(call: Call) -> Answer:
    if call.find_text("channel"):
        return {"channel": {"id": call.channel().id}, "no_op": True, "already_open": True}
    users = call.names("users")
    if not users:
        raise SlackError("users_not_supplied")
    channel = call.workspace.directory.find_im(users[0]) if len(users) == 1 else None
    if channel is None or users[0] == BOT_USER_ID:
        raise SlackError("user_not_found")
    shape = build_channel(channel) if call.flag("return_im") else {"id": channel.id}
    return {"channel": shape, "no_op": True, "already_open": True}


def join(call: Call) -> Answer:
    channel = call.channel()
    if channel.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if BOT_USER_ID in channel.members:
        return {"channel": build_channel(channel), "warning": "already_in_channel"}
    call.workspace.invite(BOT_USER_ID, channel.id)
    return {"channel": build_channel(call.channel())}


def history(call: Call) -> Answer:
    channel = call.joined_channel()
    call.require_scope(f"{channel.scope_prefix}:history")
    messages = [m for m in call.workspace.board.top_level(channel.id) if m.ephemeral_to is None]
    return _build_page(call, list(reversed(_within(call, messages))))


def replies(call: Call) -> Answer:
    channel = call.joined_channel()
    call.require_scope(f"{channel.scope_prefix}:history")
    named = call.workspace.board.find(channel.id, call.text("ts"))
    if named is None:
        raise SlackError("thread_not_found")
    root = call.workspace.board.get(channel.id, named.root_ts)
    following = call.workspace.board.replies(channel.id, root.ts)
    return _build_page(call, [root, *_within(call, following)])


def add_reaction(call: Call) -> Answer:
    message, name = _reactable(call)
    if len(message.reactions) >= MAX_REACTIONS and name not in [reaction.name for reaction in message.reactions]:
        raise SlackError("too_many_reactions")
    if not call.workspace.board.react(message.channel, message.ts, BOT_USER_ID, name):
        raise SlackError("already_reacted")
    return {}


def remove_reaction(call: Call) -> Answer:
    message, name = _reactable(call)
    if not call.workspace.board.unreact(message.channel, message.ts, BOT_USER_ID, name):
        raise SlackError("no_reaction")
    return {}


def get_reactions(call: Call) -> Answer:
    channel = call.joined_channel()
    message = call.message(channel, "timestamp")
    shape = build_api_message(message, call.workspace.board)
    return {"type": "message", "channel": channel.id, "message": shape}


def _reactable(call: Call) -> tuple[Message, str]:
    if not call.find_text("timestamp"):
        raise SlackError("no_item_specified")
    channel = call.joined_channel()
    if channel.is_archived:
        raise SlackError("is_archived")
    name = call.text("name")
    if not _EMOJI.match(name):
        raise SlackError("invalid_name")
    return call.message(channel, "timestamp"), name


def _knows(channel: Channel) -> bool:
    return channel.kind == "channel" or BOT_USER_ID in channel.members


def _within(call: Call, messages: list[Message]) -> list[Message]:
    """Those between `oldest` and `latest`; the bounds themselves only with `inclusive`."""
    oldest, latest = _moment(call.find_text("oldest") or "0"), _moment(call.find_text("latest") or "9" * 12)
    edges = (oldest, latest) if call.flag("inclusive") else ()
    return [m for m in messages if oldest < _moment(m.ts) < latest or _moment(m.ts) in edges]


def _moment(ts: str) -> tuple[int, int]:
    """A ts as whole numbers, since a float cannot hold all its digits. Raises SlackError: invalid_ts_latest."""
    seconds, _, micros = ts.partition(".")
    if not seconds.isdigit() or (micros and not micros.isdigit()):
        raise SlackError("invalid_ts_latest")
    return int(seconds), int(micros.ljust(6, "0") or 0)


def _build_page(call: Call, messages: list[Message]) -> Answer:
    page, cursor = paginate(messages, call)
    shapes = [build_api_message(message, call.workspace.board) for message in page]
    if call.flag("include_all_metadata"):
        for shape, message in zip(shapes, page, strict=True):
            shape |= {"metadata": message.metadata} if message.metadata else {}
    return {"messages": shapes, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


CONVERSATION_METHODS = {
    "conversations.info": Method(info),
    "conversations.list": Method(list_conversations),
    "conversations.members": Method(list_members),
    "conversations.open": Method(open_conversation, "im:write"),
    "conversations.join": Method(join, "channels:join"),
    "conversations.history": Method(history),
    "conversations.replies": Method(replies),
    "reactions.add": Method(add_reaction, "reactions:write"),
    "reactions.remove": Method(remove_reaction, "reactions:write"),
    "reactions.get": Method(get_reactions, "reactions:read"),
}
