"""The review's window in the stories: it is opened by the command or a card, read, and waited for."""

import json
from typing import Any

from bot.views import review_view
from bot.workspace.board import Message
from tests.loop.conftest import STAFF, Chip


def text_of(view: dict[str, Any] | None) -> str:
    return json.dumps((view or {}).get("blocks", []), ensure_ascii=False)


def wait_for(chip: Chip, person: str, text: str) -> dict[str, Any]:
    """Return the person's window once it says the text."""
    visitor = chip.workspace.visit(person)
    view = chip.workspace.wait_for(lambda: one if text in text_of(one := visitor.view()) else None)
    chip.settle()
    return view


def open_review(chip: Chip, person: str, text: str) -> dict[str, Any]:
    assert chip.workspace.visit(person).command(STAFF, "/chip review")
    return wait_for(chip, person, text)


def open_card(chip: Chip, person: str, card: Message, text: str) -> dict[str, Any]:
    """Press Review on a card, and return the window once it says the text."""
    assert chip.workspace.visit(person).click(chip.show(person, card), card.channel, review_view.OPEN)
    return wait_for(chip, person, text)


def field_of(view: dict[str, Any], block: str = review_view.TEXT_BLOCK) -> str:
    return next(name for one in view["blocks"] if (name := str(one["block_id"])).startswith(block))
