"""Shows messages to the one person who pressed something, and opens windows for them."""

import logging
from typing import Any

from slack_bolt import Respond

from bot.services import Services
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.views import wording
from bot.views.blocks import Block

logger = logging.getLogger(__name__)

Body = dict[str, Any]


def whisper(services: Services, body: Body, text: str) -> None:
    """Say it in the thread of what was pressed, or by direct message if that is Home, a window or no place at all.

    Raises one of `SLACK_ERRORS` if neither reaches the person.
    """
    person = body["user"]["id"]
    if "channel" not in body:
        write_directly(services, person, text)
        return
    try:
        services.client.chat_postEphemeral(
            channel=body["channel"]["id"], user=person, thread_ts=find_thread(body), text=text
        )
    except SLACK_ERRORS as error:
        if "response_url" not in body:
            raise
        logger.info("answered by response_url, since Chip may not write there: %s", name_error(error))
        whisper_by_url(body["response_url"], text)


def find_thread(body: Body) -> str | None:
    """Return the thread of what was pressed; None if it stands in none. Slack names it in one of two places."""
    found = body.get("container", {}).get("thread_ts") or body.get("message", {}).get("thread_ts")
    return None if found is None else str(found)


def whisper_by_url(url: str, text: str) -> None:
    """Say it by a `response_url` to the person who pressed or typed.

    Raises one of `SLACK_ERRORS`, or `ValueError` if there is no address.
    """
    Respond(response_url=url, proxy=None, ssl=None)(text=text, response_type="ephemeral", replace_original=False)


def write_directly(services: Services, person: str, text: str) -> None:
    """Say it by direct message. Raises one of `SLACK_ERRORS`."""
    channel = services.client.conversations_open(users=person)["channel"]["id"]
    services.client.chat_postMessage(channel=channel, text=text)


def open_view(services: Services, body: Body, view: Block) -> bool:
    """Open the window for the person who pressed. Return False if Slack refuses, as it does after three seconds."""
    try:
        services.client.views_open(trigger_id=body["trigger_id"], view=view)
    except SLACK_ERRORS as error:
        logger.warning("the window %s did not open: %s", view["callback_id"], name_error(error))
        return False
    return True


def open_view_or_tell(services: Services, body: Body, view: Block) -> None:
    """Open the window, or tell the person that it did not open and what to do."""
    if not open_view(services, body, view):
        whisper(services, body, wording.WINDOW_NOT_OPENED)
