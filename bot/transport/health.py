"""Tells whether Chip is alive and ready to serve, as a load balancer or a person with curl asks.

Knows nothing of HTTP. Names no person and no text.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import SQLAlchemyError

from bot.slack.errors import SLACK_ERRORS, name_error
from bot.transport.socket_mode import Connections
from feedback import inbox
from feedback.database import Database

logger = logging.getLogger(__name__)

STUCK_SECONDS = 900.0  # an answer takes seconds; an event this old means that work is stuck


class TokenWatch:
    """Asks Slack from time to time whether the bot token is valid. `problem` is Slack's error if it is not."""

    def __init__(self, client: WebClient, team: str = "") -> None:
        """Begin without knowing anything. `team` is the workspace's name in the log."""
        self._client = client
        self._team = team
        self.problem: str | None = None

    def check(self) -> None:
        """Ask now. If Slack cannot be reached, nothing is known about the token."""
        try:
            self._client.auth_test()
        except SlackApiError as error:
            self.problem = name_error(error)
            logger.error("Slack refuses the bot token of %s: %s", self._team or "the workspace", self.problem)
        except SLACK_ERRORS as error:
            logger.warning("Slack cannot be asked about the token: %s", name_error(error))
        else:
            self.problem = None


@dataclass(frozen=True, slots=True)
class Health:
    """Asks the parts. `lines` are the connections of Socket Mode; None over HTTP, where Slack connects itself.

    `tokens` returns the watch over each workspace's token. Chip is ready while at least one of them is not refused.
    """

    db: Database
    lines: Connections | None
    tokens: Callable[[], Mapping[str, TokenWatch]]
    waiting: Callable[[], int]
    clock: Callable[[], datetime]

    def liveness(self) -> tuple[bool, Mapping[str, Any]]:
        """Return whether the process should keep running, with the facts that say so."""
        return True, {"ok": True}

    def readiness(self) -> tuple[bool, Mapping[str, Any]]:
        """Return whether work can be taken and is being done, with the facts that say so."""
        try:
            oldest = inbox.find_oldest_unfinished(self.db)
        except SQLAlchemyError as error:
            logger.error("the database cannot be asked: %s", type(error).__name__)
            return False, {"ok": False, "database": type(error).__name__}
        age = 0.0 if oldest is None else (self.clock() - oldest).total_seconds()
        is_connected = self.lines is None or self.lines.is_connected()
        words = {team: watch.problem or "ok" for team, watch in self.tokens().items()}
        is_heard = not words or "ok" in words.values()
        is_ready = is_connected and age < STUCK_SECONDS and is_heard
        return is_ready, {
            "ok": is_ready,
            "database": "ok",
            "token": next((word for word in words.values() if word != "ok"), "ok"),
            "workspaces": words,
            "connected": is_connected,
            "connections": self.lines.describe() if self.lines else [],
            "waiting": self.waiting(),
            "oldest_event_seconds": round(age, 1),
        }
