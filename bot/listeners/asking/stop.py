"""Handles Stop: ends what is being said in a thread, or drops what its asker waits for there."""

import logging
from typing import Any

from slack_bolt import App

from bot.answering.question import Question
from bot.answering.stops import Press
from bot.services import Services
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.views import wording
from feedback import inbox

logger = logging.getLogger(__name__)

Body = dict[str, Any]

STOP = "agent_session_stopped"
KINDS = (STOP,)


def register(app: App, services: Services) -> None:
    """Listen to presses of Stop, which Slack shows while an answer is being made."""

    @app.event(STOP)
    def handle_stopped(body: Body) -> None:
        event = body["event"]
        for question in services.stops.press(event["channel"], event["thread_ts"], event.get("user", "")):
            services.waiting.drop(question)
            _say_stopped(services, question)
        _end_session(services, body)


def resume(services: Services, press: inbox.InboxEvent) -> bool:
    """End what a press had to end when a kill came. Call it before questions are resumed."""
    body = dict(press.payload)
    event = body["event"]
    restored = Press(event["channel"], event["thread_ts"], event.get("user", ""), press.ts or "")
    services.stops.restore(restored, press.received_at)
    services.pool.submit(body["event_id"], lambda: _end_session(services, body))
    return False


def _say_stopped(services: Services, question: Question) -> None:
    try:
        services.answering.say_instead(question, wording.STOPPED)
    except SLACK_ERRORS as error:
        logger.warning("could not say in %s that %s was stopped: %s", question.channel, question.ts, name_error(error))


def _end_session(services: Services, body: Body) -> None:
    """Tell Slack that nothing is being said any more: it leaves that to the app. Then the press is done."""
    channel, thread_ts = body["event"]["channel"], body["event"]["thread_ts"]
    try:
        services.client.api_call(
            "agents.sessions.setStatus",
            json={"channel_id": channel, "thread_ts": thread_ts, "status": "active"},
        )
    except SLACK_ERRORS as error:
        logger.info("no session to end in %s: %s", channel, name_error(error))
    inbox.mark_done(services.db, body["event_id"])
