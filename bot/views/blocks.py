"""Builds Block Kit as Chip uses it: pure functions from values to Slack's dicts. Knows limits, sends nothing."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.slack.text import escape_mrkdwn, shorten
from bot.views import wording
from retrieval.passage import EvidenceLine, Passage
from retrieval.ranking.conflicts import Conflict

Block = dict[str, Any]

VOTE = "answer_vote"
ASK_PERSON = "ask_person"
OPEN_SOURCES = "open_sources"
WRITE_CORRECTION = "write_correction"
CORRECTION_VIEW = "correction"
CORRECTION_BLOCK = "correction_text"
CORRECTION_INPUT = "text"
REASON_BLOCK = "correction_reason"
REASON_INPUT = "reason"

_WEB_ADDRESS = re.compile(r"https?://[^\s<>|]+")
_SECTION_LIMIT = 2900
_CORRECTION_LIMIT = 3000


def build_section(text: str) -> Block:
    """Return a mrkdwn section. The text is cut to what Slack takes."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": shorten(text, _SECTION_LIMIT)}}


def build_context(text: str) -> Block:
    """Return a small grey line."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": shorten(text, _SECTION_LIMIT)}]}


def build_button(text: str, action_id: str, value: str, style: str | None = None) -> Block:
    """Return a button that carries `value`."""
    button = {"type": "button", "text": plain_text(text), "action_id": action_id, "value": value}
    return button | ({"style": style} if style else {})


def build_sources(lines: Sequence[EvidenceLine], passages: Mapping[str, Passage] | None = None) -> list[Block]:
    """Return a line that names each cited passage by its heading, with day, page and address if they are known.

    `passages` holds the cited ones by id. Empty if none was cited.
    """
    if not lines:
        return []
    named: dict[str, list[int]] = {}
    labels: dict[str, str] = {}
    for line in lines:
        named.setdefault(line.heading, []).append(line.number)
        labels.setdefault(line.heading, _label_source(line.heading, (passages or {}).get(line.passage_id)))
    parts = (f"{''.join(f'[{number}]' for number in numbers)} {labels[heading]}" for heading, numbers in named.items())
    return [build_context(f"{wording.SOURCES}: {' · '.join(parts)}")]


def is_web_address(url: str) -> bool:
    """Whether Slack can turn the text into a link to the web."""
    return _WEB_ADDRESS.fullmatch(url) is not None


def _opens_here(line: EvidenceLine, passages: Mapping[str, Passage]) -> bool:
    """Whether a source has no address of its own, so that Slack has to show it."""
    passage = passages.get(line.passage_id)
    return passage is None or passage.url is None or not is_web_address(passage.url)


def _label_source(heading: str, passage: Passage | None) -> str:
    if passage is None:
        return escape_mrkdwn(heading)
    day = passage.updated.isoformat() if passage.updated else ""
    details = [day if day not in heading else "", f"page {passage.page}" if passage.page else ""]
    known = ", ".join(filter(None, details))
    label = escape_mrkdwn(f"{heading} ({known})" if known else heading)
    if passage.url is None or not is_web_address(passage.url):
        return label
    return f"<{escape_mrkdwn(passage.url)}|{label.replace('|', '/')}>"


def build_conflicts(conflicts: Sequence[Conflict], passages: Mapping[str, Passage]) -> list[Block]:
    """Return blocks that say which documents contradict each other, and how; empty if none do."""
    rows = [
        wording.CONFLICT.format(
            newer=_label_source(conflict.newer.heading, passages.get(conflict.newer.passage_id)),
            says=escape_mrkdwn(shorten(conflict.newer.text, 200)),
            older=_label_source(conflict.older.heading, passages.get(conflict.older.passage_id)),
            but=escape_mrkdwn(shorten(conflict.older.text, 200)),
        )
        for conflict in conflicts
    ]
    return [build_context("\n".join(rows))] if rows else []


def build_answer_footer(
    reply_id: str,
    cited: Sequence[EvidenceLine],
    *,
    offer_person: bool,
    has_thread: bool = True,
    has_votes: bool = True,
    passages: Mapping[str, Passage] | None = None,
) -> list[Block]:
    """Return what stands under an answer: its sources, the vote buttons unless they are hidden, and further buttons.

    Further buttons bring in a person if the answer has a thread, and show the sources if one of them has no address.
    """
    vote = {
        "type": "context_actions",
        "block_id": f"vote_{reply_id}",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": VOTE,
                "positive_button": _vote_button("Good answer", f"up:{reply_id}"),
                "negative_button": _vote_button("Bad answer", f"down:{reply_id}"),
            }
        ],
    }
    buttons = []
    if has_thread:
        buttons.append(build_button("Bring in a person", ASK_PERSON, reply_id, "primary" if offer_person else None))
    if any(_opens_here(line, passages or {}) for line in cited):
        numbers = ",".join(str(line.number) for line in cited)
        buttons.append(build_button(wording.SOURCES_BUTTON, OPEN_SOURCES, f"{reply_id}:{numbers}"))
    actions = [{"type": "actions", "block_id": f"person_{reply_id}", "elements": buttons}] if buttons else []
    return [*build_sources(cited, passages), *([vote] if has_votes else []), *actions]


def build_correction_prompt(reply_id: str) -> list[Block]:
    """Return the question after a thumbs-down emoji, with a button: an emoji cannot open a modal."""
    button = build_button(wording.ASK_CORRECTION_BUTTON, WRITE_CORRECTION, reply_id)
    return [build_section(wording.ASK_CORRECTION), {"type": "actions", "elements": [button]}]


def build_correction_view(reply_id: str, question: str, answer: str) -> Block:
    """Return the modal that asks why the answer was bad and what would have been right. Either is enough."""
    reasons = [{"text": plain_text(label), "value": value} for value, label in wording.REASONS.items()]
    field = {
        "type": "plain_text_input",
        "action_id": CORRECTION_INPUT,
        "multiline": True,
        "max_length": _CORRECTION_LIMIT,
    }
    return {
        "type": "modal",
        "callback_id": CORRECTION_VIEW,
        "private_metadata": json.dumps({"reply_id": reply_id}),
        "title": plain_text(wording.CORRECTION_TITLE),
        "submit": plain_text("Send"),
        "close": plain_text("Cancel"),
        "blocks": [
            build_section(_quoted({"Question": question, "Chip said": answer}, 300)),
            {
                "type": "input",
                "block_id": REASON_BLOCK,
                "label": plain_text(wording.REASON_LABEL),
                "optional": True,
                "element": {"type": "radio_buttons", "action_id": REASON_INPUT, "options": reasons},
            },
            {
                "type": "input",
                "block_id": CORRECTION_BLOCK,
                "optional": True,
                "label": plain_text(wording.CORRECTION_LABEL),
                "hint": plain_text(wording.CORRECTION_HINT),
                "element": field,
            },
        ],
    }


def build_correction_card(person: str, question: str, answer: str, text: str, end: Block) -> list[Block]:
    """Return the card that shows a customer's correction. It ends with a button for the review, or the outcome."""
    return [
        build_section(wording.CORRECTION_CARD.format(person=person)),
        build_section(_quoted({"Question": question, "Chip said": answer, "It should say": text})),
        {"type": "actions", "elements": [end]} if end["type"] == "button" else end,
    ]


def build_fields(title: str, rows: Iterable[tuple[str, str]]) -> list[Block]:
    """Return a titled list of names and values."""
    lines = [f"*{escape_mrkdwn(name)}:* {escape_mrkdwn(value)}" for name, value in rows]
    return [build_section(f"*{escape_mrkdwn(title)}*"), build_section("\n".join(lines))]


def _quoted(parts: dict[str, str], longest: int = 700) -> str:
    return "\n".join(f"*{name}:* {escape_mrkdwn(shorten(text, longest))}" for name, text in parts.items())


def plain_text(text: str) -> Block:
    """Return a text without markup, as labels and buttons need it."""
    return {"type": "plain_text", "text": text}


def _vote_button(label: str, value: str) -> Block:
    return {"text": plain_text(label), "accessibility_label": label, "value": value}
