"""The buttons under the notice about learning, and under the question whether somebody shall be forgotten."""

from typing import Any

from slack_bolt import Ack, App, Respond

from bot import wording
from bot.commands import consent
from bot.listeners import forgetting
from bot.listeners.failures import guard
from bot.parts import Parts
from feedback.consent import record_consent
from feedback.events import Role

Body = dict[str, Any]


def register(app: App, parts: Parts) -> None:
    """Listen to the buttons."""

    @app.action(consent.LEARN)
    def handle_learn(ack: Ack, body: Body, respond: Respond) -> None:
        _agree(parts, body, respond, guests=False)
        ack()

    @app.action(consent.LEARN_GUESTS)
    def handle_learn_guests(ack: Ack, body: Body, respond: Respond) -> None:
        _agree(parts, body, respond, guests=True)
        ack()

    @app.action(consent.FORGET)
    def handle_forget(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        parts.pool.submit(body["trigger_id"], guard(parts, body, lambda: _forget(parts, body, respond)))


def _agree(parts: Parts, body: Body, respond: Respond, *, guests: bool) -> None:
    """Record the decision before it is acknowledged: it says who, when, and for which channels."""
    person, value = body["user"]["id"], body["actions"][0]["value"]
    if parts.directory.role(person) is not Role.ADMIN:
        respond(text=wording.ADMINS_ONLY.format(command="learning"), replace_original=False)
        return
    channels = () if value == "all" else value.split(",")
    team = parts.directory.team
    decided = record_consent(parts.db, team, by=person, is_on=True, guests=guests, channels=channels)
    said = consent.describe(decided)
    parts.pool.submit(body["trigger_id"], guard(parts, body, lambda: _tell(parts, respond, person, said)))


def _tell(parts: Parts, respond: Respond, person: str, said: str) -> None:
    respond(text=said, replace_original=True)
    parts.learning.announce(wording.LEARNING_SET.format(person=person, state=said))


def _forget(parts: Parts, body: Body, respond: Respond) -> None:
    caller, person = body["user"]["id"], body["actions"][0]["value"]
    if not forgetting.may_forget(parts.directory.role(caller), caller=caller, person=person):
        respond(text=wording.ADMINS_ONLY.format(command="forget @person"), replace_original=False)
        return
    count = forgetting.forget_person(parts, person)
    respond(text=wording.FORGOTTEN.format(person=person, count=count), replace_original=True)
