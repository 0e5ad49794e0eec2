"""Carries a message and its files from one thread to another: each message once, each file at least once.

Knows Slack's threads and the inbox; what a ticket is, it does not know.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient

from bot.slack import marks
from bot.slack.errors import SLACK_ERRORS, is_passing, name_error
from bot.slack.files import carry_files
from feedback import inbox
from feedback.database import Database

logger = logging.getLogger(__name__)

CARRIED = "carried"  # a fact of a message with files, in the inbox: whether all of them are in the other thread
FILES_WITHIN = timedelta(hours=1)  # that long a message waits for its files; its words go without them then


@dataclass(frozen=True, slots=True)
class Written:
    """A message of a ticket. `key` is its key in the inbox: by it, it is carried and recorded as a correction once.

    `files` are those that came with it, as Slack names them.
    """

    key: str
    ts: str
    person: str
    text: str
    files: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Crossing:
    """The way between two threads of one workspace."""

    client: WebClient
    db: Database
    bot_user: str
    clock: Callable[[], datetime]

    def carry_files(self, written: Written, channel: str, thread_ts: str, head: str) -> bool:
        """Share what came with a message in the other thread; False where something of it stays behind.

        It is shared at least once: a kill between the sharing and the note of it shares it again. Raises one of
        `SLACK_ERRORS` where it may be shared later.
        """
        if not written.files:
            return True
        stored = inbox.find_event(self.db, written.key)
        if stored is not None and CARRIED in stored.payload:
            return bool(stored.payload[CARRIED])
        try:
            is_carried = carry_files(self.client, written.files, channel, thread_ts, head)
        except SLACK_ERRORS as error:
            if stored is not None and self.clock() - stored.received_at < FILES_WITHIN:
                raise
            logger.warning("files for %s came too late: %s", channel, name_error(error))
            is_carried = False
        inbox.note(self.db, written.key, **{CARRIED: is_carried})
        return is_carried

    def post_once(self, channel: str, thread_ts: str, key: str, is_again: bool, **content: Any) -> str:
        """Post into a thread what the message `key` says, unless an earlier try did; return its ts."""
        if is_again and (posted := self._find_carried(channel, thread_ts, key)):
            return posted
        answer = self.client.chat_postMessage(
            channel=channel, thread_ts=thread_ts, metadata=marks.mark_outcome(key), **content
        )
        return str(answer["ts"])

    def _find_carried(self, channel: str, thread_ts: str, key: str) -> str | None:
        try:
            said = marks.find_own_messages(self.client, self.bot_user, channel, thread_ts)
        except SLACK_ERRORS as error:
            if is_passing(error):
                raise
            logger.warning("a thread in %s cannot be read: %s", channel, name_error(error))
            return None
        return next((str(message["ts"]) for message in said if marks.is_about(message, key)), None)
