"""A stream that Slack opened though its word of that was lost: found in its thread, where the answer then goes on."""

import time
from collections.abc import Mapping
from typing import Any

from slack_sdk import WebClient

from bot import marks
from bot.slack_errors import SLACK_ERRORS, Unsettled, is_passing, name_error
from feedback import replies
from feedback.database import Database


def find_lost_stream(
    client: WebClient, db: Database, bot_user: str, place: tuple[str, str], oldest: str, text: str
) -> str | None:
    """Return the ts of the stream that began with `text` after the ts `oldest`; None where there is none.

    `place` is a channel and the ts of a thread. Raises `Unsettled` where the thread cannot be read for now.
    """
    time.sleep(marks.SETTLING_SECONDS)
    try:
        posted = marks.find_own_messages(client, bot_user, *place, oldest)
    except SLACK_ERRORS as error:
        if is_passing(error):
            raise Unsettled(f"{place[0]} cannot be read: {name_error(error)}") from error
        return None
    unmarked = [message for message in posted if not message.get("metadata")]
    if unmarked:
        time.sleep(marks.SETTLING_SECONDS)  # an answer beside this one may have begun this very moment
    unknown = [message for message in unmarked if not _is_known(db, place[0], message)]
    same = [message for message in unknown if message["text"].strip() == text.strip()]
    return next((str(message["ts"]) for message in [*same, *unknown]), None)


def _is_known(db: Database, channel: str, message: Mapping[str, Any]) -> bool:
    with db.read() as connection:
        return replies.find_reply_id(connection, channel, message["ts"]) is not None
