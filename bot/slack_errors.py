"""What can go wrong in a call to Slack, and a short name for it that a log may hold."""

import re
from http.client import HTTPException

from slack_sdk.errors import SlackApiError, SlackClientError

_CODE = re.compile(r"[a-z][a-z_]{1,79}")  # slack_sdk puts a whole page here where an answer is no JSON

SLACK_ERRORS = (SlackClientError, HTTPException, OSError)
"""Refused by Slack, answered with something that is no answer, or not reached at all."""


def name_error(error: Exception) -> str:
    """Return Slack's own code ("channel_not_found"), the HTTP status of another answer, or the error's type."""
    if not isinstance(error, SlackApiError):
        return type(error).__name__
    code = str(error.response.get("error"))
    return code if _CODE.fullmatch(code) else f"HTTP {getattr(error.response, 'status_code', 'without status')}"
