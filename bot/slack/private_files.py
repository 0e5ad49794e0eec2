"""Sends a file to one person, in their direct messages with Chip."""

from slack_sdk import WebClient


def send_file(client: WebClient, person: str, content: bytes, name: str, title: str, alt_text: str = "") -> None:
    """Upload a file into the person's direct messages. Raises one of `SLACK_ERRORS`."""
    channel = client.conversations_open(users=person)["channel"]["id"]
    client.files_upload_v2(channel=channel, content=content, filename=name, title=title, alt_txt=alt_text or None)
