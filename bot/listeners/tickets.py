"""Handles the button that brings in a person, and the buttons on the card that staff see."""

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App

from bot.listeners.failures import guard
from bot.listeners.whispers import find_thread
from bot.services import Services
from bot.views import blocks, ticket_card, wording
from feedback import replies, signals

Body = dict[str, Any]
Act = Callable[[str, str], str | None]


def register(app: App, services: Services) -> None:
    """Listen to the person button and to the card's buttons."""
    desk = services.tickets

    @app.action(blocks.ASK_PERSON)
    def handle_ask_person(ack: Ack, body: Body) -> None:
        person, reply_id = body["user"]["id"], body["actions"][0]["value"]
        reply = replies.find_reply(services.db, reply_id)
        if reply is not None:
            role = services.directory.role(person).value
            signals.record_escalation(services.db, reply_id, person, role, key=body["trigger_id"])
        ack()
        services.pool.submit(
            body["trigger_id"], guard(services, body, lambda: bring_in_a_person(services, body, reply))
        )

    def listen(action_id: str, act: Act) -> None:
        @app.action(action_id)
        def handle(ack: Ack, body: Body) -> None:
            ack()
            services.pool.submit(body["trigger_id"], guard(services, body, lambda: _press(services, body, act)))

    listen(ticket_card.CLAIM, desk.claim)
    listen(ticket_card.RELEASE, desk.release)
    listen(ticket_card.DISMISS, desk.dismiss)
    listen(ticket_card.KEEP_OUT, desk.keep_out)


def bring_in_a_person(services: Services, body: Body, reply: replies.Reply | None) -> None:
    """Open the card for staff, and tell the asker that it is open, or why not."""
    sentence, is_new = (wording.UNKNOWN_REPLY, False)
    if reply is not None:
        sentence, is_new = services.tickets.bring_in(reply, body["user"]["id"])
    channel, thread_ts = body["channel"]["id"], find_thread(body) or body["container"]["message_ts"]
    if is_new:
        services.client.chat_postMessage(channel=channel, thread_ts=thread_ts, text=sentence)
    else:
        services.client.chat_postEphemeral(channel=channel, user=body["user"]["id"], thread_ts=thread_ts, text=sentence)


def _press(services: Services, body: Body, act: Act) -> None:
    refusal = act(body["actions"][0]["value"], body["user"]["id"])
    if refusal is not None:
        services.client.chat_postEphemeral(
            channel=body["channel"]["id"], user=body["user"]["id"], thread_ts=find_thread(body), text=refusal
        )
