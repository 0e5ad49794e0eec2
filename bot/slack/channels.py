"""Finds a channel by its name. Knows nothing of what is posted there."""

from slack_sdk import WebClient


def find_channel(client: WebClient, name: str) -> str | None:
    """Return the id of the channel of this name, or the id itself. None: Chip sees no such channel."""
    wanted = name.lstrip("#")
    cursor = ""
    while True:
        page = client.conversations_list(
            types="public_channel,private_channel", exclude_archived=True, limit=200, cursor=cursor
        )
        for channel in page["channels"]:
            if wanted in (channel["name"], channel["id"]):
                return str(channel["id"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
        if not cursor:
            return None
