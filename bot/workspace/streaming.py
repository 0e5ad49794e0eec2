"""Owns which messages are being streamed and the limits of a stream: size of a call, whole size, lifetime.

Knows nothing of HTTP or of the text itself. The board holds what was streamed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from bot.workspace.errors import SlackError

State = Literal["streaming", "ended", "stopped_by_user"]


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Documented: 12,000 characters per call. Observed by others: about 12,000 in all and 5 minutes of life."""

    call_characters: int = 12_000
    total_characters: int = 12_000
    lifetime_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class Stream:
    started: datetime
    size: int = 0
    state: State = "streaming"


@dataclass(frozen=True, slots=True)
class Piece:
    """What one call adds: Markdown, and blocks to show under the text."""

    markdown: str
    blocks: tuple[Mapping[str, Any], ...] = ()


class Streams:
    """The state of every streamed message, by channel and timestamp."""

    def __init__(self, clock: Callable[[], datetime], limits: StreamLimits) -> None:
        self._clock = clock
        self.limits = limits
        self._streams: dict[tuple[str, str], Stream] = {}

    def start(self, channel: str, ts: str) -> None:
        self._streams[(channel, ts)] = Stream(self._clock())

    def is_streaming(self, channel: str, ts: str) -> bool:
        stream = self._streams.get((channel, ts))
        return stream is not None and self._current(stream).state == "streaming"

    def grow(self, channel: str, ts: str, characters: int) -> None:
        """Counts what a call adds. Raises SlackError if the stream has ended or is full."""
        stream = self.get_open(channel, ts)
        if stream.size + characters > self.limits.total_characters:
            raise SlackError("msg_too_long")
        self._streams[(channel, ts)] = replace(stream, size=stream.size + characters)

    def get_open(self, channel: str, ts: str) -> Stream:
        """Raises SlackError: message_not_in_streaming_state, stopped_by_user."""
        stream = self._streams.get((channel, ts))
        if stream is None:
            raise SlackError("message_not_in_streaming_state")
        current = self._current(stream)
        if current.state == "stopped_by_user":
            raise SlackError("stopped_by_user")
        if current.state == "ended":
            raise SlackError("message_not_in_streaming_state")
        return current

    def end(self, channel: str, ts: str, state: State = "ended") -> None:
        self._streams[(channel, ts)] = replace(self._streams[(channel, ts)], state=state)

    def _current(self, stream: Stream) -> Stream:
        age = (self._clock() - stream.started).total_seconds()
        if stream.state == "streaming" and age > self.limits.lifetime_seconds:
            return replace(stream, state="ended")
        return stream


def parse_piece(markdown: str | None, chunks: Sequence[Mapping[str, Any]] | None, limits: StreamLimits) -> Piece:
    """Reads markdown_text or chunks, never both. Raises SlackError: invalid_arguments, invalid_chunks, msg_too_long."""
    if markdown is not None and chunks is not None:
        raise SlackError("invalid_arguments", ["[ERROR] markdown_text and chunks cannot be used together"])
    piece = Piece(markdown) if markdown is not None else _read_chunks(chunks or ())
    if len(piece.markdown) > limits.call_characters:
        raise SlackError("msg_too_long")
    return piece


def _read_chunks(chunks: Sequence[Mapping[str, Any]]) -> Piece:
    text: list[str] = []
    blocks: list[Mapping[str, Any]] = []
    for index, chunk in enumerate(chunks):
        kind = chunk.get("type") if isinstance(chunk, Mapping) else None
        if kind == "markdown_text" and isinstance(chunk.get("text"), str):
            text.append(chunk["text"])
        elif kind == "blocks" and isinstance(chunk.get("blocks"), list):
            blocks.extend(chunk["blocks"])
        elif kind not in ("task_update", "plan_update"):
            raise SlackError("invalid_chunks", [f"[ERROR] unsupported chunk [json-pointer:/chunks/{index}]"])
    return Piece("".join(text), tuple(blocks))
