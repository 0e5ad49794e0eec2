"""Builds the window in which staff review what waits: one item, what the documents say to it, and the decision. Pure.

The window carries which item it shows and that item's place in the queue.
"""

import json
from typing import Any

from bot.slack.text import escape_mrkdwn, shorten
from bot.views import wording
from bot.views.blocks import Block, build_button, build_context, build_section, plain_text
from feedback.corrections import MAX_CHARACTERS
from retrieval.factcheck.check import Support
from retrieval.passage import EvidenceLine

REVIEW_VIEW = "review"
OPEN = "review_open"
REJECT = "review_reject"
SKIP = "review_skip"
QUESTION_BLOCK = "review_question"
TEXT_BLOCK = "review_text"
_INPUT = "text"
_QUOTED = 600
_VERDICTS = {
    Support.SUPPORTED: wording.REVIEW_SUPPORTED,
    Support.CONTRADICTED: wording.REVIEW_CONTRADICTED,
    Support.NOT_FOUND: wording.REVIEW_NOT_FOUND,
}


def build_loading() -> Block:
    """Return the window before anything is found: it has to open within three seconds."""
    return _build_window([build_section(wording.REVIEW_LOADING)])


def build_sentence(text: str, notice: str = "") -> Block:
    """Return the window with a sentence and nothing to decide."""
    return _build_window([*_tell(notice), build_section(text)])


def build_item(
    *,
    state: dict[str, Any],
    why: str,
    question: str,
    said: str,
    text: str,
    others: tuple[str, ...],
    lines: tuple[EvidenceLine, ...],
    support: Support | None,
    waiting: str,
    buttons: tuple[str, str],
    notice: str = "",
) -> Block:
    """Return the window for one item. `state` comes back with the decision, see `read_state`.

    Where there is no text, there is nothing to change either. `buttons` are the words for yes and no.
    """
    item = f"{state['kind']}:{state['id']}"
    answer = _build_field(f"{TEXT_BLOCK}:{item}", wording.REVIEW_LABEL, text)
    fields = [_build_field(f"{QUESTION_BLOCK}:{item}", wording.REVIEW_QUESTION, question), answer] if text else []
    if len(text) > MAX_CHARACTERS:
        answer["hint"] = plain_text(wording.REVIEW_CUT.format(limit=MAX_CHARACTERS))
    told = [] if text else [("Question", question)]
    told += [("Chip said", said)] if said and said != text else []
    told += [(wording.REVIEW_OTHERS, other) for other in others]
    shown_before = [build_section("\n".join(_name(name, value) for name, value in told))] if told else []
    yes, no = buttons
    pressed = [build_button(no, REJECT, "now", "danger"), build_button("Skip", SKIP, "now")]
    shown = [
        *_tell(notice),
        build_section(why),
        *shown_before,
        *(_quote(lines, support) if text else []),
        *fields,
        {"type": "actions", "block_id": "review_buttons", "elements": pressed},
        build_context(waiting),
    ]
    return _build_window(shown) | {"submit": plain_text(yes), "private_metadata": json.dumps(state)}


def read_state(view: dict[str, Any]) -> dict[str, Any]:
    """Return which item a window shows, and its place."""
    state: dict[str, Any] = json.loads(view["private_metadata"])
    return state


def read_words(view: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the question and the answer as they were submitted, each after the id of its block; [] if neither is."""
    values = view["state"]["values"]
    named = [name for block in (QUESTION_BLOCK, TEXT_BLOCK) for name in values if name.startswith(f"{block}:")]
    return [(name, values[name][_INPUT].get("value") or "") for name in named]


def build_open_button(kind: str, item_id: str) -> Block:
    """Return the button under a card that opens the window at its item."""
    return build_button(wording.REVIEW_BUTTON, OPEN, f"{kind}:{item_id}", "primary")


def _build_field(block_id: str, label: str, text: str) -> Block:
    """Return a text field. Slack keeps what was typed in a block of the same id, also when another item follows."""
    field = {"type": "plain_text_input", "action_id": _INPUT, "multiline": True, "max_length": MAX_CHARACTERS}
    field["initial_value"] = text[:MAX_CHARACTERS]
    return {"type": "input", "block_id": block_id, "label": plain_text(label), "element": field}


def _name(name: str, value: str) -> str:
    return f"*{name}:* {escape_mrkdwn(shorten(value, _QUOTED))}"


def _build_window(shown: list[Block]) -> Block:
    return {
        "type": "modal",
        "callback_id": REVIEW_VIEW,
        "title": plain_text(wording.REVIEW_TITLE),
        "close": plain_text("Close"),
        "blocks": shown,
    }


def _tell(notice: str) -> list[Block]:
    return [build_context(notice)] if notice else []


def _quote(lines: tuple[EvidenceLine, ...], support: Support | None) -> list[Block]:
    if not lines or support is None:
        return [build_section(wording.REVIEW_SILENT)]
    quoted = [
        f"> {escape_mrkdwn(shorten(line.flat, _QUOTED))}\n_{escape_mrkdwn(shorten(line.heading, 150))}_"
        for line in lines
    ]
    return [build_section("\n".join([wording.REVIEW_DOCUMENTS, *quoted])), build_context(_VERDICTS[support])]
