"""Carries a message and its files from one thread to another: each message once, each file at least once.

Knows Slack's threads and the inbox. Does not know what a ticket is.
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

CARRIED = "carried"  # a fact in the inbox about a message with files: whether all of them are in the other thread
FILES_WITHIN = timedelta(hours=1)  # how long a message waits for its files; then its words go without them


@dataclass(frozen=True, slots=True)
class Written:
    """A message in a ticket's thread. `key` is its key in the inbox, so that it is carried and recorded only once.

    `files` are the attached files, as Slack lists them.
    """

    key: str
    ts: str
    person: str
    text: str
    files: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Crossing:
    """Carries between the threads of one workspace."""

    client: WebClient
    db: Database
    bot_user: str
    clock: Callable[[], datetime]

    def carry_files(self, written: Written, channel: str, thread_ts: str, head: str) -> bool:
        """Share a message's files in the other thread. Return False if some of them stay behind.

        Files are shared at least once: a kill between sharing and noting it shares them again. Raises one of
        `SLACK_ERRORS` if a later try may share them.
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
        """Post into a thread what the message `key` says, unless an earlier try did. Return its ts."""
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
