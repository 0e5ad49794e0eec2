"""Fetches files from Slack with Chip's token, and shares the files of one thread in another.

Needs the scopes files:read and files:write. The bytes stay in memory, and the token goes only to Slack. A file's name
is untrusted text.
"""

import logging
import unicodedata
import urllib.request
from collections.abc import Mapping, Sequence
from http.client import HTTPException, HTTPMessage, HTTPResponse, InvalidURL
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.slack.errors import SLACK_ERRORS, Unsettled, is_passing, name_error

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 20.0
CARRIED_BYTES = 10_000_000  # for all files of one message
NAME_CHARACTERS = 100


class NotShownError(Exception):
    """A file that Slack does not hand out; the message says why."""


class NotNowError(NotShownError, SlackClientError):
    """A file that Slack does not hand out now, but may later."""


def carry_files(
    client: WebClient, files: Sequence[Mapping[str, Any]], channel: str, thread_ts: str, comment: str
) -> bool:
    """Share files, as a Slack message lists them, in another thread. Return False if not all of them arrived.

    Raises one of `SLACK_ERRORS` if nothing was shared for a temporary reason. If Slack may have shared them and the
    response is lost, the result is False: they are not shared twice.
    """
    uploads: list[dict[str, Any]] = []
    left = CARRIED_BYTES
    for file in files:
        try:
            content = fetch_file(client, file, left)
        except NotNowError:
            raise
        except NotShownError as error:
            logger.warning("a file is not carried over: %s", error)
            continue
        left -= len(content)
        name = clean_name(file)
        uploads.append({"content": content, "filename": name, "title": name})
    try:
        if uploads:
            client.files_upload_v2(file_uploads=uploads, channel=channel, thread_ts=thread_ts, initial_comment=comment)
    except SLACK_ERRORS as error:
        if _may_share_later(error):
            raise
        logger.warning("files for %s are not carried over: %s", channel, name_error(error))
        return False
    return len(uploads) == len(files)


def _may_share_later(error: Exception) -> bool:
    """Whether files that were surely not shared may be shared by another try."""
    if isinstance(error, HTTPError):  # of the upload; slack_sdk has its own errors for the Web API
        return _is_passing_status(error.code)
    return is_passing(error) and not isinstance(error, Unsettled)


def _is_passing_status(status: int) -> bool:
    return status in (408, 429) or status >= 500


def download(client: WebClient, address: str, most_bytes: int) -> bytes:
    """Return the bytes at a file's private address.

    Raises `NotShownError`, or `NotNowError` if a later try may succeed.
    """
    try:
        if not is_slack(address, client.base_url):
            raise NotShownError("its address is not Slack's")
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {client.token}"})
        with urllib.request.build_opener(_Unmoved).open(request, timeout=TIMEOUT_SECONDS) as response:
            body: bytes = response.read(most_bytes + 1)
    except HTTPError as error:
        if _is_passing_status(error.code):
            raise NotNowError(f"Slack answers {error.code}") from error
        # Slack redirects a reader without permission to its sign-in page.
        reason = "Chip may not read it" if error.code < 400 else f"Slack answers {error.code}"
        raise NotShownError(reason) from error
    except (InvalidURL, ValueError) as error:
        raise NotShownError("its address is none") from error
    except (OSError, HTTPException) as error:
        raise NotNowError("Slack cannot be reached") from error
    if len(body) > most_bytes:
        raise NotShownError(f"it is larger than {most_bytes:,} bytes")
    return body


def is_slack(address: str, base_url: str) -> bool:
    """Whether the token may be sent to an address: to Slack, or to the host of the Web API."""
    to, api = urlsplit(address), urlsplit(base_url)
    if (to.scheme, to.netloc) == (api.scheme, api.netloc):
        return True
    return to.scheme == "https" and (to.hostname or "").endswith(".slack.com") and to.username is None


def fetch_file(client: WebClient, file: Mapping[str, Any], most_bytes: int) -> bytes:
    """Return the bytes of a file that a Slack payload lists.

    Raises `NotShownError`, or `NotNowError` if a later try may succeed.
    """
    size = file.get("size")
    if isinstance(size, int) and size > most_bytes:
        raise NotShownError(f"it is larger than {most_bytes:,} bytes")
    return download(client, str(file.get("url_private") or ""), most_bytes)


def clean_name(file: Mapping[str, Any]) -> str:
    """Return a file's name without what could make it a path or hide its type. The ending is kept."""
    name = str(file.get("name") or "")
    kept = ("_" if character in "/\\" else character for character in name)
    visible = "".join(character for character in kept if unicodedata.category(character)[0] != "C")
    return visible[-NAME_CHARACTERS:].strip() or "file"


class _Unmoved(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the token goes only to the address that Slack named."""

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
