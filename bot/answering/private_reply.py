"""Collects an answer for one person and shows it whole, because Slack does not stream private messages.

Knows nothing of what is said or of how it is shown.
"""

from collections.abc import Callable
from typing import Any, Protocol

from bot.answering.reply_stream import MESSAGE_BYTES
from bot.slack.splitting import split_markdown

Show = Callable[[str, list[dict[str, Any]]], str]
"""Shows a text with its blocks to the person, and returns the message's ts, or "" where Slack does not tell it."""


class Outlet(Protocol):
    """The destination of an answer. `parts` are the ts of its messages; `markdown` is everything that was appended."""

    is_stopped: bool
    parts: list[str]
    markdown: str

    def append(self, markdown: str) -> None: ...

    def finish(self, blocks: list[dict[str, Any]], metadata: dict[str, Any]) -> None: ...

    def abandon(self) -> None: ...


class PrivateReply:
    """Collects Markdown until `finish`, which passes it to `show` in messages that Slack accepts.

    `on_part` is called with the ts of each message."""

    def __init__(self, show: Show, on_part: Callable[[str], None]) -> None:
        self._show = show
        self._on_part = on_part
        self.is_stopped = False
        self.parts: list[str] = []
        self.markdown = ""

    def append(self, markdown: str) -> None:
        """Collect more of the answer."""
        self.markdown += markdown

    def finish(self, blocks: list[dict[str, Any]], metadata: dict[str, Any]) -> None:  # noqa: ARG002  # as a stream has
        """Show the answer with its footer. Raises one of `SLACK_ERRORS` if it cannot be shown."""
        *texts, last = split_markdown(self.markdown.strip(), MESSAGE_BYTES)
        for text in texts:
            self._show_part(text, [])
        self._show_part(last, blocks)

    def _show_part(self, text: str, blocks: list[dict[str, Any]]) -> None:
        ts = self._show(text, [{"type": "markdown", "text": text}, *blocks])
        if ts:
            self.parts.append(ts)
            self._on_part(ts)

    def abandon(self) -> None:
        """Show nothing."""
