"""Handles the survey: asks the few people who were drawn by direct message, and records their answer."""

import logging
from typing import Any

from slack_bolt import Ack, App

from bot.listeners.failures import guard
from bot.services import Services
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.slack.text import escape_mrkdwn, shorten
from bot.views import blocks, wording
from feedback import surveys

logger = logging.getLogger(__name__)

Body = dict[str, Any]

HELPED = {answer: f"survey_{answer}" for answer in surveys.ANSWERS}


def register(app: App, services: Services) -> None:
    """Listen to the survey's buttons."""

    def listen(answer: str) -> None:
        @app.action(HELPED[answer])
        def handle(ack: Ack, body: Body) -> None:
            survey_id, _, reply_id = body["actions"][0]["value"].partition(":")
            person = body["user"]["id"]
            role = services.directory.role(person).value
            surveys.record_answer(services.db, reply_id, person, role, answer, key=f"survey:{survey_id}")
            ack()
            services.pool.submit(body["trigger_id"], guard(services, body, lambda: _thank(services, body)))

    for answer in surveys.ANSWERS:
        listen(answer)


def ask_those_drawn(services: Services, share: float) -> int:
    """Ask everybody who is drawn now. Return how many were asked."""
    drawn = surveys.draw(services.db, services.directory.team, share=share, now=services.clock())
    for survey in drawn:
        try:
            channel = services.client.conversations_open(users=survey.person)["channel"]["id"]
            services.client.chat_postMessage(channel=channel, text=wording.SURVEY, blocks=build_survey(survey))
        except SLACK_ERRORS as error:
            logger.info("%s was not asked: %s", survey.id, name_error(error))
    return len(drawn)


def build_survey(survey: surveys.Survey) -> list[blocks.Block]:
    """Return the question whether it helped, with one button for each answer."""
    value = f"{survey.id}:{survey.reply_id}"
    buttons = [
        blocks.build_button(wording.SURVEY_ANSWERS[answer], action_id, value) for answer, action_id in HELPED.items()
    ]
    about = wording.SURVEY_ABOUT.format(question=escape_mrkdwn(shorten(survey.question, 300)))
    return [
        blocks.build_section(wording.SURVEY),
        blocks.build_context(about),
        {"type": "actions", "elements": buttons},
    ]


def _thank(services: Services, body: Body) -> None:
    services.client.chat_update(
        channel=body["channel"]["id"],
        ts=body["message"]["ts"],
        text=wording.SURVEY_THANKS,
        blocks=[blocks.build_section(wording.SURVEY_THANKS)],
    )
