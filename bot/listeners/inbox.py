"""Every event is written to the inbox before Slack is told that it arrived, and known again when it comes again."""

import logging
from collections.abc import Callable
from typing import Any

from slack_bolt import App, BoltResponse

from bot.parts import Parts
from feedback import inbox

logger = logging.getLogger(__name__)


def register(app: App, parts: Parts) -> None:
    """Put the inbox before every listener."""

    @app.middleware
    def handle_delivery(body: dict[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:
        if body.get("type") != "event_callback" or remember(parts, body):
            return next()
        logger.info("event %s came again", body.get("event_id"))
        return BoltResponse(status=200)


def remember(parts: Parts, body: dict[str, Any]) -> bool:
    """Store an event; False when it is there already."""
    event = body.get("event", {})
    item = event.get("item", {})
    return inbox.record_event(
        parts.db,
        body["event_id"],
        event.get("type", ""),
        team=body.get("team_id", ""),
        channel=str(event.get("channel") or item.get("channel") or ""),
        ts=str(event.get("ts") or event.get("event_ts") or ""),
        payload=body,
    )
