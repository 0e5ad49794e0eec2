"""Owns what the app may send as blocks and views: checks them by the table, and fills in the ids that are missing.

Knows nothing of messages or of who sends. A refusal names the place by a JSON pointer, as Slack's does.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from bot.workspace.block_kit_rules import (
    BLOCKS,
    FORBIDDEN,
    MAX_BLOCKS,
    MAX_MARKDOWN,
    MODAL_ONLY_ELEMENTS,
    TABLES,
    UNCHECKED_BLOCKS,
    VIEWS,
    Anything,
    Bool,
    Int,
    Items,
    Kinds,
    Rule,
    Shape,
    Str,
    Text,
)
from bot.workspace.board import Block
from bot.workspace.errors import SlackError

Surface = Literal["message", "modal", "home"]


def prepare_blocks(blocks: Sequence[Any], surface: Surface, ids: Callable[[str], str]) -> tuple[Block, ...]:
    """The blocks with every missing block_id and action_id filled in. Raises SlackError: invalid_blocks."""
    problems = find_problems(blocks, surface)
    if problems:
        raise SlackError("invalid_blocks", problems)
    return _fill_ids(blocks, ids)


def prepare_view(view: Mapping[str, Any], surface: Surface, ids: Callable[[str], str]) -> dict[str, Any]:
    """A view with the ids of its blocks filled in. Raises SlackError: invalid_arguments."""
    problems = [_word_problem(p) for p in _check(view, VIEWS[surface], "/view")]
    blocks = view.get("blocks") or []
    problems += find_problems(blocks, surface, "/view/blocks")
    holds_input = any(isinstance(block, Mapping) and block.get("type") == "input" for block in blocks)
    if surface == "modal" and holds_input and not view.get("submit"):
        problems.append(_word_problem(("missing required field: submit", "/view")))
    if problems:
        raise SlackError("invalid_arguments", problems)
    return {**view, "blocks": list(_fill_ids(blocks, ids))}


def find_problems(blocks: Sequence[Any], surface: Surface, pointer: str = "/blocks") -> list[str]:
    """Everything that Slack would refuse, each as `[ERROR] what [json-pointer:where]`; empty if all is well."""
    problems: list[tuple[str, str]] = []
    if len(blocks) > MAX_BLOCKS[surface]:
        problems.append((f"no more than {MAX_BLOCKS[surface]} items allowed", pointer))
    for index, block in enumerate(blocks):
        problems += _check_block(block, surface, f"{pointer}/{index}")
    problems += _check_together([block for block in blocks if isinstance(block, Mapping)], pointer)
    return [_word_problem(problem) for problem in problems]


def interactive_elements(block: Mapping[str, Any]) -> list[Any]:
    """The elements of a block that a person can press, choose or fill."""
    row = block.get("elements", []) if block.get("type") in ("actions", "context_actions") else []
    single = [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]
    return [e for e in [*row, *single] if isinstance(e, dict) and e.get("type") != "image"]


Problem = tuple[str, str]


def _check_block(block: Any, surface: Surface, pointer: str) -> Iterator[Problem]:
    kind = block.get("type") if isinstance(block, Mapping) else None
    if kind in FORBIDDEN[surface]:
        yield f"unsupported type: {kind} in a {surface}", f"{pointer}/type"
    elif kind not in UNCHECKED_BLOCKS:
        yield from _check(block, BLOCKS, pointer)
    if surface != "modal" and kind == "input" and _type_of(block.get("element")) in MODAL_ONLY_ELEMENTS:
        yield f"unsupported type: {block['element']['type']} in a {surface}", f"{pointer}/element/type"


def _check_together(blocks: Sequence[Mapping[str, Any]], pointer: str) -> Iterator[Problem]:
    """What holds between blocks: unique ids, one table, one focus, and Markdown within its sum."""
    for block_id, count in Counter(block["block_id"] for block in blocks if block.get("block_id")).items():
        if count > 1:
            yield f"`block_id` {block_id} already exists", pointer
    if sum(block.get("type") in TABLES for block in blocks) > 1:
        yield "only_one_table_allowed", pointer
    if sum(len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown") > MAX_MARKDOWN:
        yield f"markdown text must be less than {MAX_MARKDOWN + 1} characters in all", pointer
    focused = 0
    for index, block in enumerate(blocks):
        elements = interactive_elements(block)
        focused += sum(bool(element.get("focus_on_load")) for element in elements)
        for action_id, count in Counter(e["action_id"] for e in elements if e.get("action_id")).items():
            if count > 1:
                yield f"`action_id` {action_id} already exists", f"{pointer}/{index}"
    if focused > 1:
        yield "only one element may have focus_on_load", pointer


def _check(value: Any, rule: Rule, pointer: str) -> Iterator[Problem]:
    match rule:
        case Str():
            yield from _check_string(value, rule, pointer)
        case Bool():
            if not isinstance(value, bool):
                yield "must be a boolean", pointer
        case Int():
            yield from _check_integer(value, rule, pointer)
        case Text():
            yield from _check_text(value, rule, pointer)
        case Items():
            yield from _check_items(value, rule, pointer)
        case Shape():
            yield from _check_shape(value, rule, pointer)
        case Kinds():
            yield from _check_kind(value, rule, pointer)
        case Anything():
            return


def _check_integer(value: Any, rule: Int, pointer: str) -> Iterator[Problem]:
    if not isinstance(value, int) or isinstance(value, bool) or not rule.lowest <= value <= rule.highest:
        yield f"must be an integer from {rule.lowest} to {rule.highest}", pointer


def _check_string(value: Any, rule: Str, pointer: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield "must be a string", pointer
    elif len(value) < rule.shortest:
        yield f"must be more than {rule.shortest - 1} characters", pointer
    elif len(value) > rule.longest:
        yield f"must be less than {rule.longest + 1} characters", pointer
    elif rule.choices and value not in rule.choices:
        yield f"must be one of: {', '.join(rule.choices)}", pointer
    elif rule.pattern and not re.match(rule.pattern, value):
        yield f"failed to match pattern: {rule.pattern}", pointer


def _check_kind(value: Any, rule: Kinds, pointer: str) -> Iterator[Problem]:
    kind = _type_of(value)
    if kind not in rule.shapes:
        yield f"unsupported type: {kind}", f"{pointer}/type"
        return
    yield from _check_shape(value, rule.shapes[kind], pointer)


def _check_text(value: Any, rule: Text, pointer: str) -> Iterator[Problem]:
    kind = _type_of(value)
    if kind not in (("plain_text",) if rule.plain else ("plain_text", "mrkdwn")):
        yield f"unsupported text type: {kind}", f"{pointer}/type"
        return
    own: dict[str, Rule] = {"emoji": Bool()} if kind == "plain_text" else {"verbatim": Bool()}
    yield from _check_shape(value, Shape({"type": Str(20), "text": Str(rule.longest), **own}, ("text",)), pointer)


def _check_items(value: Any, rule: Items, pointer: str) -> Iterator[Problem]:
    if not isinstance(value, list) or not value:
        yield "must be a list of at least 1 item", pointer
        return
    if len(value) > rule.most:
        yield f"no more than {rule.most} items allowed", pointer
    for index, item in enumerate(value):
        yield from _check(item, rule.rule, f"{pointer}/{index}")


def _check_shape(value: Any, shape: Shape, pointer: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield "must be an object", pointer
        return
    for name in shape.required:
        if value.get(name) is None:
            yield f"missing required field: {name}", pointer
    if shape.any_of and all(value.get(name) is None for name in shape.any_of):
        yield f"missing required field: {' or '.join(shape.any_of)}", pointer
    for name, part in value.items():
        if name not in shape.properties:
            yield f"invalid additional property: {name}", pointer
        elif part is not None:
            yield from _check(part, shape.properties[name], f"{pointer}/{name}")


def _type_of(value: Any) -> str:
    return str(value.get("type")) if isinstance(value, Mapping) else type(value).__name__


def _word_problem(problem: Problem) -> str:
    what, where = problem
    return f"[ERROR] {what} [json-pointer:{where}]"


def _fill_ids(blocks: Sequence[Any], ids: Callable[[str], str]) -> tuple[Block, ...]:
    filled = copy.deepcopy(list(blocks))
    for block in filled:
        block["block_id"] = block.get("block_id") or ids("b")
        for element in interactive_elements(block):
            element["action_id"] = element.get("action_id") or ids("a")
    return tuple(filled)
