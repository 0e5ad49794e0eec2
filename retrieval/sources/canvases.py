"""The canvases of a chat channel as a source. Fetching them is passed in; knows nothing of Slack."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from retrieval.reading.documents import (
    Document,
    Found,
    Item,
    ReadFile,
    RejectedError,
    Rules,
    Unreadable,
    build_document,
)
from retrieval.sources.folder import fingerprint


@dataclass(frozen=True, slots=True)
class Canvas:
    """One canvas: its id, its title ("" for a channel's own), its HTML, the day of its last change, its address."""

    id: str
    title: str
    html: bytes
    day: date | None
    url: str | None


def list_canvases(
    channel: str, canvases: Iterable[Canvas | Unreadable], rules: Rules, *, prefix: str
) -> Iterator[Found]:
    """Yield each canvas. Everybody in the channel may write it, so the source and not the text decides the audience."""
    fixed = Rules(rules.audience, is_fixed=True)
    for canvas in canvases:
        if isinstance(canvas, Unreadable):
            yield replace(canvas, path=f"{prefix}{canvas.path}")
            continue
        source = f"{prefix}{canvas.id}"
        yield Item(
            source,
            fingerprint(canvas.html, fixed, canvas.title, canvas.day, canvas.url),
            lambda read, canvas=canvas, source=source: _read_canvas(read, canvas, source, channel, fixed),  # type: ignore[misc]  # per turn
        )


def _read_canvas(
    read: ReadFile, canvas: Canvas, source: str, channel: str, rules: Rules
) -> Iterator[Document | Unreadable]:
    title = canvas.title or f"Canvas of {channel}"
    try:
        for part in read("canvas.html", canvas.html):
            yield build_document(replace(part, title=title, updated=canvas.day, url=canvas.url), source, rules)
    except RejectedError as error:
        yield Unreadable(source, str(error))
