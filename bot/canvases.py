"""The canvases of a Slack channel, ready to be read as documents. Needs the scope files:read.

Slack has no method that gives a canvas's text: a canvas is a file, and its private address gives it as HTML.
"""

import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.client import HTTPMessage, HTTPResponse
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.slack_errors import is_refused_here, name_error
from retrieval.documents import Unreadable
from retrieval.sources.canvases import Canvas
from retrieval.sources.errors import SourceError

MAX_BYTES = 5_000_000
TIMEOUT_SECONDS = 20.0
PAGE = 100
CANVAS_TYPE = "application/vnd.slack-docs"
# Slack calls a channel's own canvas so until somebody gives it a title.
_UNTITLED = "Untitled"


class _NotShownError(Exception):
    """A canvas that Slack does not hand out; the message says why."""


def fetch_canvases(
    client: WebClient, channel: str, find_channel: Callable[[WebClient, str], str | None]
) -> Iterator[Canvas | Unreadable]:
    """Yield the canvases of a channel, named or by id, or why Slack does not show them.

    Raise `SourceError` where Slack cannot answer now: what is indexed of them must then stay.
    """
    try:
        identity = find_channel(client, channel)
        files = list(_list_files(client, identity)) if identity else []
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
            html = _download(client, str(file.get("url_private_download") or file.get("url_private") or ""))
        except _NotShownError as error:
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


def _download(client: WebClient, address: str) -> bytes:
    if not _is_slack(address, client.base_url):
        raise _NotShownError("its address is not Slack's")
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {client.token}"})
    try:
        with urllib.request.build_opener(_Unmoved).open(request, timeout=TIMEOUT_SECONDS) as response:
            body: bytes = response.read(MAX_BYTES + 1)
    except HTTPError as error:
        # Whoever may not read a file is led to a page to sign in.
        reason = "Chip may not read it" if error.code < 400 else f"Slack answers {error.code}"
        raise _NotShownError(reason) from error
    except OSError as error:
        raise _NotShownError("Slack cannot be reached") from error
    if len(body) > MAX_BYTES:
        raise _NotShownError(f"it is larger than {MAX_BYTES:,} bytes")
    return body


def _is_slack(address: str, base_url: str) -> bool:
    """Whether the token may be sent to an address: to Slack, or where the Web API itself is."""
    to, api = urlsplit(address), urlsplit(base_url)
    if (to.scheme, to.netloc) == (api.scheme, api.netloc):
        return True
    return to.scheme == "https" and (to.hostname or "").endswith(".slack.com") and to.username is None


class _Unmoved(urllib.request.HTTPRedirectHandler):
    """Follows nothing: a token goes to the address that Slack named, and nowhere else."""

    def redirect_request(
        self,
        req: urllib.request.Request,  # noqa: ARG002
        fp: IO[bytes] | HTTPResponse,  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: HTTPMessage,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> None:
        return None
