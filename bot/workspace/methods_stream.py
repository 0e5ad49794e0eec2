"""Owns the streaming methods (chat.startStream, appendStream, stopStream) and what shows an agent at work.

Knows nothing of HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.workspace.api_call import Answer, Call, Method
from bot.workspace.block_kit import prepare_blocks
from bot.workspace.board import Message
from bot.workspace.errors import SlackError
from bot.workspace.methods_chat import build_posted, find_thread, read_metadata, writable_channel
from bot.workspace.people import BOT_ID, BOT_USER_ID, Channel
from bot.workspace.streaming import Piece, parse_piece

_USER_ID = re.compile(r"^[UW][A-Z0-9]{2,}$")
_SESSION_STATES = ("active", "processing", "suspended", "closed")
MAX_LOADING_MESSAGES = 10
MAX_PROMPTS = 4


def start_stream(call: Call) -> Answer:
    channel = writable_channel(call)
    _check_recipient(call, channel)
    thread_ts, piece = find_thread(call, channel), _read_piece(call)
    message = Message(
        channel=channel.id,
        ts=call.workspace.timeline.next_ts(),
        user=BOT_USER_ID,
        bot_id=BOT_ID,
        text=piece.markdown,
        markdown=piece.markdown,
        thread_ts=thread_ts,
        blocks=piece.blocks,
        streaming=True,
    )
    call.workspace.streams.start(channel.id, message.ts)
    call.workspace.streams.grow(channel.id, message.ts, len(piece.markdown))
    call.workspace.board.post(message)
    return {"channel": channel.id, "ts": message.ts}


def append_stream(call: Call) -> Answer:
    message, piece = _streamed_message(call), _read_piece(call)
    if not piece.markdown and not piece.blocks and not call.find_json("chunks", list):
        raise SlackError("no_text")
    call.workspace.streams.grow(message.channel, message.ts, len(piece.markdown))
    call.workspace.board.change(_extend(message, piece), BOT_USER_ID, "streamed")
    return {"channel": message.channel, "ts": message.ts}


def stop_stream(call: Call) -> Answer:
    message, piece = _streamed_message(call), _read_piece(call)
    blocks = prepare_blocks(call.find_json("blocks", list) or [], "message", call.workspace.ids)
    metadata = read_metadata(call)
    call.workspace.streams.grow(message.channel, message.ts, len(piece.markdown))
    call.workspace.streams.end(message.channel, message.ts)
    ended = _extend(message, piece)
    ended = replace(ended, streaming=False, blocks=(*ended.blocks, *blocks), metadata=metadata or ended.metadata)
    return build_posted(call, call.workspace.board.change(ended, BOT_USER_ID))


def set_status(call: Call) -> Answer:
    channel = call.joined_channel("channel_id")
    named = call.workspace.board.find(channel.id, call.text("thread_ts"))
    if named is None:
        raise SlackError("invalid_thread_ts")
    if "status" not in call.arguments:
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: status [json-pointer:/status]"])
    if len(call.find_json("loading_messages", list) or []) > MAX_LOADING_MESSAGES:
        raise SlackError("invalid_arguments", ["[ERROR] at most 10 items [json-pointer:/loading_messages]"])
    call.workspace.set_status(channel.id, named.root_ts, call.find_text("status") or "")
    return {}


def set_suggested_prompts(call: Call) -> Answer:
    channel = call.joined_channel("channel_id")
    prompts: list[dict[str, str]] = call.find_json("prompts", list) or []
    if not 1 <= len(prompts) <= MAX_PROMPTS or not all({"title", "message"} <= prompt.keys() for prompt in prompts):
        raise SlackError("invalid_arguments", ["[ERROR] one to four prompts with title and message"])
    call.workspace.prompts[channel.id] = prompts
    call.workspace.feed.push_channel(channel.id, "prompts", prompts=prompts)
    return {}


def set_title(call: Call) -> Answer:
    channel = call.joined_channel("channel_id")
    call.workspace.titles[(channel.id, call.text("thread_ts"))] = call.text("title")
    return {}


def set_session_status(call: Call) -> Answer:
    call.joined_channel("channel_id")
    if call.text("status") not in _SESSION_STATES:
        raise SlackError("invalid_status")
    return {}


def _read_piece(call: Call) -> Piece:
    chunks: list[Mapping[str, Any]] | None = call.find_json("chunks", list)
    piece = parse_piece(call.find_text("markdown_text"), chunks, call.workspace.streams.limits)
    return replace(piece, blocks=prepare_blocks(list(piece.blocks), "message", call.workspace.ids))


def _streamed_message(call: Call) -> Message:
    channel = call.joined_channel()
    message = call.message(channel)
    if message.bot_id != BOT_ID:
        raise SlackError("message_not_owned_by_app")
    call.workspace.streams.get_open(channel.id, message.ts)
    return message


def _extend(message: Message, piece: Piece) -> Message:
    markdown = (message.markdown or "") + piece.markdown
    return replace(message, markdown=markdown, text=markdown, blocks=(*message.blocks, *piece.blocks))


def _check_recipient(call: Call, channel: Channel) -> None:
    """In a channel a stream has one addressee.

    An id that is not a person's (a bot's) is refused before anything else.
    """
    user_id, team_id = call.find_text("recipient_user_id"), call.find_text("recipient_team_id")
    if user_id is not None and not _USER_ID.match(user_id):
        pattern = "[ERROR] failed to match pattern: ^[UW][A-Z0-9]{2,}$ [json-pointer:/recipient_user_id]"
        raise SlackError("invalid_arguments", [pattern])
    if not channel.is_im and user_id is None:
        raise SlackError("missing_recipient_user_id")
    if not channel.is_im and team_id is None:
        raise SlackError("missing_recipient_team_id")
    person = call.workspace.directory.find_person(user_id) if user_id is not None else None
    if user_id is not None and person is None:
        raise SlackError("user_not_found")
    home = (person.team_id if person else "") or call.workspace.directory.team.id
    if team_id not in (None, home):
        raise SlackError("team_access_not_granted")


STREAM_METHODS = {
    "chat.startStream": Method(start_stream, "chat:write"),
    "chat.appendStream": Method(append_stream, "chat:write"),
    "chat.stopStream": Method(stop_stream, "chat:write"),
    "assistant.threads.setStatus": Method(set_status, "chat:write"),
    "assistant.threads.setSuggestedPrompts": Method(set_suggested_prompts, "assistant:write"),
    "assistant.threads.setTitle": Method(set_title, "assistant:write"),
    "agents.sessions.setStatus": Method(set_session_status, "chat:write"),
}
