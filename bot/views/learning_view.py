"""Builds the modal of Home in which admins read the notice and decide whether Chip learns. Pure."""

from typing import Any

from bot.views import wording
from bot.views.blocks import Block, build_context, build_section, plain_text
from feedback.consent import NOTICE, Consent

DECIDE = "decide_learning"
LEARNING_VIEW = "learning"
_INPUT = "chosen"
_IS_ON, _GUESTS = "is_on", "guests"


def build_view(consent: Consent) -> Block:
    """Return the notice with the decision about it, which is for all channels."""
    options = [_option(wording.BOARD_LEARNING_YES, "on"), _option(wording.BOARD_LEARNING_NO, "off")]
    guests = _option(wording.BOARD_GUESTS_OPTION, _GUESTS)
    choice = {
        "type": "radio_buttons",
        "action_id": _INPUT,
        "options": options,
        "initial_option": options[0 if consent.is_on else 1],
    }
    checkbox: dict[str, Any] = {"type": "checkboxes", "action_id": _INPUT, "options": [guests]}
    if consent.is_on and consent.guests:
        checkbox["initial_options"] = [guests]
    return {
        "type": "modal",
        "callback_id": LEARNING_VIEW,
        "title": plain_text(wording.BOARD_LEARNING),
        "submit": plain_text("Save"),
        "close": plain_text("Cancel"),
        "blocks": [
            build_section(NOTICE),
            build_context(wording.LEARNING_WHERE.format(channels=wording.LEARNING_EVERYWHERE)),
            _input(_IS_ON, wording.BOARD_LEARNING_LABEL, choice, optional=False),
            _input(_GUESTS, wording.BOARD_GUESTS_LABEL, checkbox, optional=True),
        ],
    }


def read_view(values: dict[str, Any]) -> tuple[bool, bool]:
    """Return whether learning shall be on, and whether guests are included."""
    is_on = values[_IS_ON][_INPUT]["selected_option"]["value"] == "on"
    return is_on, bool(values[_GUESTS][_INPUT]["selected_options"])


def _option(text: str, value: str) -> Block:
    return {"text": plain_text(text), "value": value}


def _input(block_id: str, label: str, element: Block, *, optional: bool) -> Block:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label),
        "element": element,
        "optional": optional,
    }
