"""One answer on its way into a Slack thread: streamed where Slack lets it, posted whole where it does not.

Rolls over to a further message before Slack's undocumented size limit (about 11 kB a streamed message), so that
nothing is cut. Knows nothing of what is said.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web.chat_stream import ChatStream

logger = logging.getLogger(__name__)

MESSAGE_BYTES = 9_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes, and for whom: a thread of a channel, a person of a team."""

    team: str
    channel: str
    thread_ts: str
    person: str


class ReplyStream:
    """Append Markdown, then finish once. `on_part` hears the ts of each message that the answer becomes, at once."""

    def __init__(self, client: WebClient, place: Place, on_part: Callable[[str], None]) -> None:
        self._client = client
        self._place = place
        self._on_part = on_part
        self._stream: ChatStream | None = None
        self._bytes = 0
        self._unsent = ""
        self._may_stream = True
        self.parts: list[str] = []

    def append(self, markdown: str) -> None:
        """Show more of the answer; what Slack refuses to stream is kept and posted by `finish`."""
        if not self._may_stream:
            self._unsent += markdown
            return
        try:
            self._roll_over(len(markdown.encode()))
            if self._stream is None:
                self._stream = self._open()
            response = self._stream.append(markdown_text=markdown)
        except SlackApiError as error:
            logger.warning("Streaming to %s ended: %s", self._place.channel, error.response["error"])
            self._may_stream = False
            self._unsent += markdown
        else:
            self._note(response.get("ts") if response else None)

    def finish(self, blocks: list[dict[str, Any]], metadata: dict[str, Any]) -> None:
        """End the answer with its footer. Raises SlackApiError only when nothing of the rest could be posted."""
        if self._unsent or self._stream is None:
            self._close(None, None)
            self._post(blocks, metadata)
            return
        try:
            self._close(blocks, metadata)
        except SlackApiError as error:
            logger.warning("The stream in %s did not close: %s", self._place.channel, error.response["error"])
            self._post(blocks, metadata)

    def _open(self) -> ChatStream:
        self._bytes = 0
        return self._client.chat_stream(
            buffer_size=1,
            channel=self._place.channel,
            thread_ts=self._place.thread_ts,
            recipient_user_id=self._place.person,
            recipient_team_id=self._place.team,
        )

    def _roll_over(self, size: int) -> None:
        if self._stream is not None and self._bytes + size > MESSAGE_BYTES:
            self._close(None, None)
        self._bytes += size

    def _close(self, blocks: list[dict[str, Any]] | None, metadata: dict[str, Any] | None) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        try:
            response = stream.stop(blocks=blocks, metadata=metadata)
        except SlackApiError:
            if blocks is not None:
                raise
            return
        self._note(response.get("ts"))

    def _post(self, blocks: list[dict[str, Any]], metadata: dict[str, Any]) -> None:
        text, self._unsent = self._unsent.strip(), ""
        body = [{"type": "markdown", "text": text}] if text else []
        response = self._client.chat_postMessage(
            channel=self._place.channel,
            thread_ts=self._place.thread_ts,
            text=text[:MESSAGE_BYTES] or "…",
            blocks=[*body, *blocks],
            metadata=metadata,
            unfurl_links=False,
            unfurl_media=False,
        )
        self._note(response.get("ts"))

    def _note(self, ts: str | None) -> None:
        if ts and ts not in self.parts:
            self.parts.append(ts)
            self._on_part(ts)
