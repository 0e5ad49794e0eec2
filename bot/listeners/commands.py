"""Handles `/chip`: finds the command, and says why if the caller may not use it.

Also handles the channel rules' modal.
"""

import json
from typing import Any

from slack_bolt import Ack, App, Respond

from bot.commands.call import Call, may
from bot.commands.table import COMMANDS, build_help
from bot.listeners.failures import guard
from bot.listeners.whispers import open_view_or_tell, whisper
from bot.services import Services
from bot.views import rules_view, wording
from feedback.events import Role

Body = dict[str, Any]


def register(app: App, services: Services) -> None:
    """Listen to the one command, and to the buttons and modal that its answers offer."""

    @app.command("/chip")
    def handle_chip(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        word, _, rest = body.get("text", "").strip().partition(" ")
        job = guard(services, body, lambda: run_command(services, body, respond, word.lower(), rest.strip()))
        services.pool.submit(body["trigger_id"], job)

    @app.action(rules_view.SET_RULES)
    def handle_set_rules(ack: Ack, body: Body) -> None:
        ack()
        guard(services, body, lambda: _open_rules(services, body))()

    @app.view(rules_view.RULES_VIEW)
    def handle_rules(ack: Ack, body: Body) -> None:
        _take_rules(services, ack, body)


def run_command(services: Services, body: Body, respond: Respond, word: str, rest: str) -> None:
    """Run one command for the caller, or say why not."""
    role = services.directory.role(body["user_id"])
    command = COMMANDS.get(word or "help")
    if command is None:
        text = f"{wording.COMMAND_UNKNOWN.format(command=word)}\n{build_help(role)}"
        respond(text=text, response_type="ephemeral")
        return
    if not may(role, command.least):
        refusal = wording.ADMINS_ONLY if command.least is Role.ADMIN else wording.STAFF_ONLY
        respond(text=refusal.format(command=word), response_type="ephemeral")
        return
    command.run(
        Call(services, body["team_id"], body["channel_id"], body["user_id"], role, rest, body["trigger_id"], respond)
    )


def _open_rules(services: Services, body: Body) -> None:
    channel = body["actions"][0]["value"]
    if services.directory.role(body["user"]["id"]) is Role.ADMIN:
        view = rules_view.build_view(channel, services.rules.find(channel), str(services.time_zone))
        open_view_or_tell(services, body, view)
    else:
        whisper(services, body, wording.ADMINS_ONLY_HERE)


def _take_rules(services: Services, ack: Ack, body: Body) -> None:
    person, channel = body["user"]["id"], json.loads(body["view"]["private_metadata"])["channel"]
    if services.directory.role(person) is not Role.ADMIN:
        ack(response_action="errors", errors={"listen": wording.ADMINS_ONLY.format(command="channels")})
        return
    try:
        rules = rules_view.read_view(body["view"]["state"]["values"])
    except ValueError:
        ack(response_action="errors", errors={rules_view.QUIET_BLOCK: wording.RULES_CLOCK})
        return
    services.rules.set(channel, rules, by=person)
    ack()
    text = wording.RULES_SET.format(channel=channel, rules=rules_view.describe(rules), person=person)
    services.learning.announce(text)
