"""Owns what an app answers outside the Web API: through a response_url, or in the ack of a slash command.

Knows nothing of HTTP or sockets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.workspace.block_kit import prepare_blocks
from bot.workspace.board import Message
from bot.workspace.errors import SlackError
from bot.workspace.people import BOT_ID, BOT_USER_ID
from bot.workspace.response_urls import ResponseUrl
from bot.workspace.workspace import Workspace


def post_response(workspace: Workspace, url: ResponseUrl, body: Mapping[str, Any]) -> None:
    """Posts, replaces or deletes as the body says; ephemeral by default.

    Raises SlackError: no_text, message_not_found, invalid_blocks.
    """
    if body.get("delete_original"):
        original = _find_original(workspace, url)
        workspace.board.delete(original.channel, original.ts, BOT_USER_ID)
        return
    blocks = prepare_blocks(body.get("blocks") or [], "message", workspace.ids)
    text = str(body.get("text") or "")
    if not text and not blocks:
        raise SlackError("no_text")
    if body.get("replace_original"):
        replaced = replace(_find_original(workspace, url), text=text, blocks=blocks, markdown=None)
        workspace.board.change(replaced, BOT_USER_ID)
        return
    message = Message(
        channel=url.channel,
        ts=workspace.timeline.next_ts(),
        user=BOT_USER_ID,
        bot_id=BOT_ID,
        text=text,
        blocks=blocks,
        thread_ts=body.get("thread_ts") or url.thread_ts,
        ephemeral_to=None if body.get("response_type") == "in_channel" else url.user,
    )
    workspace.board.post(message)


def _find_original(workspace: Workspace, url: ResponseUrl) -> Message:
    original = workspace.board.find(url.channel, url.message_ts or "", ephemeral=True)
    if original is None or original.bot_id != BOT_ID:
        raise SlackError("message_not_found")
    return original
