"""Carries messages between a person who helps and the person who is helped. Chip does not answer them.

Knows the payloads. `bot.tickets` decides what is carried where.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from bot.services import Services
from bot.slack.errors import SLACK_ERRORS, is_passing, name_error
from bot.slack.written import read_own_text, read_text
from bot.tickets.crossing import Written
from feedback import inbox

logger = logging.getLogger(__name__)

Body = dict[str, Any]
_WRITTEN_SUBTYPES = (None, "file_share", "thread_broadcast")


def queue_carrying(services: Services, body: Body, *, is_resumed: bool = False) -> bool:
    """Queue a message that belongs to a ticket. Return False for every other event."""
    carry = _find_carrier(services, body)
    if carry is None:
        return False
    _queue(services, body["event_id"], carry, is_again=is_resumed)
    return True


def _find_carrier(services: Services, body: Body) -> Callable[[bool], None] | None:
    """Return the function that carries the message; None if there is nothing to carry.

    The function is told whether an earlier try may have carried it.
    """
    event = body["event"]
    person, thread_ts = event.get("user"), event.get("thread_ts")
    is_written = event["type"] == "message" and event.get("subtype") in _WRITTEN_SUBTYPES and not event.get("bot_id")
    mentions_chip = f"<@{services.bot_user}>" in read_own_text(event)
    if not is_written or thread_ts is None or person in (None, services.bot_user) or mentions_chip:
        return None
    desk = services.tickets
    written = Written(body["event_id"], event["ts"], person, read_text(event), tuple(event.get("files") or ()))
    if (mine := desk.find_for_message(event["channel"], thread_ts)) is not None:
        return partial(desk.handle_message, mine, written)
    if (taken := desk.find_claimed(services.directory.team, event["channel"], thread_ts)) is not None:
        return partial(desk.forward, taken, written)
    return None


def _queue(services: Services, key: str, carry: Callable[[bool], None], *, is_again: bool, tries: int = 0) -> None:
    services.pool.submit(key, lambda: _carry(services, key, carry, is_again=is_again, tries=tries))


def _carry(services: Services, key: str, carry: Callable[[bool], None], *, is_again: bool, tries: int) -> None:
    """Carry a message. If Slack fails for a temporary reason, try again after a pause."""
    try:
        carry(is_again)
    except SLACK_ERRORS as error:
        logger.warning("message %s of a ticket was not carried: %s", key, name_error(error))
        if is_passing(error):
            services.later.put(tries, lambda: _queue(services, key, carry, is_again=True, tries=tries + 1))
            return
    inbox.mark_done(services.db, key)
