"""Owns how a message looks from outside: to the app (Web API and events) and to the page.

Knows nothing of HTTP. Reads the board and changes nothing.
"""

from __future__ import annotations

from typing import Any

from bot.workspace.board import Board, Message
from bot.workspace.people import APP_ID, BOT_ID, TEAM_ID


def build_api_message(message: Message, board: Board) -> dict[str, Any]:
    """The message object of the Web API and of events, without its channel."""
    shape: dict[str, Any] = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts}
    shape["team"] = TEAM_ID
    if message.subtype:
        shape["subtype"] = message.subtype
    if message.client_msg_id:
        shape["client_msg_id"] = message.client_msg_id
    if message.bot_id:
        shape["bot_id"] = message.bot_id
        shape["app_id"] = APP_ID
        shape["bot_profile"] = {"id": BOT_ID, "app_id": APP_ID, "name": "Chip", "team_id": TEAM_ID, "deleted": False}
    if message.blocks:
        shape["blocks"] = [dict(block) for block in message.blocks]
    if message.edited_ts:
        shape["edited"] = {"user": message.edited_by, "ts": message.edited_ts}
    if message.files:
        shape["files"] = [_build_file(message, index) for index in range(len(message.files))]
    if message.reactions:
        shape["reactions"] = _build_reactions(message)
    return shape | _build_thread(message, board)


def build_page_message(message: Message, board: Board) -> dict[str, Any]:
    """The message object of the page's API (docs/WORKSPACE.md)."""
    shape = build_api_message(message, board)
    for key in ("type", "team", "app_id", "bot_profile", "reply_users", "reply_users_count", "client_msg_id"):
        shape.pop(key, None)
    shape["reactions"] = _build_reactions(message)
    shape["streaming"] = message.streaming
    shape["ephemeral"] = message.ephemeral_to is not None
    if message.markdown is not None:
        shape["markdown"] = message.markdown
    if message.files:
        shape["files"] = [{"id": f.id, "title": f.title, "url": f.url, "mimetype": f.mimetype} for f in message.files]
    return shape


def _build_reactions(message: Message) -> list[dict[str, Any]]:
    return [{"name": r.name, "users": list(r.users), "count": len(r.users)} for r in message.reactions]


def _build_thread(message: Message, board: Board) -> dict[str, Any]:
    if message.is_reply:
        root = board.find(message.channel, message.root_ts)
        return {"thread_ts": message.thread_ts, "parent_user_id": root.user if root else ""}
    replies = board.replies(message.channel, message.ts)
    if not replies:
        return {}
    writers = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users": writers,
        "reply_users_count": len(writers),
        "latest_reply": replies[-1].ts,
    }


def _build_file(message: Message, index: int) -> dict[str, Any]:
    file = message.files[index]
    return {
        "id": file.id,
        "title": file.title,
        "name": file.title,
        "mimetype": file.mimetype,
        "size": file.size,
        "user": message.user,
        "url_private": file.url,
    }
