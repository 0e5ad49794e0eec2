"""Writes everything that Slack delivers to the inbox first, and recognises repeated deliveries.

An event's id tells it from others; for presses, forms and commands the trigger does. All are filed under the team where
Chip is installed, even if Slack names another: in a shared channel it names the author's team. Knows nothing of what
they mean.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from slack_bolt import App, BoltContext, BoltRequest, BoltResponse
from slack_bolt.listener.listener_completion_handler import CustomListenerCompletionHandler

from bot.services import Services
from bot.slack.errors import is_passing
from feedback import inbox
from feedback.database import Database

logger = logging.getLogger(__name__)

Body = dict[str, Any]

COMMAND = "slash_command"
INTERACTIONS = ("block_actions", "view_submission", "message_action", "shortcut", COMMAND)
RESUMED = "chip_is_resumed"
RESUMABLE = timedelta(minutes=30)  # the life of a response_url; later nobody can be told anything


def register(app: App, services: Services) -> None:
    """Put the inbox before every listener, and note when an interaction's listener has ended."""

    @app.middleware
    def handle_delivery(body: Body, context: BoltContext, next: Callable[[], BoltResponse]) -> BoltResponse:
        if context.get(RESUMED) or remember(services, body):
            return next()
        return BoltResponse(status=200)

    def handle_completion(body: Body) -> None:
        end_interaction(services, body)

    app.listener_runner.listener_completion_handler = CustomListenerCompletionHandler(logger, handle_completion)


def remember(services: Services, body: Body) -> bool:
    """Store a body. Return False if it is stored already, or is of a kind that no listener takes."""
    if body.get("type") == "event_callback":
        return _remember_event(services, body)
    if body.get("type") == "app_rate_limited":
        logger.warning("Slack holds back events of this app since %s", body.get("minute_rate_limited"))
        return False
    return _remember_interaction(services, body)


def is_interaction(body: Body) -> bool:
    """Whether a body is a press, a form, a shortcut or a command."""
    return (body.get("type") or COMMAND) in INTERACTIONS


def end_interaction(services: Services, body: Body) -> None:
    """Mark an interaction done, unless work on it waits or runs. Do nothing for other bodies."""
    key = _interaction_key(body)
    if key is not None and not any(pool.holds(key) for pool in (services.pool, services.import_pool)):
        inbox.mark_done(services.db, key)


def settle(db: Database, key: str, error: Exception) -> None:
    """Mark done what failed and would fail again. What failed for a temporary reason stays for the next start."""
    if not is_passing(error):
        inbox.mark_done(db, key)


def resume(app: App, services: Services, stored: inbox.InboxEvent) -> bool:
    """Hand an interaction whose work a kill cut off to its listener again, unless it is too old."""
    if services.clock() - stored.received_at > RESUMABLE:
        inbox.mark_done(services.db, stored.key)
        return False
    request = BoltRequest(mode="socket_mode", body=dict(stored.payload), context={RESUMED: True})
    app.dispatch(request)
    return False


def _remember_event(services: Services, body: Body) -> bool:
    event, key = body.get("event"), body.get("event_id")
    if not isinstance(event, dict) or not isinstance(key, str) or not isinstance(event.get("type"), str):
        logger.warning("an event without id, content or type is ignored: %s", key)
        return False
    item = event.get("item")
    place = event.get("channel") or (item.get("channel") if isinstance(item, dict) else None)
    is_new = inbox.record_event(
        services.db,
        key,
        event["type"],
        team=services.directory.team,
        channel=place if isinstance(place, str) else "",
        ts=str(event.get("ts") or event.get("event_ts") or ""),
        payload=body,
    )
    if not is_new:
        logger.info("event %s came again", key)
    return is_new


def _remember_interaction(services: Services, body: Body) -> bool:
    key = _interaction_key(body)
    if key is None and is_interaction(body):
        raise ValueError("an interaction without a trigger")
    if key is None:
        return True
    is_new = inbox.record_event(
        services.db,
        key,
        body.get("type") or COMMAND,
        team=services.directory.team,
        channel=str(body.get("channel_id") or (body.get("channel") or {}).get("id") or ""),
        ts=None,
        payload=body,
        is_urgent=True,
    )
    if not is_new:
        logger.info("interaction %s came again", key)
    return is_new


def _interaction_key(body: Body) -> str | None:
    """Return the trigger of a press, a form or a command; None for a body without one, such as a closed form."""
    trigger = body.get("trigger_id")
    return trigger if is_interaction(body) and isinstance(trigger, str) and trigger else None
