"""Owns response_urls: which message and person each belongs to, and their limit of five uses within 30 minutes.

Knows nothing of HTTP or of what is posted through them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.workspace.errors import SlackError

LIFETIME = timedelta(minutes=30)
MAX_USES = 5


@dataclass(frozen=True, slots=True)
class ResponseUrl:
    """`message_ts` is the message that was interacted with; None for a slash command."""

    user: str
    channel: str
    message_ts: str | None
    thread_ts: str | None
    issued: datetime
    uses: int = 0


class ResponseUrls:
    """The response_urls that were issued, by the secret part of their address."""

    def __init__(self, clock: Callable[[], datetime], ids: Callable[[str], str]) -> None:
        self._clock = clock
        self._ids = ids
        self._issued: dict[str, ResponseUrl] = {}

    def issue(self, user: str, channel: str, message_ts: str | None = None, thread_ts: str | None = None) -> str:
        """Returns the secret last part of the address."""
        key = self._ids("r").lower()
        self._issued[key] = ResponseUrl(user, channel, message_ts, thread_ts, self._clock())
        return key

    def use(self, key: str) -> ResponseUrl:
        """Raises SlackError: invalid_url, expired_url (30 minutes), used_url (five times)."""
        url = self._issued.get(key)
        if url is None:
            raise SlackError("invalid_url")
        if self._clock() - url.issued > LIFETIME:
            raise SlackError("expired_url")
        if url.uses >= MAX_USES:
            raise SlackError("used_url")
        self._issued[key] = replace(url, uses=url.uses + 1)
        return url
