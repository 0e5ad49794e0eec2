"""A person is wanted: the button under an answer opens a card in the staff channel. Also Home, and profile changes."""

import logging
from typing import Any

from slack_bolt import Ack, App

from bot import blocks, wording
from bot.listeners.failures import guard
from bot.parts import Parts
from bot.slack_errors import SLACK_ERRORS, name_error
from feedback import inbox, replies, signals

logger = logging.getLogger(__name__)

Body = dict[str, Any]


def register(app: App, parts: Parts) -> None:
    """Listen to the person button, Home and profile changes."""

    @app.action(blocks.ASK_PERSON)
    def handle_ask_person(ack: Ack, body: Body) -> None:
        person, reply_id = body["user"]["id"], body["actions"][0]["value"]
        reply = replies.find_reply(parts.db, reply_id)
        if reply is not None:
            signals.record_escalation(parts.db, reply_id, person, parts.directory.role(person).value)
        ack()
        parts.pool.submit(body["trigger_id"], guard(parts, body, lambda: bring_in_a_person(parts, body, reply)))

    @app.event("app_home_opened")
    def handle_home(body: Body) -> None:
        if body["event"].get("tab") == "home":
            parts.client.views_publish(user_id=body["event"]["user"], view=blocks.build_home(wording.HOME))
        inbox.mark_done(parts.db, body["event_id"])

    @app.event("user_change")
    def handle_user_change(body: Body) -> None:
        parts.directory.forget(body["event"]["user"]["id"])
        inbox.mark_done(parts.db, body["event_id"])


def bring_in_a_person(parts: Parts, body: Body, reply: replies.Reply | None) -> None:
    """Tell staff who needs help with what, and tell the asker that it was done, or why it was not."""
    person = body["user"]["id"]
    if reply is None:
        _answer(parts, body, wording.UNKNOWN_REPLY)
        return
    if parts.staff_channel is None:
        _answer(parts, body, wording.PERSON_NOWHERE)
        return
    parts.client.chat_postMessage(
        channel=parts.staff_channel,
        text=wording.PERSON_CARD.format(person=person, channel=reply.channel),
        blocks=blocks.build_person_card(person, reply.channel, reply.question, reply.shown, _link(parts, reply)),
    )
    _answer(parts, body, wording.PERSON_ASKED)


def _answer(parts: Parts, body: Body, text: str) -> None:
    container = body["container"]
    parts.client.chat_postMessage(
        channel=body["channel"]["id"], thread_ts=container.get("thread_ts") or container["message_ts"], text=text
    )


def _link(parts: Parts, reply: replies.Reply) -> str | None:
    try:
        return str(parts.client.chat_getPermalink(channel=reply.channel, message_ts=reply.question_ts)["permalink"])
    except SLACK_ERRORS as error:
        logger.info("no permalink for %s: %s", reply.question_ts, name_error(error))
        return None
