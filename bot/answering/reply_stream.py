"""Writes one answer into a Slack thread: streams it, or posts and updates it if Slack refuses to stream.

Continues in another message before Slack's undocumented limits (about 11 kB and five minutes for a streamed message),
so that nothing is cut off. Continues a broken stream with `chat.update`. Knows nothing of what is said.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient

from bot.slack.errors import SLACK_ERRORS, Unsettled, is_unsure, name_error
from bot.slack.marks import mark_begun
from bot.slack.splitting import break_off, split_markdown
from bot.slack.text import shorten

logger = logging.getLogger(__name__)

MESSAGE_BYTES = 9_000
UPDATE_BYTES = 11_000  # a full message and what ends it; Slack takes 12,000 characters of Markdown in blocks
UPDATE_SECONDS = 1.2  # Slack takes about fifty updates a minute
LIFETIME_SECONDS = 240.0  # Slack ends a stream by itself after about five minutes
UPDATE_CHARACTERS = 3_000  # of the text behind the blocks; Slack takes 4,000
STOPPED = "stopped_by_user"


@dataclass(frozen=True, slots=True)
class Place:
    """The thread that an answer goes to, and its reader. `team` is the reader's own, which may be a foreign one."""

    team: str
    channel: str
    thread_ts: str
    person: str


class ReplyStream:
    """Shows appended Markdown until `finish`. Calls `on_part` with the ts of each new message of the answer.

    `find_lost` returns the ts of a stream that Slack opened with a text although its response was lost, or None. Once
    the person has pressed Stop, `is_stopped` holds and further text is not shown.
    """

    def __init__(
        self,
        client: WebClient,
        place: Place,
        on_part: Callable[[str], None],
        find_lost: Callable[[str], str | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Show nothing yet. `clock` returns seconds."""
        self._client = client
        self._place = place
        self._on_part = on_part
        self._find_lost = find_lost
        self._unsettled: Unsettled | None = None  # what may stand in the thread is not known
        self._ts: str | None = None  # of the message that grows
        self._part = ""  # shown in it
        self._is_stream = False  # it grows by streaming, else by updates
        self._updated = -math.inf
        self._clock = clock
        self._started = 0.0
        self._unsent = ""
        # To another bot, a B…, Slack streams nothing, and it would take the first words for the answer.
        self._may_stream = self._may_grow = place.person.startswith(("U", "W"))
        self.is_stopped = False
        self.parts: list[str] = []
        self.markdown = ""  # all that was appended

    def append(self, markdown: str) -> None:
        """Show more of the answer, at once or soon. `finish` posts what Slack refuses to show now."""
        if self.is_stopped:
            return
        self.markdown += markdown
        for piece in split_markdown(markdown, MESSAGE_BYTES):
            self._try_to_send(piece)

    def finish(self, blocks: list[dict[str, Any]], metadata: dict[str, Any]) -> None:
        """End the answer with its footer. Raises one of `SLACK_ERRORS` only if the rest cannot be posted.

        Raises `Unsettled` if it is unknown how much was posted; end it when the thread can be read again.
        """
        if self._unsettled is not None:
            raise self._unsettled
        ts, part = self._ts, self._part
        if not self._unsent and self._close(blocks, metadata):
            return
        self.abandon()
        if ts is not None and self._update(ts, part + self._unsent, blocks, metadata):
            return
        opening = break_off(part, self._unsent)[1] if ts is not None else ""
        *pieces, last = split_markdown(f"{opening}{self._unsent.strip()}" if self._unsent else "", MESSAGE_BYTES)
        self._unsent = ""
        for piece in pieces:
            self._post(piece, [], mark_begun())
        self._post(last, blocks, metadata)

    def abandon(self) -> None:
        """End the streamed message as it is; does nothing if there is none."""
        self._close(None, None)

    def _try_to_send(self, markdown: str) -> None:
        if not self._may_stream:
            self._grow("" if self.is_stopped else markdown)
            return
        try:
            self._send(markdown)
        except Unsettled as error:
            self._may_stream = False
            self._wait(error)
            self._grow(markdown)
        except SLACK_ERRORS as error:
            self._give_up(markdown, name_error(error))

    def _wait(self, error: Unsettled) -> None:
        logger.warning("what stands in %s is not known: %s", self._place.channel, error)
        self._unsettled, self._may_grow = error, False

    def _send(self, markdown: str) -> None:
        if self._ts is not None and self._is_used_up(markdown):
            markdown = self._roll_over(markdown)
        if self._ts is None:
            self._start(markdown)
            self._part = markdown
            return
        self._client.chat_appendStream(channel=self._place.channel, ts=self._ts, markdown_text=markdown)
        self._part += markdown

    def _is_used_up(self, markdown: str) -> bool:
        is_full = len((self._part + markdown).encode()) > MESSAGE_BYTES
        return is_full or self._clock() - self._started > LIFETIME_SECONDS

    def _roll_over(self, markdown: str) -> str:
        """End this message and close its open code block. Return the beginning of the next message."""
        ending, beginning = break_off(self._part, markdown)
        if ending:
            self._client.chat_appendStream(channel=self._place.channel, ts=str(self._ts), markdown_text=ending)
        self.abandon()
        return beginning + markdown.lstrip("\n")

    def _start(self, markdown: str) -> None:
        try:
            response = self._client.chat_startStream(
                channel=self._place.channel,
                thread_ts=self._place.thread_ts,
                recipient_user_id=self._place.person,
                recipient_team_id=self._place.team,
                markdown_text=markdown,
            )
            ts = str(response["ts"])
        except SLACK_ERRORS as error:
            found = self._find_lost(markdown) if is_unsure(error) else None
            if found is None:
                raise
            logger.info("a stream in %s began, though Slack said %s", self._place.channel, name_error(error))
            ts = found
        self._ts, self._is_stream = ts, True
        self._started = self._clock()
        self._note(self._ts)

    def _give_up(self, markdown: str, reason: str) -> None:
        logger.warning("streaming to %s ended: %s", self._place.channel, reason)
        self._may_stream = False
        self.is_stopped = reason == STOPPED
        if self.is_stopped:
            return
        if self._ts is not None:
            ts, part = self._ts, self._part
            self.abandon()
            self._ts, self._part = ts, part
        self._grow(markdown)

    def _grow(self, markdown: str) -> None:
        """Show more by posting and updating, about once a second. Text that comes earlier waits."""
        shown = self._part + self._unsent
        if self._ts is not None and self._may_grow and len((shown + markdown).encode()) > MESSAGE_BYTES:
            ending, beginning = break_off(shown, markdown)
            self._may_grow = self._update(self._ts, shown + ending, [], mark_begun())
            if self._may_grow:
                self._ts, self._part, markdown = None, "", beginning + markdown.lstrip("\n")
        self._unsent += markdown
        if not self._may_grow or not self._unsent.strip() or self._clock() - self._updated < UPDATE_SECONDS:
            return
        self._may_grow = self._show_unsent()
        self._updated = self._clock()

    def _show_unsent(self) -> bool:
        """Post a message or extend the posted one. Return False if Slack refuses; `finish` tries again."""
        shown = self._part + self._unsent
        if self._ts is not None:
            is_shown = self._update(self._ts, shown, [], mark_begun())
            self._part = shown if is_shown else self._part
            return is_shown
        try:
            self._ts = self._post(shown.strip(), [], mark_begun())
        except Unsettled as error:
            self._wait(error)
            return False
        except SLACK_ERRORS as error:
            logger.warning("nothing is shown in %s before the end: %s", self._place.channel, name_error(error))
            return False
        self._part, self._unsent = shown, ""
        return True

    def _close(self, blocks: list[dict[str, Any]] | None, metadata: dict[str, Any] | None) -> bool:
        """Stop the stream. Return False if none was open or Slack refused."""
        ts, is_stream = self._ts, self._is_stream
        self._ts, self._part, self._is_stream = None, "", False
        if ts is None or not is_stream:
            return False
        try:
            self._client.chat_stopStream(channel=self._place.channel, ts=ts, blocks=blocks, metadata=metadata)
        except SLACK_ERRORS as error:
            logger.warning("the stream in %s did not close: %s", self._place.channel, name_error(error))
            return False
        return True

    def _update(self, ts: str, text: str, blocks: list[dict[str, Any]], metadata: dict[str, Any]) -> bool:
        """Replace a message by the whole part and the footer. Return False if it is too long or refused."""
        text = text.strip()
        if len(text.encode()) > UPDATE_BYTES:
            return False
        shown = [{"type": "markdown", "text": text}] if text else []
        try:
            self._client.chat_update(
                channel=self._place.channel,
                ts=ts,
                text=shorten(text, UPDATE_CHARACTERS) or "…",
                blocks=[*shown, *blocks],
                metadata=metadata,
            )
        except SLACK_ERRORS as error:
            logger.warning("an answer in %s was not updated: %s", self._place.channel, name_error(error))
            return False
        self._unsent = ""
        return True

    def _post(self, text: str, blocks: list[dict[str, Any]], metadata: dict[str, Any]) -> str:
        body = [{"type": "markdown", "text": text}] if text else []
        response = self._client.chat_postMessage(
            channel=self._place.channel,
            thread_ts=self._place.thread_ts,
            text=text or "…",
            blocks=[*body, *blocks],
            metadata=metadata,
            unfurl_links=False,
            unfurl_media=False,
        )
        ts = str(response["ts"])
        self._note(ts)
        return ts

    def _note(self, ts: str) -> None:
        self.parts.append(ts)
        self._on_part(ts)
