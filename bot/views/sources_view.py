"""Builds the window that shows what an answer cites: each passage as the documents hold it now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.slack.text import escape_mrkdwn, shorten
from bot.views import wording
from bot.views.blocks import Block, build_context, build_section, is_web_address, plain_text
from retrieval.passage import Passage, Scope
from retrieval.verified import is_verified

SOURCES_VIEW = "sources"

_MOST = 20
_HEADING_CHARACTERS = 500
_TEXT_CHARACTERS = 2900


@dataclass(frozen=True, slots=True)
class Cited:
    """A passage that an answer cites, with the answer's numbers for it and the heading that it had then."""

    numbers: tuple[int, ...]
    heading: str
    passage_id: str


def build_view(cited: Sequence[Cited], passages: Mapping[str, Passage], scope: Scope) -> Block:
    """Return the window for a reader with this scope. `passages` holds by id those that the documents still hold."""
    shown = [block for source in cited[:_MOST] for block in _build_source(source, passages, scope)]
    more = [build_context(wording.SOURCES_MORE.format(count=len(cited) - _MOST))] if len(cited) > _MOST else []
    return {
        "type": "modal",
        "callback_id": SOURCES_VIEW,
        "title": plain_text(wording.SOURCES),
        "close": plain_text("Close"),
        "blocks": [*shown, *more],
    }


def _build_source(source: Cited, passages: Mapping[str, Passage], scope: Scope) -> list[Block]:
    marks = "".join(f"[{number}]" for number in source.numbers)
    passage = passages.get(source.passage_id)
    if passage is not None and passage.audience not in scope.audiences:
        return [build_section(f"*{marks}* {wording.SOURCE_NOT_YOURS}")]
    heading = escape_mrkdwn(shorten(passage.heading if passage else source.heading, _HEADING_CHARACTERS))
    if passage is None:
        return [build_section(f"*{marks} {heading}*\n{wording.SOURCE_GONE}")]
    return [
        build_section(f"*{marks} {heading}*"),
        {"type": "section", "text": plain_text(shorten(passage.text, _TEXT_CHARACTERS) or "…")},
        build_context(" · ".join(_describe_passage(passage))),
    ]


def _describe_passage(passage: Passage) -> list[str]:
    """Return the document's title, file, page, day and address, as far as they are known."""
    name = "" if is_verified(passage) else passage.source.rpartition("/")[2].rpartition(":")[2]
    page = wording.SOURCE_PAGE.format(page=passage.page) if passage.page else ""
    day = passage.updated.isoformat() if passage.updated else ""
    title, name = (escape_mrkdwn(shorten(text, _HEADING_CHARACTERS)) for text in (passage.title, name))
    url = f"<{escape_mrkdwn(passage.url)}>" if passage.url and is_web_address(passage.url) else ""
    return [part for part in (title, name, page, day if day not in title else "", url) if part]
