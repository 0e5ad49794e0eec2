"""Marks Chip's messages in Slack, so that a repeated call or a later process finds them.

A message's metadata names the question, and the reply if it is one. Every complete message in a thread is marked. A
message without a mark, or with the mark of a growing one, was cut off by a kill. Knows nothing of when messages are
posted.
"""

from collections.abc import Mapping
from typing import Any

from slack_sdk import WebClient

REPLY = "chip_reply"
NOTE = "chip_note"
BEGUN = "chip_begun"


def mark_reply(reply_id: str, question: str) -> dict[str, Any]:
    """Return the metadata of an answer's last part. `question` is the question's key."""
    return {"event_type": REPLY, "event_payload": {"id": reply_id, "question": question}}


def mark_outcome(question: str) -> dict[str, Any]:
    """Return the metadata of a sentence posted instead of an answer: busy, too long, failed."""
    return {"event_type": REPLY, "event_payload": {"question": question}}


def mark_begun() -> dict[str, Any]:
    """Return the metadata of a part that grows by updates. At its end, the last part gets the reply's metadata."""
    return {"event_type": BEGUN, "event_payload": {}}


def is_begun(message: Mapping[str, Any]) -> bool:
    """Whether a message of `conversations.replies` is a part that grew by updates, and not the last one."""
    return bool((message.get("metadata") or {}).get("event_type") == BEGUN)


def is_marked(message: Mapping[str, Any]) -> bool:
    """Whether a message of `conversations.replies` was posted whole."""
    return bool(message.get("metadata")) and not is_begun(message)


def is_about(message: Mapping[str, Any], question: str) -> bool:
    """Whether a message of `conversations.replies` ends the answer to this question."""
    metadata = message.get("metadata") or {}
    return metadata.get("event_type") == REPLY and metadata.get("event_payload", {}).get("question") == question


def find_own_messages(
    client: WebClient, bot_user: str, channel: str, thread_ts: str, oldest: str = "0"
) -> list[Mapping[str, Any]]:
    """Return what Chip posted in a thread after the ts `oldest`. Raises one of `SLACK_ERRORS`."""
    return [message for message in read_thread(client, channel, thread_ts, oldest) if message.get("user") == bot_user]


def read_thread(client: WebClient, channel: str, thread_ts: str, oldest: str = "0") -> list[Mapping[str, Any]]:
    """Return the messages of a thread after the ts `oldest`, with their marks. Raises one of `SLACK_ERRORS`."""
    found: list[Mapping[str, Any]] = []
    cursor = ""
    while True:
        page = client.conversations_replies(
            channel=channel, ts=thread_ts, oldest=oldest, include_all_metadata=True, limit=200, cursor=cursor
        )
        found += page["messages"]
        cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
        if not cursor:
            return found
