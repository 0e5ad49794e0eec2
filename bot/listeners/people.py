"""Home, and changes of people: who somebody is to Chip is looked up anew."""

from typing import Any

from slack_bolt import App

from bot import blocks, wording
from bot.parts import Parts
from feedback import inbox

Body = dict[str, Any]


def register(app: App, parts: Parts) -> None:
    """Listen to Home and profile changes."""

    @app.event("app_home_opened")
    def handle_home(body: Body) -> None:
        if body["event"].get("tab") == "home":
            parts.client.views_publish(user_id=body["event"]["user"], view=blocks.build_home(wording.HOME))
        inbox.mark_done(parts.db, body["event_id"])

    @app.event("user_change")
    def handle_user_change(body: Body) -> None:
        parts.directory.forget(body["event"]["user"]["id"])
        inbox.mark_done(parts.db, body["event_id"])
