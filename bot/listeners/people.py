"""Changes of people: who somebody is to Chip is looked up anew."""

from typing import Any

from slack_bolt import App

from bot.parts import Parts
from feedback import inbox

Body = dict[str, Any]


def register(app: App, parts: Parts) -> None:
    """Listen to profile changes."""

    @app.event("user_change")
    def handle_user_change(body: Body) -> None:
        parts.directory.forget(body["event"]["user"]["id"])
        inbox.mark_done(parts.db, body["event_id"])
