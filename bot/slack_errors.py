"""What can go wrong in a call to Slack, a short name for it that a log may hold, and whether it passes."""

import re
from http.client import HTTPException

from slack_sdk.errors import SlackApiError, SlackClientError
from sqlalchemy.exc import OperationalError

_CODE = re.compile(r"[a-z][a-z_]{1,79}")  # slack_sdk puts a whole page here where an answer is no JSON

SLACK_ERRORS = (SlackClientError, HTTPException, OSError)
"""Refused by Slack, answered with something that is no answer, or not reached at all."""


def name_error(error: Exception) -> str:
    """Return Slack's own code ("channel_not_found"), the HTTP status of another answer, or the error's type."""
    if not isinstance(error, SlackApiError):
        return type(error).__name__
    code = str(error.response.get("error"))
    return code if _CODE.fullmatch(code) else f"HTTP {getattr(error.response, 'status_code', 'without status')}"


def is_refused_here(error: Exception) -> bool:
    """Whether Slack heard the call and refuses it for good: not for its token, its rate or a failure of its own."""
    name = name_error(error)
    return isinstance(error, SlackApiError) and name not in _PASSING and not name.startswith(("HTTP 5", "HTTP 429"))


def is_passing(error: Exception) -> bool:
    """Whether what failed may well work later: Slack was not reached or not itself, or the database was not."""
    return isinstance(error, (OperationalError, *SLACK_ERRORS)) and not is_refused_here(error)


_PASSING = frozenset(
    {
        "account_inactive",
        "fatal_error",
        "internal_error",
        "invalid_auth",
        "not_authed",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "token_expired",
        "token_revoked",
    }
)
