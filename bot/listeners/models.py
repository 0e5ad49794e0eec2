"""Handles the buttons that let an adapter answer everybody, or a share of the conversations first."""

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App

from bot.commands.admins import serve_adapter
from bot.commands.canary import try_adapter
from bot.listeners.failures import guard
from bot.listeners.whispers import whisper
from bot.services import Services
from bot.slack.text import escape_mrkdwn
from bot.views import report, wording
from feedback.events import Role
from retrain.errors import RetrainError

Body = dict[str, Any]
Act = Callable[[Services, str, str], str]


def register(app: App, services: Services) -> None:
    """Listen to the buttons."""

    def listen(action_id: str, act: Act) -> None:
        @app.action(action_id)
        def handle(ack: Ack, body: Body) -> None:
            ack()
            services.pool.submit(body["trigger_id"], guard(services, body, lambda: _press(services, body, act)))

    listen(report.SERVE, serve_adapter)
    listen(report.TRY, _try)


def _press(services: Services, body: Body, act: Act) -> None:
    person, adapter_id = body["user"]["id"], body["actions"][0]["value"]
    if services.directory.role(person) is not Role.ADMIN:
        whisper(services, body, wording.ADMINS_ONLY_HERE)
        return
    whisper(services, body, act(services, adapter_id, person))


def _try(services: Services, adapter_id: str, person: str) -> str:
    try:
        return try_adapter(services, adapter_id, person)
    except RetrainError as error:
        return wording.SERVE_REFUSED.format(reason=escape_mrkdwn(str(error)))
