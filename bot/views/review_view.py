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
REJECT = "review_reject"
SKIP = "review_skip"
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
    lines: tuple[EvidenceLine, ...],
    support: Support | None,
    waiting: str,
    notice: str = "",
) -> Block:
    """Return the window for one item. `state` comes back with the decision, see `read_state`."""
    is_cut = len(text) > MAX_CHARACTERS
    field = {"type": "plain_text_input", "action_id": _INPUT, "multiline": True, "max_length": MAX_CHARACTERS}
    answer: Block = {
        "type": "input",
        # Slack keeps what was typed in a block of the same id, also when another item takes its place.
        "block_id": f"{TEXT_BLOCK}:{state['kind']}:{state['id']}",
        "label": plain_text(wording.REVIEW_LABEL),
        "element": field | {"initial_value": text[:MAX_CHARACTERS]},
    }
    if is_cut:
        answer["hint"] = plain_text(wording.REVIEW_CUT.format(limit=MAX_CHARACTERS))
    told = [("Question", question), *([("Chip said", said)] if said else [])]
    asked = "\n".join(f"*{name}:* {escape_mrkdwn(shorten(value, _QUOTED))}" for name, value in told)
    buttons = [build_button("Reject", REJECT, "now", "danger"), build_button("Skip", SKIP, "now")]
    shown = [
        *_tell(notice),
        build_section(why),
        build_section(asked),
        *_quote(lines, support),
        answer,
        {"type": "actions", "block_id": "review_buttons", "elements": buttons},
        build_context(waiting),
    ]
    return _build_window(shown) | {"submit": plain_text("Approve"), "private_metadata": json.dumps(state)}


def read_state(view: dict[str, Any]) -> dict[str, Any]:
    """Return which item a window shows, and its place."""
    state: dict[str, Any] = json.loads(view["private_metadata"])
    return state


def read_text(view: dict[str, Any]) -> tuple[str, str]:
    """Return the block of the answer, and the answer as it was submitted."""
    values = view["state"]["values"]
    block = next(name for name in values if name.startswith(TEXT_BLOCK))
    return block, values[block][_INPUT].get("value") or ""


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
