"""One answer on its way into a Slack thread: streamed where Slack lets it, posted whole where it does not.

Rolls over to a further message before Slack's undocumented limits (about 11 kB and five minutes a streamed message),
so that nothing is cut, and puts a broken stream right by `chat.update`. Knows nothing of what is said.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient

from bot.slack_errors import SLACK_ERRORS, name_error
from bot.slack_text import shorten
from bot.splitting import break_off, split_markdown

logger = logging.getLogger(__name__)

MESSAGE_BYTES = 9_000
LIFETIME_SECONDS = 240.0  # Slack ends a stream by itself after about five minutes
UPDATE_CHARACTERS = 3_000  # of the text behind the blocks; Slack takes 4,000
STOPPED = "stopped_by_user"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes, and for whom: a thread of a channel, a person of a team (their own, also a foreign one)."""

    team: str
    channel: str
    thread_ts: str
    person: str


class ReplyStream:
    """Append Markdown, then finish once. `on_part` hears the ts of each message that the answer becomes, at once.

    `is_stopped`: the person pressed Stop; what is appended after that is not shown.
    """

    def __init__(
        self,
        client: WebClient,
        place: Place,
        on_part: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with nothing shown; `clock` gives seconds."""
        self._client = client
        self._place = place
        self._on_part = on_part
        self._ts: str | None = None  # of the message that is being streamed
        self._part = ""  # streamed into it
        self._clock = clock
        self._started = 0.0
        self._unsent = ""
        self._may_stream = place.person.startswith(("U", "W"))  # to another bot, a B…, Slack streams nothing
        self.is_stopped = False
        self.parts: list[str] = []
        self.markdown = ""  # all that was appended

    def append(self, markdown: str) -> None:
        """Show more of the answer; what Slack refuses to stream is kept and posted by `finish`."""
        if self.is_stopped:
            return
        self.markdown += markdown
        if not self._may_stream:
            self._unsent += markdown
            return
        for piece in split_markdown(markdown, MESSAGE_BYTES):
            self._try_to_send(piece)

    def finish(self, blocks: list[dict[str, Any]], metadata: dict[str, Any]) -> None:
        """End the answer with its footer. Raises one of `SLACK_ERRORS` only when the rest could not be posted."""
        ts, part = self._ts, self._part
        if not self._unsent and self._close(blocks, metadata):
            return
        self.abandon()
        if ts is not None and self._update(ts, part + self._unsent, blocks, metadata):
            return
        *pieces, last = split_markdown(self._unsent.strip(), MESSAGE_BYTES)
        self._unsent = ""
        for piece in pieces:
            self._post(piece, [], None)
        self._post(last, blocks, metadata)

    def abandon(self) -> None:
        """End the message that is being streamed as it stands; harmless where there is none."""
        self._close(None, None)

    def _try_to_send(self, markdown: str) -> None:
        if not self._may_stream:
            self._unsent += "" if self.is_stopped else markdown
            return
        try:
            self._send(markdown)
        except SLACK_ERRORS as error:
            self._give_up(markdown, name_error(error))

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
        """End this message, and the code block that is open in it; return what the next one begins with."""
        ending, beginning = break_off(self._part, markdown)
        if ending:
            self._client.chat_appendStream(channel=self._place.channel, ts=str(self._ts), markdown_text=ending)
        self.abandon()
        return beginning + markdown.lstrip("\n")

    def _start(self, markdown: str) -> None:
        response = self._client.chat_startStream(
            channel=self._place.channel,
            thread_ts=self._place.thread_ts,
            recipient_user_id=self._place.person,
            recipient_team_id=self._place.team,
            markdown_text=markdown,
        )
        self._ts = str(response["ts"])
        self._started = self._clock()
        self._note(self._ts)

    def _give_up(self, markdown: str, reason: str) -> None:
        logger.warning("streaming to %s ended: %s", self._place.channel, reason)
        self._may_stream = False
        self.is_stopped = reason == STOPPED
        if not self.is_stopped:
            self._unsent += markdown

    def _close(self, blocks: list[dict[str, Any]] | None, metadata: dict[str, Any] | None) -> bool:
        """Stop the stream; False where none was open or Slack did not do it."""
        ts, self._ts, self._part = self._ts, None, ""
        if ts is None:
            return False
        try:
            self._client.chat_stopStream(channel=self._place.channel, ts=ts, blocks=blocks, metadata=metadata)
        except SLACK_ERRORS as error:
            logger.warning("the stream in %s did not close: %s", self._place.channel, name_error(error))
            return False
        return True

    def _update(self, ts: str, text: str, blocks: list[dict[str, Any]], metadata: dict[str, Any]) -> bool:
        """Put the whole part and the footer where a broken stream stands; False where it is too long or refused."""
        text = text.strip()
        if len(text.encode()) > MESSAGE_BYTES:
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
            logger.warning("the stream in %s was not replaced: %s", self._place.channel, name_error(error))
            return False
        self._unsent = ""
        return True

    def _post(self, text: str, blocks: list[dict[str, Any]], metadata: dict[str, Any] | None) -> None:
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
        self._note(str(response["ts"]))

    def _note(self, ts: str) -> None:
        self.parts.append(ts)
        self._on_part(ts)
