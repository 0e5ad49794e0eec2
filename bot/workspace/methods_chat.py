"""Owns the chat.* methods for whole messages: post, update, delete, ephemerals, links.

Knows nothing of HTTP or of streams' limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.workspace.api_call import Answer, Call, Method, missing_argument
from bot.workspace.block_kit import prepare_blocks
from bot.workspace.board import Block, Message
from bot.workspace.errors import SlackError
from bot.workspace.forms import build_api_message
from bot.workspace.people import BOT_ID, BOT_USER_ID, Channel

MAX_TEXT = 40_000
MAX_UPDATED_TEXT = 4_000
MAX_MARKDOWN = 12_000


@dataclass(frozen=True, slots=True)
class Content:
    text: str
    blocks: tuple[Block, ...]
    markdown: str | None


def read_content(call: Call) -> Content:
    """Text, blocks or Markdown. Raises SlackError: no_text, markdown_text_conflict, msg_too_long, invalid_blocks."""
    text, markdown = call.find_text("text"), call.find_text("markdown_text")
    blocks = call.find_json("blocks", list)
    if markdown is not None and (text is not None or blocks):
        raise SlackError("markdown_text_conflict")
    if not text and not blocks and not markdown and not call.find_json("attachments", list):
        raise SlackError("no_text")
    if markdown is not None and len(markdown) > MAX_MARKDOWN:
        raise SlackError("msg_too_long")
    prepared = prepare_blocks(blocks or [], "message", call.workspace.ids)
    return Content(text or markdown or "", prepared, markdown)


def writable_channel(call: Call) -> Channel:
    """Raises SlackError: channel_not_found, not_in_channel, is_archived."""
    channel = call.channel()
    if channel.is_archived:
        raise SlackError("is_archived")
    if BOT_USER_ID not in channel.members and "chat:write.public" not in call.token.scopes:
        raise SlackError("not_in_channel")
    return channel


def find_thread(call: Call, channel: Channel) -> str | None:
    """The root of the thread to answer in, None for the channel itself. Raises SlackError: thread_not_found."""
    thread_ts = call.find_text("thread_ts")
    if thread_ts is None:
        return None
    root = call.workspace.board.find(channel.id, thread_ts)
    if root is None:
        raise SlackError("thread_not_found")
    return root.root_ts


def read_metadata(call: Call) -> Mapping[str, Any] | None:
    metadata: Mapping[str, Any] | None = call.find_json("metadata", dict)
    if metadata is not None and not {"event_type", "event_payload"} <= metadata.keys():
        raise SlackError("invalid_metadata_format")
    return metadata


def own_message(call: Call, channel: Channel, refusal: str) -> Message:
    message = call.message(channel)
    if message.bot_id != BOT_ID:
        raise SlackError(refusal)
    return message


def build_posted(call: Call, message: Message) -> Answer:
    shape = build_api_message(message, call.workspace.board)
    if message.metadata:
        shape["metadata"] = message.metadata
    return {"channel": message.channel, "ts": message.ts, "message": shape}


def post_message(call: Call) -> Answer:
    channel, content = writable_channel(call), read_content(call)
    thread_ts = find_thread(call, channel)
    message = Message(
        channel=channel.id,
        ts=call.workspace.timeline.next_ts(),
        user=BOT_USER_ID,
        bot_id=BOT_ID,
        text=content.text[:MAX_TEXT],
        thread_ts=thread_ts,
        blocks=content.blocks,
        markdown=content.markdown,
        metadata=read_metadata(call),
        subtype="thread_broadcast" if thread_ts and call.flag("reply_broadcast") else None,
    )
    answer = build_posted(call, call.workspace.board.post(message))
    if len(content.text) > MAX_TEXT:
        warning = "message_truncated"
        answer |= {"warning": warning, "response_metadata": {"warnings": [warning]}}
    return answer


def update_message(call: Call) -> Answer:
    channel = call.joined_channel()
    message = own_message(call, channel, "cant_update_message")
    if call.workspace.streams.is_streaming(channel.id, message.ts):
        raise SlackError("streaming_state_conflict")
    content = read_content(call)
    if call.find_text("text") and len(content.text) > MAX_UPDATED_TEXT:
        raise SlackError("msg_too_long")
    updated = replace(
        message,
        text=content.text,
        blocks=content.blocks,
        markdown=content.markdown,
        streaming=False,
        metadata=read_metadata(call) or message.metadata,
        edited_ts=message.edited_ts if content.blocks else call.workspace.timeline.next_ts(),
        edited_by=message.edited_by if content.blocks else BOT_USER_ID,
    )
    call.workspace.board.change(updated, BOT_USER_ID)
    return build_posted(call, updated) | {"text": updated.text}


def delete_message(call: Call) -> Answer:
    channel = call.joined_channel()
    message = own_message(call, channel, "cant_delete_message")
    call.workspace.board.delete(channel.id, message.ts, BOT_USER_ID)
    return {"channel": channel.id, "ts": message.ts}


def post_ephemeral(call: Call) -> Answer:
    channel, person = writable_channel(call), call.person()
    if person.id not in channel.members:
        raise SlackError("user_not_in_channel")
    content = read_content(call)
    message = Message(
        channel=channel.id,
        ts=call.workspace.timeline.next_ts(),
        user=BOT_USER_ID,
        bot_id=BOT_ID,
        text=content.text[:MAX_TEXT],
        thread_ts=find_thread(call, channel),
        blocks=content.blocks,
        markdown=content.markdown,
        ephemeral_to=person.id,
    )
    call.workspace.board.post(message)
    return {"message_ts": message.ts}


def get_permalink(call: Call) -> Answer:
    channel = call.channel()
    if call.find_text("message_ts") is None:
        raise missing_argument("message_ts")
    message = call.message(channel, "message_ts")
    link = f"{call.workspace.base_url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


CHAT_METHODS = {
    "chat.postMessage": Method(post_message, "chat:write"),
    "chat.update": Method(update_message, "chat:write"),
    "chat.delete": Method(delete_message, "chat:write"),
    "chat.postEphemeral": Method(post_ephemeral, "chat:write"),
    "chat.getPermalink": Method(get_permalink),
}
