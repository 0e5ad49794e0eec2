"""Acknowledges and logs everything that no other listener knows, and answers the person who did it."""

import logging
import re
from typing import Any

from slack_bolt import Ack, App

from bot.listeners.failures import find_field
from bot.listeners.whispers import whisper
from bot.services import Services
from bot.views import wording
from feedback import inbox

logger = logging.getLogger(__name__)

_ANYTHING = re.compile(".*")


def register(app: App, services: Services) -> None:
    """Listen last, to everything that is left."""

    @app.event(_ANYTHING)
    def handle_event(body: dict[str, Any]) -> None:
        logger.info("event %s of type %s is of no use", body.get("event_id"), body["event"].get("type"))
        inbox.mark_done(services.db, body["event_id"])

    @app.action(_ANYTHING)
    def handle_action(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        logger.warning("unknown action %s", [action.get("action_id") for action in body["actions"]])
        whisper(services, body, wording.UNKNOWN_ACTION if "channel" in body else wording.UNKNOWN_CHOICE)

    @app.view(_ANYTHING)
    def handle_view(ack: Ack, body: dict[str, Any]) -> None:
        logger.warning("unknown view %s", body["view"].get("callback_id"))
        field = find_field(body)
        if field is not None:  # the form stays open and keeps what was written
            ack(response_action="errors", errors={field: wording.UNKNOWN_FORM})
            return
        ack()
        whisper(services, body, wording.UNKNOWN_CHOICE)

    @app.command(_ANYTHING)
    def handle_command(ack: Ack, body: dict[str, Any]) -> None:
        ack(text=wording.COMMAND_UNKNOWN.format(command=body.get("text", "")), response_type="ephemeral")

    @app.shortcut(_ANYTHING)
    def handle_shortcut(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        logger.warning("unknown shortcut %s", body.get("callback_id"))
        whisper(services, body, wording.UNKNOWN_CHOICE)
