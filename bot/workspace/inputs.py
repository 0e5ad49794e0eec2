"""Owns what people enter: the state of a view's inputs, and the action that a press or a choice makes.

Knows nothing of sockets or of who is acting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bot.workspace.block_kit import interactive_elements
from bot.workspace.errors import Refusal

Block = Mapping[str, Any]
Element = Mapping[str, Any]
Values = dict[str, dict[str, dict[str, Any]]]

# The key of an element's choice in a view's state and in an action.
_KEYS = {
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "static_select": "selected_option",
    "radio_buttons": "selected_option",
    "overflow": "selected_option",
    "multi_static_select": "selected_options",
    "checkboxes": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "file_input": "files",
}
_LISTS = ("selected_options", "selected_users", "files")
_INITIAL = {
    "value": "initial_value",
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "selected_user": "initial_user",
    "selected_conversation": "initial_conversation",
    "selected_channel": "initial_channel",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
}
REQUIRED = "Please complete this required field."


def find_element(blocks: Sequence[Block], block_id: str, action_id: str) -> Element:
    """The element that was used. Raises Refusal: unknown_action."""
    for block in blocks:
        if block.get("block_id") == block_id:
            elements: list[Element] = interactive_elements(block)
            for element in elements:
                if element.get("action_id") == action_id:
                    return element
    raise Refusal("unknown_action")


def complete_values(blocks: Sequence[Block], given: Mapping[str, Any], kept: Mapping[str, Any]) -> Values:
    """The state of every input: what was given, else what was kept, else what the app set, else empty.

    `given` has the page's shapes, or in short `{block_id: raw}` or `{block_id: {action_id: raw}}`.
    """
    values: Values = {}
    for block_id, element in _inputs(blocks):
        action_id = element["action_id"]
        here = given.get(block_id, {})
        raw = here.get(action_id) if isinstance(here, Mapping) else here
        if raw is None:
            raw = kept.get(block_id, {}).get(action_id)
        values.setdefault(block_id, {})[action_id] = _build_state(element, raw)
    return values


def fill_files(values: Values, describe: Callable[[str], dict[str, Any]]) -> Values:
    """The state with what `describe` says of each file in the place of its id."""
    return {
        block_id: {
            action_id: state | {"files": [describe(_find_id(file)) for file in state["files"]]}
            if state["type"] == "file_input"
            else state
            for action_id, state in actions.items()
        }
        for block_id, actions in values.items()
    }


def find_errors(blocks: Sequence[Block], values: Values) -> dict[str, str]:
    """What Slack's own client refuses before the app is asked: missing required fields and wrong lengths."""
    errors: dict[str, str] = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        element, block_id = block["element"], block["block_id"]
        content = values[block_id][element["action_id"]].get(_key(element))
        if not content and not block.get("optional", False):
            errors[block_id] = REQUIRED
        elif isinstance(content, str) and element["type"] == "plain_text_input":
            errors |= _check_length(block_id, element, content)
        elif element["type"] == "file_input":
            errors |= _check_files(block_id, element, content or ())
    return errors


def build_action(element: Element, block_id: str, value: str | None, selected: Any, action_ts: str) -> dict[str, Any]:
    """One entry of block_actions' `actions`. Raises Refusal: unknown_action, if the element offers no such value."""
    action = {"type": element["type"], "action_id": element["action_id"], "block_id": block_id, "action_ts": action_ts}
    if element["type"] == "feedback_buttons":
        sides = [element["positive_button"], element["negative_button"]]
        pressed = next((side for side in sides if side["value"] == value), None)
        if pressed is None:
            raise Refusal("unknown_action")
        return action | {"value": pressed["value"], "text": pressed["text"]}
    if element["type"] in ("button", "icon_button"):
        kept = {key: element[key] for key in ("value", "text", "style", "url", "icon") if key in element}
        return action | kept
    return action | {_key(element): _choose(element, selected if selected is not None else value)}


def _inputs(blocks: Sequence[Block]) -> Iterator[tuple[str, Element]]:
    for block in blocks:
        for element in interactive_elements(block):
            if element.get("type") in _KEYS and element.get("type") != "overflow":
                yield block["block_id"], element


def _build_state(element: Element, raw: Any) -> dict[str, Any]:
    key = _key(element)
    if isinstance(raw, Mapping) and "type" in raw:
        return {"type": element["type"], key: raw.get(key)}
    if raw is None:
        raw = element.get(_INITIAL.get(key, ""))
    empty: Any = [] if key in _LISTS else None
    return {"type": element["type"], key: empty if raw is None else _choose(element, raw)}


def _choose(element: Element, raw: Any) -> Any:
    """A raw choice in Slack's shape: an option's value becomes the option. Raises Refusal: unknown_action."""
    key = _key(element)
    if key == "selected_options":
        return [_find_option(element, one) for one in raw or []]
    if key == "selected_option":
        return _find_option(element, raw)
    return raw


def _find_option(element: Element, raw: Any) -> Any:
    if isinstance(raw, Mapping):
        raw = raw.get("value")
    groups = [group["options"] for group in element.get("option_groups", [])]
    options = [*element.get("options", []), *(option for group in groups for option in group)]
    for option in options:
        if option.get("value") == raw:
            return option
    raise Refusal("unknown_action")


def _find_id(file: Any) -> str:
    return str(file["id"] if isinstance(file, Mapping) else file)


def _check_files(block_id: str, element: Element, files: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    most, kinds = element.get("max_files", 10), [kind.casefold() for kind in element.get("filetypes", [])]
    if len(files) > most:
        return {block_id: f"Please choose at most {most} files."}
    wrong = [file["name"] for file in files if file["name"].rpartition(".")[2].casefold() not in kinds]
    return {block_id: f"{wrong[0]} is not one of these types: {', '.join(kinds)}."} if kinds and wrong else {}


def _check_length(block_id: str, element: Element, content: str) -> dict[str, str]:
    shortest, longest = element.get("min_length", 0), element.get("max_length", 3000)
    if len(content) < shortest:
        return {block_id: f"Please enter at least {shortest} characters."}
    if len(content) > longest:
        return {block_id: f"Please enter at most {longest} characters."}
    return {}


def _key(element: Element) -> str:
    return _KEYS.get(element["type"], "value")
