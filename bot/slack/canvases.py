"""Fetches the canvases of a Slack channel, ready to be read as documents. Needs the scope files:read.

Slack has no method that returns a canvas's text. A canvas is a file, whose private address returns it as HTML.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.slack.channels import find_channel
from bot.slack.errors import is_refused_here, name_error
from bot.slack.files import NotShownError, download
from retrieval.reading.documents import Unreadable
from retrieval.sources.canvases import Canvas
from retrieval.sources.errors import SourceError

MAX_BYTES = 5_000_000
PAGE = 100
CANVAS_TYPE = "application/vnd.slack-docs"
# Slack's name for a channel's own canvas until somebody gives it a title.
_UNTITLED = "Untitled"


def fetch_canvases(client: WebClient, channel: str) -> Iterator[Canvas | Unreadable]:
    """Yield the canvases of a channel (its name or id), or why Slack does not show them.

    Raise `SourceError` if Slack cannot answer now; what is indexed of them must stay then.
    """
    try:
        channel_id = find_channel(client, channel)
        files = list(_list_files(client, channel_id)) if channel_id else []
    except SlackApiError as error:
        if not is_refused_here(error):
            raise SourceError(f"Slack does not show the canvases of {channel} now: {name_error(error)}.") from error
        advice = " Add the scope files:read to the Slack app." if name_error(error) == "missing_scope" else ""
        yield Unreadable("canvases", f"Slack does not show the canvases: {name_error(error)}.{advice}", is_kept=True)
        return
    except (SlackClientError, OSError) as error:
        raise SourceError(f"Slack cannot be reached for the canvases of {channel}.") from error
    for file in files:
        try:
            address = file.get("url_private_download") or file.get("url_private") or ""
            html = download(client, str(address), MAX_BYTES)
        except NotShownError as error:
            yield Unreadable(str(file["id"]), f"The canvas is not shown: {error}.", is_kept=True)
            continue
        title = str(file.get("title") or "")
        yield Canvas(
            id=str(file["id"]),
            title="" if title == _UNTITLED else title,
            html=html,
            day=datetime.fromtimestamp(float(file.get("updated") or file["created"]), UTC).date(),
            url=file.get("permalink"),
        )


def _list_files(client: WebClient, channel: str) -> Iterator[dict[str, Any]]:
    page, pages = 1, 1
    while page <= pages:
        answer = client.files_list(channel=channel, types="canvas", count=PAGE, page=page)
        pages = int((answer.get("paging") or {}).get("pages") or 1)
        yield from (file for file in answer["files"] if file.get("mimetype") == CANVAS_TYPE)
        page += 1
