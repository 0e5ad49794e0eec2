"""The workspaces that one deployment serves, each with an app, documents, feedback and adapter of its own.

Knows nothing of Slack or of what opening a workspace takes.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from slack_bolt import App

logger = logging.getLogger(__name__)

Open = Callable[[str, str], AbstractContextManager[App]]


class Tenants:
    """Opens a workspace once, finds its app, and closes all of them in the end. Thread-safe."""

    def __init__(self, open_tenant: Open) -> None:
        self._open = open_tenant
        self._apps: dict[str, App] = {}
        self._closings: dict[str, ExitStack] = {}
        self._lock = threading.Lock()

    def add(self, team: str, token: str) -> None:
        """Open a workspace. Open it again if it is open with an older token. A failure does not affect the others."""
        with self._lock:
            self._close(team)
            closing = ExitStack()
            self._apps[team] = closing.enter_context(self._open(team, token))
            self._closings[team] = closing
        logger.info("serving the workspace %s, %d in all", team, len(self._apps))

    def find(self, team: str | None) -> App | None:
        """Return the app of a team; None if Chip is not installed."""
        return self._apps.get(team or "")

    def retire(self, team: str) -> None:
        """Accept nothing more from this team.

        Its services close later with the others, because they may be the callers.
        """
        self._apps.pop(team, None)

    def close(self) -> None:
        """Close every workspace."""
        with self._lock:
            for team in list(self._closings):
                self._close(team)

    def _close(self, team: str) -> None:
        self._apps.pop(team, None)
        closing = self._closings.pop(team, None)
        if closing is not None:
            closing.close()
