"""Handles the buttons under the notice about learning and under the question whether to forget a person."""

from typing import Any

from slack_bolt import Ack, App, Respond

from bot.commands import consent
from bot.listeners import forgetting
from bot.listeners.failures import guard
from bot.services import Services
from bot.views import wording
from bot.views.report import word_proof
from feedback.consent import record_consent
from feedback.events import Role

Body = dict[str, Any]


def register(app: App, services: Services) -> None:
    """Listen to the buttons."""

    @app.action(consent.LEARN)
    def handle_learn(ack: Ack, body: Body, respond: Respond) -> None:
        _agree(services, body, respond, guests=False)
        ack()

    @app.action(consent.LEARN_GUESTS)
    def handle_learn_guests(ack: Ack, body: Body, respond: Respond) -> None:
        _agree(services, body, respond, guests=True)
        ack()

    @app.action(consent.FORGET)
    def handle_forget(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        services.pool.submit(body["trigger_id"], guard(services, body, lambda: _forget(services, body, respond)))


def _agree(services: Services, body: Body, respond: Respond, *, guests: bool) -> None:
    """Record the decision before it is acknowledged: it says who decided, when, and for which channels."""
    person, value = body["user"]["id"], body["actions"][0]["value"]
    if services.directory.role(person) is not Role.ADMIN:
        respond(text=wording.ADMINS_ONLY.format(command="learning"), response_type="ephemeral", replace_original=False)
        return
    channels = () if value == "all" else value.split(",")
    team = services.directory.team
    decided = record_consent(services.db, team, by=person, is_on=True, guests=guests, channels=channels)
    said = consent.describe(decided)
    services.pool.submit(
        body["trigger_id"], guard(services, body, lambda: _tell_person(services, respond, person, said))
    )


def _tell_person(services: Services, respond: Respond, person: str, said: str) -> None:
    respond(text=said, response_type="ephemeral", replace_original=True)
    services.learning.announce(wording.LEARNING_SET.format(person=person, state=said))


def _forget(services: Services, body: Body, respond: Respond) -> None:
    caller, person = body["user"]["id"], body["actions"][0]["value"]
    if not forgetting.may_forget(services.directory.role(caller), caller=caller, person=person):
        respond(
            text=wording.ADMINS_ONLY.format(command="forget @person"), response_type="ephemeral", replace_original=False
        )
        return
    count, proof = forgetting.forget_person(services, person)
    said = wording.FORGOTTEN.format(person=person, count=count, proof=word_proof(proof))
    respond(text=said, response_type="ephemeral", replace_original=True)
