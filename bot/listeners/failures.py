"""The outer edge of the listeners: logs an unexpected error under a reference and tells the person who waits."""

import logging
from collections.abc import Callable
from typing import Any

from slack_bolt import App, BoltResponse

from bot.listeners import inbox
from bot.listeners.whispers import whisper_by_url, write_directly
from bot.services import Services
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.views import wording

logger = logging.getLogger(__name__)

Body = dict[str, Any]


def register(app: App, services: Services) -> None:
    """Handle the errors of every listener, and bodies that no listener takes.

    An event that was not stored stays unacknowledged. A press, a form or a command is acknowledged anyway, and its
    person is told, in the form itself if there is one.
    """

    @app.error
    def handle_error(error: Exception, body: Body, response: BoltResponse | None) -> BoltResponse | None:
        if body.get("type") == "event_callback":
            _log(services, body, error)
            inbox.settle(services.db, str(body.get("event_id")), error)
            return None
        if not inbox.is_interaction(body):
            logger.warning("a request of type %s is of no use", body.get("type"))
            return None
        field = find_field(body) if response is not None else None
        text = wording.FAILED.format(reference=_log(services, body, error))
        if field is None:
            _tell_person(services, body, text)
        inbox.end_interaction(services, body)
        if response is None:  # it was acknowledged before
            return None
        errors = {"response_action": "errors", "errors": {field: text}}
        return BoltResponse(status=200, body=errors if field else "")


def guard(services: Services, body: Body, job: Callable[[], None]) -> Callable[[], None]:
    """Return the job wrapped so that its failure is reported to the person who pressed or typed."""

    def run() -> None:
        try:
            job()
        except Exception as error:
            report(services, body, error)

    return run


def report(services: Services, body: Body, error: Exception) -> None:
    """Log the traceback, and tell the person if the body says how to reach them."""
    _tell_person(services, body, wording.FAILED.format(reference=_log(services, body, error)))


def _log(services: Services, body: Body, error: Exception) -> str:
    """Log the traceback under a reference, and return the reference."""
    reference = services.new_id("E")
    what = body.get("event_id") or body.get("trigger_id")
    logger.error("%s of type %s failed, reference %s", what, body.get("type"), reference, exc_info=error)
    return reference


def _tell_person(services: Services, body: Body, text: str) -> None:
    """Tell the person where they pressed or typed, or by direct message if that fails, as after a form."""
    url, user = body.get("response_url"), body.get("user")
    person = user.get("id") if isinstance(user, dict) else body.get("user_id")
    try:
        if isinstance(url, str):
            whisper_by_url(url, text)
        elif isinstance(person, str):
            write_directly(services, person, text)
    except (*SLACK_ERRORS, ValueError) as unreachable:  # the address may be malformed
        logger.error("could not say so: %s", name_error(unreachable))


def find_field(body: Body) -> str | None:
    """Return the first input of a submitted form, under which Slack shows the error; None if there is none."""
    view = body.get("view") if body.get("type") == "view_submission" else None
    shown = view.get("blocks") if isinstance(view, dict) else None
    fields = (block for block in shown or () if isinstance(block, dict) and block.get("type") == "input")
    return next((str(block["block_id"]) for block in fields if "block_id" in block), None)
