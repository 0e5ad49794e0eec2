"""The edge where what nobody foresaw is logged under a reference, and said to the person who waits for something."""

import logging
from collections.abc import Callable
from typing import Any

from slack_bolt import App, Respond

from bot import wording
from bot.listeners.whispers import whisper
from bot.parts import Parts
from bot.slack_errors import SLACK_ERRORS, name_error

logger = logging.getLogger(__name__)

Body = dict[str, Any]


def register(app: App, parts: Parts) -> None:
    """Hear of every failed listener. Nothing is returned: an event that was not stored stays unacknowledged."""

    @app.error
    def handle_error(error: Exception, body: Body) -> None:
        report(parts, body, error)


def guard(parts: Parts, body: Body, job: Callable[[], None]) -> Callable[[], None]:
    """Return the job with its failure reported to the person who pressed or typed."""

    def run() -> None:
        try:
            job()
        except Exception as error:
            report(parts, body, error)

    return run


def report(parts: Parts, body: Body, error: Exception) -> None:
    """Log the traceback; tell the person: where they pressed or typed, or by direct message after Home or a form."""
    reference = parts.new_id("E")
    what = body.get("event_id") or body.get("trigger_id")
    logger.error("%s of type %s failed, reference %s", what, body.get("type"), reference, exc_info=error)
    text, url = wording.FAILED.format(reference=reference), body.get("response_url")
    try:
        if url is not None:
            Respond(response_url=url, proxy=None, ssl=None)(
                text=text, response_type="ephemeral", replace_original=False
            )
        elif isinstance(body.get("user"), dict):
            whisper(parts, body, text)
    except SLACK_ERRORS as unreachable:
        logger.error("could not say so: %s", name_error(unreachable))
