"""Handles the edit of a question that Chip knows: offers its asker, and nobody else, a new answer.

Unfurls, counters and Chip's own streams are "changes" too. Only a person's new words count as an edit.
"""

import logging
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App

from bot.answering.question import QUESTION, Question
from bot.listeners.asking import messages
from bot.listeners.failures import guard
from bot.services import Services
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.slack.written import find_unread, read_text
from bot.views import blocks, wording
from feedback import conversation, inbox

logger = logging.getLogger(__name__)

Body = dict[str, Any]

ANSWER_EDIT = "answer_edit"
CHANGE = "message:message_changed"
KINDS = (CHANGE, QUESTION)


def register(app: App, services: Services) -> None:
    """Listen to changed messages, and to the button that asks for a new answer."""

    @app.event({"type": "message", "subtype": "message_changed"})
    def handle_change(body: Body) -> None:
        queue_change(services, body)

    @app.action(ANSWER_EDIT)
    def handle_answer_edit(ack: Ack, body: Body) -> None:
        ack()
        services.pool.submit(body["trigger_id"], guard(services, body, lambda: answer_edit(services, body)))


def resume(services: Services, event: inbox.InboxEvent) -> bool:
    """Resume a change, or the answer to an edit, that a kill cut off. Close a question that nobody asks any more."""
    if event.kind != QUESTION:
        queue_change(services, dict(event.payload))
    elif not _resume_answer(services, event):
        messages.close_unasked(services, event)
    return False


def queue_change(services: Services, body: Body) -> None:
    services.pool.submit(body["event_id"], lambda: handle_change(services, body))


def handle_change(services: Services, body: Body) -> None:
    """Store the new words in the conversation, and offer to answer them if they are a question."""
    question = find_edited_question(services, body)
    if question is not None:
        conversation.edit_message(services.db, question.team, question.channel, question.ts, question.text)
        _offer(services, question, body["event_id"])
    inbox.mark_done(services.db, body["event_id"])


def find_edited_question(services: Services, body: Body) -> Question | None:
    """Return the question as edited; None for other changes, others' messages, and messages that Chip never answered.

    None also if Chip already read the new words: an edit that adds a mention arrives as an edit and as a mention that
    asks.
    """
    event = body["event"]
    message, before = event.get("message") or {}, event.get("previous_message") or {}
    person = message.get("user")
    if not message.get("edited") or message.get("bot_id") or person in (None, services.bot_user):
        return None
    text = read_text(message)
    if text == read_text(before):
        return None
    ts, thread_ts = message["ts"], message.get("thread_ts") or message["ts"]
    home = message.get("user_team") or message.get("team") or ""
    asked = Question(
        services.directory.team,
        event["channel"],
        thread_ts,
        ts,
        person,
        text,
        home=home,
        unread=find_unread(message),
        has_votes=not services.rules.find(event["channel"]).hides_votes,
    )
    taken = inbox.find_event(services.db, asked.key)
    return None if taken is None or _read_asked(services, taken) == asked.text else asked


def _read_asked(services: Services, taken: inbox.InboxEvent) -> str | None:
    asking = inbox.find_event(services.db, taken.payload.get("event_id", ""))
    return read_text(asking.payload.get("event", {})) if asking is not None else None


def answer_edit(services: Services, body: Body) -> None:
    """Answer an edited question, once for each edit, however often the button is pressed."""
    question = _find_question(services, body)
    if question is None:
        services.client.chat_postEphemeral(
            channel=body["channel"]["id"], user=body["user"]["id"], text=wording.UNKNOWN_ACTION
        )
        return
    is_resumed = inbox.find_event(services.db, question.key) is not None
    if not is_resumed and (refusal := services.quotas.take(question.person)):
        services.client.chat_postEphemeral(
            channel=question.channel, user=question.person, thread_ts=question.thread_ts, text=refusal
        )
        return
    if messages.is_asking(services, question, body["trigger_id"]):
        services.stops.expect(question)
        messages.answer_question(services, question, body["trigger_id"], is_resumed=is_resumed)


def _resume_answer(services: Services, question: inbox.InboxEvent) -> bool:
    """Resume an answer to an edit that waited for another try. Return False for any other question.

    The press that asked for it counts as done since the first try. A press that is not done is resumed by itself.
    """
    press = inbox.find_event(services.db, str(question.payload.get("event_id")))
    if press is None or press.done_at is None or press.kind != "block_actions" or not press.payload:
        return False
    body = dict(press.payload)
    if _find_question(services, body) is None:
        return False
    services.pool.submit(press.key, guard(services, body, lambda: answer_edit(services, body)))
    return True


def _find_question(services: Services, body: Body) -> Question | None:
    """Return the edited question that a press of the button asks; None if the edit is no longer known."""
    stored = inbox.find_event(services.db, body["actions"][0]["value"])
    asked = find_edited_question(services, dict(stored.payload)) if stored is not None and stored.payload else None
    return None if stored is None or asked is None else replace(asked, edit=stored.key)


def _offer(services: Services, question: Question, event_id: str) -> None:
    try:
        services.client.chat_postEphemeral(
            channel=question.channel,
            user=question.person,
            thread_ts=question.thread_ts,
            text=wording.EDITED,
            blocks=[
                blocks.build_context(wording.EDITED),
                {"type": "actions", "elements": [blocks.build_button(wording.EDITED_BUTTON, ANSWER_EDIT, event_id)]},
            ],
        )
    except SLACK_ERRORS as error:
        logger.warning("no offer for the edit %s: %s", event_id, name_error(error))
