"""Handles the shortcuts in a message's menu: correct an answer, ask why it was given, or teach a thread's outcome."""

import logging
from typing import Any

from slack_bolt import Ack, App

from bot.answering.question import Question
from bot.listeners.failures import guard
from bot.listeners.votes import tell_use
from bot.listeners.whispers import open_view_or_tell, whisper
from bot.services import Services
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.slack.text import plain_question
from bot.views import blocks, teaching, why_view, wording
from feedback import corrections, replies
from feedback.events import FeedbackSource, Role
from retrain.explanation import explain

logger = logging.getLogger(__name__)

Body = dict[str, Any]


def register(app: App, services: Services) -> None:
    """Listen to the shortcuts and to the modal of teaching."""

    @app.shortcut(teaching.CORRECT_SHORTCUT)
    def handle_correct(ack: Ack, body: Body) -> None:
        ack()
        guard(services, body, lambda: _open_correction(services, body))()

    @app.shortcut(why_view.WHY_SHORTCUT)
    def handle_why(ack: Ack, body: Body) -> None:
        ack()
        guard(services, body, lambda: _explain(services, body))()

    @app.shortcut(teaching.TEACH_SHORTCUT)
    def handle_teach(ack: Ack, body: Body) -> None:
        ack()
        guard(services, body, lambda: _open_teaching(services, body))()

    @app.view(teaching.TEACH_VIEW)
    def handle_taught(ack: Ack, body: Body) -> None:
        _thread, question, answer = teaching.read_view(body["view"])
        if not question or not answer:
            ack(response_action="errors", errors={teaching.QUESTION_BLOCK: wording.TEACH_EMPTY})
            return
        ack()
        services.pool.submit(body["trigger_id"], guard(services, body, lambda: take_lesson(services, body)))


def take_lesson(services: Services, body: Body) -> None:
    """Record the answer as a correction of Chip's reply to that question in the thread, or of a reply it never gave."""
    thread, text, answer = teaching.read_view(body["view"])
    person = body["user"]["id"]
    role = services.directory.role(person)
    if role is Role.CUSTOMER:
        whisper(services, body, wording.TEACH_STAFF)
        return
    team = services.directory.team
    given = replies.find_replies_to(services.db, team, thread.channel, thread.thread_ts)
    reply = next((one for one in given if one.question == text), None)
    if reply is None:
        question = Question(team, thread.channel, thread.thread_ts, thread.thread_ts, person, text)
        reply = services.answering.record_unspoken(question, text)
    correction = corrections.record_correction(
        services.db,
        reply_id=reply.id,
        person=person,
        role=role.value,
        text=answer,
        source=FeedbackSource.SHORTCUT,
        key=f"{body['view']['id']}:taught",
    )
    taken = tell_use(services, correction, reply)
    services.client.chat_postEphemeral(channel=thread.channel, user=person, thread_ts=thread.thread_ts, text=taken)


def _open_correction(services: Services, body: Body) -> None:
    reply = replies.find_reply_at(services.db, body["channel"]["id"], body["message"]["ts"])
    if reply is None:
        whisper(services, body, wording.NO_ANSWER_OF_MINE)
        return
    view = blocks.build_correction_view(reply.id, reply.question, reply.shown)
    open_view_or_tell(services, body, view)


def _explain(services: Services, body: Body) -> None:
    """Open the window at once, then fill it: a long data set takes its time."""
    reply = replies.find_reply_at(services.db, body["channel"]["id"], body["message"]["ts"])
    if reply is None:
        whisper(services, body, wording.NO_ANSWER_OF_MINE)
        return
    try:
        opened = services.client.views_open(trigger_id=body["trigger_id"], view=why_view.build_loading())
    except SLACK_ERRORS as error:
        logger.warning("the explanation did not open: %s", name_error(error))
        whisper(services, body, wording.WINDOW_NOT_OPENED)
        return
    person, learning = body["user"]["id"], services.learning
    scope = services.directory.scope(person, None)
    why = explain(services.db, services.knowledge, learning.adapters_folder, learning.runs_folder, reply, scope)
    is_customer = services.directory.role(person) is Role.CUSTOMER
    view = why_view.build_short(why) if is_customer else why_view.build_full(why)
    services.client.views_update(view_id=opened["view"]["id"], view=view)


def _open_teaching(services: Services, body: Body) -> None:
    if services.directory.role(body["user"]["id"]) is Role.CUSTOMER:
        whisper(services, body, wording.TEACH_STAFF)
        return
    open_view_or_tell(services, body, _build_view(services, body))


def _build_view(services: Services, body: Body) -> blocks.Block:
    message, channel = body["message"], body["channel"]["id"]
    thread_ts = message.get("thread_ts") or message["ts"]
    said = plain_question(message.get("text") or "", bot_user=services.bot_user)
    is_root = thread_ts == message["ts"]
    question = said if is_root else _read_root(services, channel, thread_ts)
    return teaching.build_view(teaching.Thread(channel, thread_ts), question, "" if is_root else said)


def _read_root(services: Services, channel: str, thread_ts: str) -> str:
    try:
        page = services.client.conversations_replies(channel=channel, ts=thread_ts, limit=1)
    except SLACK_ERRORS as error:
        logger.info("the root of %s cannot be read: %s", thread_ts, name_error(error))
        return ""
    return plain_question(page["messages"][0].get("text") or "", bot_user=services.bot_user)
