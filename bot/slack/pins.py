"""Fetches the pinned messages of a Slack channel, ready to be read as documents. Needs the scope pins:read."""

from datetime import UTC, datetime

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.slack.channels import find_channel
from bot.slack.errors import name_error
from bot.slack.text import plain_question
from retrieval.sources.errors import SourceError
from retrieval.sources.pins import Pin


def fetch_pins(client: WebClient, channel: str) -> list[Pin]:
    """Return the messages pinned in a channel (its name or id). Raise `SourceError` if Chip may not see them."""
    try:
        channel_id = find_channel(client, channel)
        if channel_id is None:
            raise SourceError(f"Chip sees no channel {channel}. Invite it there.")
        items = client.pins_list(channel=channel_id)["items"]
    except SlackApiError as error:
        advice = " Add the scope pins:read to the Slack app." if error.response.get("error") == "missing_scope" else ""
        raise SourceError(f"Slack does not show the pins of {channel}: {name_error(error)}.{advice}") from error
    except (SlackClientError, OSError) as error:
        raise SourceError(f"Slack cannot be reached for the pins of {channel}.") from error
    messages = [item["message"] for item in items if item.get("type") == "message"]
    return [
        Pin(
            id=message["ts"],
            text=plain_question(message.get("text", ""), bot_user=""),
            day=datetime.fromtimestamp(float(message["ts"]), UTC).date(),
            url=message.get("permalink"),
        )
        for message in messages
    ]
