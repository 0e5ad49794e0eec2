"""Handles the button under a retrain's report that lets an adapter answer which the gate could not judge."""

from typing import Any

from slack_bolt import Ack, App

from bot.commands.admins import serve_adapter
from bot.listeners.failures import guard
from bot.listeners.whispers import whisper
from bot.services import Services
from bot.views import report, wording
from feedback.events import Role

Body = dict[str, Any]


def register(app: App, services: Services) -> None:
    """Listen to the button."""

    @app.action(report.SERVE)
    def handle_serve(ack: Ack, body: Body) -> None:
        ack()
        services.pool.submit(body["trigger_id"], guard(services, body, lambda: _serve(services, body)))


def _serve(services: Services, body: Body) -> None:
    person, adapter_id = body["user"]["id"], body["actions"][0]["value"]
    if services.directory.role(person) is not Role.ADMIN:
        whisper(services, body, wording.ADMINS_ONLY_HERE)
        return
    whisper(services, body, serve_adapter(services, adapter_id, person))
