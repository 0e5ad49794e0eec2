"""Finds a stream that Slack opened although its response was lost, so that the answer goes on there."""

import time

from slack_sdk import WebClient

from bot.slack import client as web_client
from bot.slack import marks
from bot.slack.errors import SLACK_ERRORS, Unsettled, is_passing, name_error
from feedback import replies
from feedback.database import Database


def find_lost_stream(
    client: WebClient, db: Database, bot_user: str, place: tuple[str, str], oldest: str, text: str
) -> str | None:
    """Return the ts of the stream that began with `text` after the ts `oldest`; None if there is none.

    `place` is a channel and the ts of a thread. Raises `Unsettled` if the thread cannot be read now.
    """
    time.sleep(web_client.SETTLING_SECONDS)
    try:
        posted = marks.find_own_messages(client, bot_user, *place, oldest)
    except SLACK_ERRORS as error:
        if is_passing(error):
            raise Unsettled(f"{place[0]} cannot be read: {name_error(error)}") from error
        return None
    unmarked = [message for message in posted if not message.get("metadata") and not message.get("files")]
    if unmarked:
        time.sleep(web_client.SETTLING_SECONDS)  # another answer may have begun at this very moment
    stamps = replies.find_unknown_parts(db, place[0], [message["ts"] for message in unmarked])
    unknown = [message for message in unmarked if message["ts"] in stamps]
    same = [message for message in unknown if message["text"].strip() == text.strip()]
    return next((str(message["ts"]) for message in [*same, *unknown]), None)
