"""The labelled messages: what is personal in them, who is known, and what a mask covered of it.

`items.jsonl` holds one message on each line. `⟦kind:…⟧` marks what has to go; everything else has to stay. A `¦` stands
in the middle of each made-up key, so that no scanner of repositories takes it for a real one.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ITEMS = Path(__file__).with_name("items.jsonl")
DOCUMENTS = Path(__file__).with_name("documents.md")
OWN_DOMAIN = "brightwell.example"

_MARK = re.compile(r"⟦(?P<kind>[a-z]+):(?P<value>[^⟧]*)⟧")
_PLACEHOLDER = re.compile(r"\[(?P<kind>[a-z]+)(?: \d+)?\]")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text and the kind of personal data in it."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Item:
    """One message. `split` is "open" (looked at while rules were made) or "held"; `known` are Slack's display names."""

    id: str
    group: str
    text: str
    spans: tuple[Span, ...]
    known: tuple[str, ...]

    @property
    def split(self) -> str:
        return self.id.partition("-")[0]


def load_items(path: Path = ITEMS) -> list[Item]:
    """Return all labelled messages."""
    return [_parse_item(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _parse_item(row: dict[str, object]) -> Item:
    text, spans, end = "", [], 0
    marked = str(row["text"]).replace("¦", "")
    for mark in _MARK.finditer(marked):
        text += marked[end : mark.start()]
        spans.append(Span(len(text), len(text) + len(mark["value"]), mark["kind"]))
        text += mark["value"]
        end = mark.end()
    known = row.get("known", [])
    assert isinstance(known, list)
    return Item(str(row["id"]), str(row["group"]), text + marked[end:], tuple(spans), tuple(map(str, known)))


def find_masked(text: str, masked: str) -> list[Span]:
    """Return what the placeholders of a masked text stand for in the text.

    Raises `ValueError` where a mask changed anything else.
    """
    spans: list[Span] = []
    place, begin, kind = 0, None, ""
    for piece, label in _cut(masked):
        at = place if begin is None else text.find(piece, place) if piece or label else len(text)
        if at < 0 or not text.startswith(piece, at):
            raise ValueError(f"more than personal data was changed: {masked!r}")
        if begin is not None and not label:
            at = len(text) - len(piece)
        if begin is not None:
            spans.append(Span(begin, at, kind))
        place = at + len(piece)
        begin, kind = place, label
    return spans


def _cut(masked: str) -> Iterator[tuple[str, str]]:
    """Yield each literal piece with the kind of the placeholder behind it, "" for the last."""
    end = 0
    for placeholder in _PLACEHOLDER.finditer(masked):
        yield masked[end : placeholder.start()], placeholder["kind"]
        end = placeholder.end()
    yield masked[end:], ""


def is_covered(text: str, span: Span, masked: Iterable[Span]) -> bool:
    """Whether no letter and no digit of the span is left to be read."""
    return _share(text, span, masked) == 1


def is_right(text: str, span: Span, personal: Iterable[Span]) -> bool:
    """Whether at least half of what a placeholder stands for is personal data, of whatever kind."""
    return _share(text, span, personal) >= 0.5


def _share(text: str, span: Span, others: Iterable[Span]) -> float:
    inside = {place for other in others for place in range(other.start, other.end)}
    places = [place for place in range(span.start, span.end) if text[place].isalnum()]
    return sum(place in inside for place in places) / len(places) if places else 1.0
