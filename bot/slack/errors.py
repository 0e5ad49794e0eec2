"""Errors of calls to Slack: a short name for the log, and whether a later try may succeed."""

import re
from http.client import HTTPException
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError
from sqlalchemy.exc import OperationalError

_CODE = re.compile(r"[a-z][a-z_]{1,79}")  # slack_sdk stores a whole page here if the response is not JSON

SLACK_ERRORS = (SlackClientError, HTTPException, OSError)
"""Raised when Slack refuses a call, answers with something unreadable, or cannot be reached."""


class Unsettled(SlackClientError):
    """Slack may have posted a message and cannot be asked now whether it did. The message says why not."""


def name_error(error: Exception) -> str:
    """Return Slack's own code ("channel_not_found"), the HTTP status of any other response, or the error's type."""
    if not isinstance(error, SlackApiError):
        return type(error).__name__
    code = str(error.response.get("error"))
    return code if _CODE.fullmatch(code) else f"HTTP {getattr(error.response, 'status_code', 'without status')}"


def is_refused_here(error: Exception) -> bool:
    """Whether Slack refuses this very call permanently, rather than for the token, the rate or a failure of its own."""
    name = name_error(error)
    return isinstance(error, SlackApiError) and name not in _PASSING and not name.startswith(("HTTP 5", "HTTP 429"))


def is_passing(error: Exception) -> bool:
    """Whether a later try may succeed: Slack was unreachable or failing, or the database was."""
    return isinstance(error, (OperationalError, *SLACK_ERRORS)) and not is_refused_here(error)


def is_unsure(error: Exception) -> bool:
    """Whether the call may have succeeded although no response came."""
    if isinstance(error, SlackApiError):
        name = name_error(error)
        return name in _FAILURES or name.startswith(("HTTP 2", "HTTP 5", "HTTP without"))
    # urllib raises URLError for a request that was not fully sent
    return isinstance(error, SLACK_ERRORS) and not isinstance(error, (SlackClientError, URLError))


_FAILURES = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
_PASSING = _FAILURES | frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "not_authed",
        "ratelimited",
        "token_expired",
        "token_revoked",
    }
)
