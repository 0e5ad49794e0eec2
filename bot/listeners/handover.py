"""Messages between a person who helps and the person who is helped: Chip carries them, and does not answer them.

Knows the payloads; what is carried where is decided in `bot.tickets`.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from bot.parts import Parts
from bot.slack_errors import SLACK_ERRORS, name_error
from feedback import inbox

logger = logging.getLogger(__name__)

Body = dict[str, Any]
_WRITTEN_SUBTYPES = (None, "file_share", "thread_broadcast")


def take(parts: Parts, body: Body) -> bool:
    """Queue a message that belongs to a ticket; False for every other event."""
    job = _find_job(parts, body)
    if job is None:
        return False
    parts.pool.submit(body["event_id"], lambda: _carry(parts, body["event_id"], job))
    return True


def _find_job(parts: Parts, body: Body) -> Callable[[], None] | None:
    event = body["event"]
    person, text, thread_ts = event.get("user"), event.get("text") or "", event.get("thread_ts")
    is_written = event["type"] == "message" and event.get("subtype") in _WRITTEN_SUBTYPES and not event.get("bot_id")
    mentions_chip = f"<@{parts.bot_user}>" in text
    if not is_written or thread_ts is None or person in (None, parts.bot_user) or mentions_chip:
        return None
    desk = parts.tickets
    if (mine := desk.find_for_message(event["channel"], thread_ts)) is not None:
        return partial(desk.take_message, mine, person, text, key=body["event_id"])
    if (taken := desk.find_claimed(parts.directory.team, event["channel"], thread_ts)) is not None:
        return partial(desk.forward, taken, person, text)
    return None


def _carry(parts: Parts, key: str, job: Callable[[], None]) -> None:
    try:
        job()
    except SLACK_ERRORS as error:
        logger.warning("message %s of a ticket was not carried: %s", key, name_error(error))
    finally:
        inbox.mark_done(parts.db, key)
