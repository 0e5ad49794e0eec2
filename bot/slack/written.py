"""Extracts what a message says: its text, words that stand only in its blocks, and messages forwarded with it.

Knows Slack's message objects. Leaves Slack's markup to `bot.slack.text`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from itertools import chain
from typing import Any

from bot.slack.text import escape_mrkdwn, has_words

Message = Mapping[str, Any]
Piece = Mapping[str, Any]

_MENTION = re.compile(r"<@[^>]+>")
_SHARED = ("is_share", "is_msg_unfurl", "message_blocks")


class Unread(StrEnum):
    """What came with a message but cannot be read."""

    NOTHING = ""
    PICTURE = "picture"
    FILE = "file"


def read_text(message: Message) -> str:
    """Return a message's words, followed by those of forwarded messages, in Slack's markup."""
    own = read_own_text(message)
    return "\n".join(filter(None, [own, *(_read_attachment(shared) for shared in _list_shared(message, own))]))


def read_own_text(message: Message) -> str:
    """Return what the author wrote. The blocks are read if the text holds only mentions."""
    text = str(message.get("text") or "")
    if has_words(_MENTION.sub(" ", text)):
        return text
    return _read_blocks(message.get("blocks")) or text


def find_unread(message: Message) -> Unread:
    """Return what a message holds besides words: a picture, another file, or nothing."""
    holders = [message, *_list_pieces(message.get("attachments"))]
    files = [file for holder in holders for file in _list_pieces(holder.get("files"))]
    if any(str(file.get("mimetype", "")).startswith("image/") for file in files):
        return Unread.PICTURE
    return Unread.FILE if files else Unread.NOTHING


def _list_shared(message: Message, own: str) -> list[Piece]:
    """Return the forwarded messages. A message without words, such as an alert, counts any attachment."""
    attachments = _list_pieces(message.get("attachments"))
    if not has_words(_MENTION.sub(" ", own)):
        return attachments
    return [attachment for attachment in attachments if any(attachment.get(sign) for sign in _SHARED)]


def _read_attachment(attachment: Piece) -> str:
    inner = chain.from_iterable(
        _list_pieces((held.get("message") or {}).get("blocks"))
        for held in _list_pieces(attachment.get("message_blocks"))
    )
    fields = (f"{field.get('title', '')}: {field.get('value', '')}" for field in _list_pieces(attachment.get("fields")))
    said = [attachment.get(part) for part in ("pretext", "title", "text")]
    text = "\n".join(str(part) for part in [*said, *fields] if part)
    blocks = [*inner, *_list_pieces(attachment.get("blocks"))]
    return text or _read_blocks(blocks) or str(attachment.get("fallback") or "")


def _read_blocks(blocks: Any) -> str:
    return "\n".join(filter(None, (_read_block(block).strip() for block in _list_pieces(blocks))))


def _read_block(block: Piece) -> str:
    """Return the words of one block of Block Kit; "" for a block without words."""
    kind = block.get("type")
    if kind == "rich_text":
        return "".join(_read_rich(block))
    if kind == "markdown":
        return escape_mrkdwn(str(block.get("text") or ""))
    if kind == "table":
        rows = (row for row in block.get("rows") or () if isinstance(row, list))
        return "\n".join(" | ".join(_read_cell(cell) for cell in _list_pieces(row)) for row in rows)
    parts = [block.get("text"), *_list_any(block.get("fields")), *_list_any(block.get("elements"))]
    return "\n".join(_read_object(part) for part in parts if isinstance(part, Mapping) and "text" in part)


def _read_cell(cell: Piece) -> str:
    return _read_block(cell).strip() if cell.get("type") == "rich_text" else escape_mrkdwn(str(cell.get("text") or ""))


def _read_object(part: Piece) -> str:
    """Return a text object's words, escaped: mrkdwn already is, plain text is not. A button's label does not count."""
    text = part["text"]
    if not isinstance(text, str):
        return ""
    return text if part.get("type") == "mrkdwn" else escape_mrkdwn(text)


def _read_rich(element: Piece) -> Iterator[str]:
    """Yield the words of a rich text element and its children, in the markup that Slack gives a plain text."""
    kind = str(element.get("type"))
    if kind in _INLINE:
        yield _INLINE[kind](element)
        return
    for inner in _list_pieces(element.get("elements")):
        yield from _read_rich(inner)
        if kind in ("rich_text", "rich_text_list"):
            yield "\n"


def _read_link(element: Piece) -> str:
    address, label = element.get("url", ""), element.get("text")
    return f"<{address}|{escape_mrkdwn(label)}>" if label else f"<{address}>"


_INLINE: Mapping[str, Callable[[Piece], str]] = {
    "text": lambda element: escape_mrkdwn(str(element.get("text") or "")),
    "link": _read_link,
    "user": lambda element: f"<@{element.get('user_id', '')}>",
    "usergroup": lambda element: f"<!subteam^{element.get('usergroup_id', '')}>",
    "channel": lambda element: f"<#{element.get('channel_id', '')}>",
    "broadcast": lambda element: f"<!{element.get('range', '')}>",
    "emoji": lambda element: f":{element.get('name', '')}:",
    "date": lambda element: escape_mrkdwn(str(element.get("fallback") or "")),
}


def _list_any(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _list_pieces(value: Any) -> list[Piece]:
    """Return the objects of a list; nothing for any other value, since others write these payloads."""
    return [piece for piece in _list_any(value) if isinstance(piece, Mapping)]
