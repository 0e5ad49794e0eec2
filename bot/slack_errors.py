"""What can go wrong in a call to Slack, and a short name for it that a log may hold."""

from http.client import HTTPException

from slack_sdk.errors import SlackApiError, SlackClientError

SLACK_ERRORS = (SlackClientError, HTTPException, OSError)
"""Refused by Slack, answered with something that is no answer, or not reached at all."""


def name_error(error: Exception) -> str:
    """Return Slack's own code ("channel_not_found"), the HTTP status of another answer, or the error's type."""
    if not isinstance(error, SlackApiError):
        return type(error).__name__
    return str(error.response.get("error") or f"HTTP {error.response.get('status')}")
