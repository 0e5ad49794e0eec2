"""One answer on its way into a Slack thread: streamed where Slack lets it, posted whole where it does not.

Rolls over to a further message before Slack's undocumented size limit (about 11 kB a streamed message), so that
nothing is cut. Knows nothing of what is said.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient

from bot.slack_errors import SLACK_ERRORS, name_error
from bot.slack_text import split_text

logger = logging.getLogger(__name__)

MESSAGE_BYTES = 9_000
STOPPED = "stopped_by_user"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes, and for whom: a thread of a channel, a person of a team."""

    team: str
    channel: str
    thread_ts: str
    person: str


class ReplyStream:
    """Append Markdown, then finish once. `on_part` hears the ts of each message that the answer becomes, at once.

    `is_stopped`: the person pressed Stop; what is appended after that is not shown.
    """

    def __init__(self, client: WebClient, place: Place, on_part: Callable[[str], None]) -> None:
        self._client = client
        self._place = place
        self._on_part = on_part
        self._ts: str | None = None  # of the message that is being streamed
        self._bytes = 0  # streamed into it
        self._unsent = ""
        self._may_stream = True
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
        try:
            self._send(markdown)
        except SLACK_ERRORS as error:
            self._give_up(markdown, name_error(error))

    def finish(self, blocks: list[dict[str, Any]], metadata: dict[str, Any]) -> None:
        """End the answer with its footer. Raises one of `SLACK_ERRORS` only when the rest could not be posted."""
        if not self._unsent and self._close(blocks, metadata):
            return
        self.abandon()
        *pieces, last = split_text(self._unsent.strip(), MESSAGE_BYTES)
        self._unsent = ""
        for piece in pieces:
            self._post(piece, [], None)
        self._post(last, blocks, metadata)

    def abandon(self) -> None:
        """End the message that is being streamed as it stands; harmless where there is none."""
        self._close(None, None)

    def _send(self, markdown: str) -> None:
        size = len(markdown.encode())
        if self._bytes + size > MESSAGE_BYTES:
            self.abandon()
        if self._ts is None:
            self._start(markdown)
            self._bytes = size
            return
        self._client.chat_appendStream(channel=self._place.channel, ts=self._ts, markdown_text=markdown)
        self._bytes += size

    def _start(self, markdown: str) -> None:
        response = self._client.chat_startStream(
            channel=self._place.channel,
            thread_ts=self._place.thread_ts,
            recipient_user_id=self._place.person,
            recipient_team_id=self._place.team,
            markdown_text=markdown,
        )
        self._ts = str(response["ts"])
        self._note(self._ts)

    def _give_up(self, markdown: str, reason: str) -> None:
        logger.warning("streaming to %s ended: %s", self._place.channel, reason)
        self._may_stream = False
        self.is_stopped = reason == STOPPED
        if not self.is_stopped:
            self._unsent += markdown

    def _close(self, blocks: list[dict[str, Any]] | None, metadata: dict[str, Any] | None) -> bool:
        """Stop the stream; False where none was open or Slack did not do it."""
        ts, self._ts, self._bytes = self._ts, None, 0
        if ts is None:
            return False
        try:
            self._client.chat_stopStream(channel=self._place.channel, ts=ts, blocks=blocks, metadata=metadata)
        except SLACK_ERRORS as error:
            logger.warning("the stream in %s did not close: %s", self._place.channel, name_error(error))
            return False
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
