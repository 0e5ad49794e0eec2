"""A second opinion on everything that Chip sends: slack_sdk's own models, beside the workspace's validation.

The models know the lengths and counts of most blocks; a kind that they do not know is left to the workspace.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.workspace.workspace import ApiCall

REFUSALS = ("invalid_blocks", "invalid_blocks_format", "msg_too_long", "no_text", "view_too_large", "invalid_arguments")


def find_objections(calls: Iterable[ApiCall]) -> list[str]:
    """Return what either judge has against the calls; empty where all of them are well."""
    return [objection for call in calls for objection in _judge(call)]


def _judge(call: ApiCall) -> list[str]:
    if call.error in REFUSALS:  # what it sent may not even be JSON
        return [f"{call.method}: the workspace says {call.error}"]
    objections = []
    for block in _read(call.arguments.get("blocks")) or []:
        objections += [f"{call.method}: {said}" for said in _judge_block(block)]
    view = _read(call.arguments.get("view"))
    if view:
        objections += [f"{call.method}: {said}" for said in _judge_view(view)]
    return objections


def _judge_block(block: Mapping[str, Any]) -> list[str]:
    parsed = Block.parse(dict(block))
    if parsed is None:
        return []
    try:
        parsed.validate_json()
    except SlackObjectFormationError as error:
        return [f"{block['type']}: {error}"]
    return []


def _judge_view(view: Mapping[str, Any]) -> list[str]:
    known = {name: value for name, value in view.items() if name != "blocks"}
    said = [objection for block in view.get("blocks", []) for objection in _judge_block(block)]
    try:
        View(**known, blocks=view.get("blocks")).validate_json()
    except SlackObjectFormationError as error:
        said.append(f"view: {error}")
    return said


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value else value
