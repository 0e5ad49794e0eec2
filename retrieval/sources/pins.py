"""The pinned messages of a chat channel as a source. Listing them is passed in; knows nothing of Slack."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from retrieval.reading.documents import (
    Document,
    DocumentKind,
    Found,
    Item,
    Part,
    RejectedError,
    Rules,
    Unreadable,
    build_document,
)
from retrieval.sources.folder import fingerprint


@dataclass(frozen=True, slots=True)
class Pin:
    """One pinned message: its id, its text without markup, its day and its address."""

    id: str
    text: str
    day: date | None
    url: str | None


def list_pins(channel: str, pins: Iterable[Pin], rules: Rules, *, prefix: str) -> Iterator[Found]:
    """Yield each pinned message. Everybody who may pin chooses what is read, so the source decides the audience."""
    fixed = Rules(rules.audience, is_fixed=True)
    for pin in pins:
        source = f"{prefix}{pin.id}"
        yield Item(
            source,
            fingerprint(pin.text.encode(), fixed, pin.day, pin.url),
            lambda _read_file, pin=pin, source=source: _read_pin(pin, source, channel, fixed),  # type: ignore[misc]  # bound per turn
        )


def _read_pin(pin: Pin, source: str, channel: str, rules: Rules) -> Iterator[Document | Unreadable]:
    part = Part(pin.text, DocumentKind.TEXT, f"Pinned in {channel}", pin.day, pin.url)
    try:
        yield build_document(part, source, rules)
    except RejectedError as error:
        yield Unreadable(source, str(error))
