"""Owns what the app may send as blocks.

Knows nothing of messages or views beyond their surface's name.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from bot.workspace.board import Block

Surface = Literal["message", "modal", "home"]


def prepare_blocks(blocks: Sequence[Any], surface: Surface, ids: Callable[[str], str]) -> tuple[Block, ...]:
    """The blocks with every missing block_id and action_id filled in."""
    prepared = copy.deepcopy(list(blocks))
    for block in prepared:
        fill_ids(block, ids)
    return tuple(prepared)


def prepare_view(view: Mapping[str, Any], surface: Surface, ids: Callable[[str], str]) -> dict[str, Any]:
    """A view with the ids of its blocks filled in."""
    return {**view, "blocks": list(prepare_blocks(view.get("blocks", []), surface, ids))}


def fill_ids(block: Any, ids: Callable[[str], str]) -> None:
    block.setdefault("block_id", ids("b"))
    for element in interactive_elements(block):
        element.setdefault("action_id", ids("a"))


def interactive_elements(block: Mapping[str, Any]) -> list[Any]:
    """The elements of a block that a person can press, choose or fill."""
    found = [e for e in block.get("elements", []) if isinstance(e, dict)] if _holds_actions(block) else []
    single = [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]
    return found + [element for element in single if element.get("type") != "image"]


def _holds_actions(block: Mapping[str, Any]) -> bool:
    return block.get("type") in ("actions", "context_actions")
