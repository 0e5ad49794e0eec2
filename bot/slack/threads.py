"""Reads a thread that people talk in, within the rate that Slack allows an app.

Slack allows some apps one read of a thread in a minute, of fifteen messages. Knows nothing of what is kept of it.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk import WebClient

from bot.slack.errors import SLACK_ERRORS, name_error

logger = logging.getLogger(__name__)

MESSAGES = 100
BUDGET = 5  # reads at once; one of them is regained each minute
PAUSE_SECONDS = 60.0
TIMEOUT_SECONDS = 5


class ThreadReader:
    """Reads one page of a thread, or nothing if Slack limits the rate. Its client does not wait for another try."""

    def __init__(self, client: WebClient, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the token and address from `client`. `clock` returns seconds."""
        self._client = WebClient(client.token, client.base_url, timeout=TIMEOUT_SECONDS)
        self._clock = clock
        self._lock = threading.Lock()
        self._left = float(BUDGET)
        self._counted = clock()

    def read(self, channel: str, thread_ts: str, before: str) -> list[Mapping[str, Any]]:
        """Return what was said in a thread before the ts, oldest first; nothing if Slack does not tell."""
        if not self._may_read():
            logger.info("the thread %s in %s is not read: too many were just now", thread_ts, channel)
            return []
        try:
            page = self._client.conversations_replies(channel=channel, ts=thread_ts, latest=before, limit=MESSAGES)
        except SLACK_ERRORS as error:
            logger.warning("the thread %s in %s cannot be read: %s", thread_ts, channel, name_error(error))
            if name_error(error) == "ratelimited":
                self._wait()
            return []
        return [message for message in page["messages"] if message["ts"] < before]

    def _may_read(self) -> bool:
        with self._lock:
            now = self._clock()
            self._left = min(float(BUDGET), self._left + (now - self._counted) / PAUSE_SECONDS)
            self._counted = now
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True

    def _wait(self) -> None:
        """Read nothing for a minute, and then one thread a minute."""
        with self._lock:
            self._left = 0.0
