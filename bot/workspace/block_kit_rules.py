"""Owns the table of Block Kit: which properties each block, element and view may have, and their limits.

Knows nothing of how it is applied. Source: docs.slack.dev/reference/block-kit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Str:
    """A string of 1 to `longest` characters; with `shortest` 0 it may be empty."""

    longest: int
    shortest: int = 1
    choices: tuple[str, ...] = ()
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Bool:
    pass


@dataclass(frozen=True, slots=True)
class Int:
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class Anything:
    """A part that this table does not look into."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text object; `plain` where mrkdwn is not allowed."""

    longest: int
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Items:
    rule: Rule
    most: int


@dataclass(frozen=True, slots=True)
class Shape:
    """A closed object; of `any_of` at least one must be there."""

    properties: Mapping[str, Rule]
    required: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kinds:
    """An object whose `type` says which shape it has."""

    shapes: Mapping[str, Shape]


Rule = Str | Bool | Int | Anything | Text | Items | Shape | Kinds

ID = Str(255)
USER_IDS = Items(Str(255, pattern=r"^[UW][A-Z0-9]+$"), 100)
CONFIRM = Shape(
    {"title": Text(100), "text": Text(300, plain=False), "confirm": Text(30), "deny": Text(30), "style": Str(10)},
    ("title", "text"),
)


def _options(most: int, longest_value: int = 150) -> Items:
    option: dict[str, Rule] = {
        "text": Text(75, plain=False),
        "value": Str(longest_value),
        "description": Text(75, plain=False),
    }
    return Items(Shape({**option, "url": Str(3000)}, ("text", "value")), most)


_OPTION = _options(1).rule
_GROUPS = Items(Shape({"label": Text(75), "options": _options(100)}, ("label", "options")), 100)
_COMMON: Mapping[str, Rule] = {"type": Str(50), "action_id": ID}
_INPUT: Mapping[str, Rule] = {**_COMMON, "focus_on_load": Bool(), "placeholder": Text(150)}
_CHOICE: Mapping[str, Rule] = {**_INPUT, "confirm": CONFIRM}
_MULTI: Mapping[str, Rule] = {**_CHOICE, "max_selected_items": Int(1, 100)}
_TYPED: Mapping[str, Rule] = {**_INPUT, "initial_value": Str(3000), "dispatch_action_config": Anything()}
_SIDE = Shape({"text": Text(75), "value": Str(2000), "accessibility_label": Str(75)}, ("text", "value"))

BUTTON = Shape(
    {
        **_COMMON,
        "text": Text(75),
        "url": Str(3000),
        "value": Str(2000),
        "style": Str(10, choices=("primary", "danger")),
        "confirm": CONFIRM,
        "accessibility_label": Str(75),
    },
    ("text",),
)
IMAGE_ELEMENT = Shape(
    {"type": Str(50), "image_url": Str(3000), "alt_text": Str(2000), "slack_file": Anything()},
    ("alt_text",),
    ("image_url", "slack_file"),
)
_SELECT: Mapping[str, Rule] = {"options": _options(100), "option_groups": _GROUPS}
_SELECTS = {
    "static_select": Shape({**_CHOICE, **_SELECT, "initial_option": _OPTION}, any_of=("options", "option_groups")),
    "multi_static_select": Shape(
        {**_MULTI, **_SELECT, "initial_options": _options(100)}, any_of=("options", "option_groups")
    ),
    "users_select": Shape({**_CHOICE, "initial_user": ID}),
    "multi_users_select": Shape({**_MULTI, "initial_users": USER_IDS}),
    "channels_select": Shape({**_CHOICE, "initial_channel": ID, "response_url_enabled": Bool()}),
    "conversations_select": Shape(
        {
            **_CHOICE,
            "initial_conversation": ID,
            "default_to_current_conversation": Bool(),
            "response_url_enabled": Bool(),
            "filter": Anything(),
        }
    ),
}
_PICKERS = {
    "overflow": Shape({**_COMMON, "options": _options(5), "confirm": CONFIRM}, ("options",)),
    "radio_buttons": Shape(
        {**_COMMON, "options": _options(10), "initial_option": _OPTION, "confirm": CONFIRM, "focus_on_load": Bool()},
        ("options",),
    ),
    "checkboxes": Shape(
        {
            **_COMMON,
            "options": _options(10),
            "initial_options": _options(10),
            "confirm": CONFIRM,
            "focus_on_load": Bool(),
        },
        ("options",),
    ),
    "datepicker": Shape({**_CHOICE, "initial_date": Str(10)}),
    "timepicker": Shape({**_CHOICE, "initial_time": Str(5), "timezone": Str(100)}),
}
_TEXT_INPUTS = {
    "plain_text_input": Shape(
        {**_TYPED, "multiline": Bool(), "min_length": Int(0, 3000), "max_length": Int(1, 3000)},
    ),
    "number_input": Shape(
        {**_TYPED, "is_decimal_allowed": Bool(), "min_value": Str(100), "max_value": Str(100)},
        ("is_decimal_allowed",),
    ),
    "email_text_input": Shape(_TYPED),
    "url_text_input": Shape(_TYPED),
    "file_input": Shape({**_COMMON, "filetypes": Items(Str(20), 100), "max_files": Int(1, 10)}),
}
MODAL_ONLY_ELEMENTS = frozenset({"number_input", "email_text_input", "url_text_input", "file_input"})

_ACTIONS = Kinds({"button": BUTTON, **_SELECTS, **_PICKERS})
_ACCESSORIES = Kinds({"image": IMAGE_ELEMENT, **_ACTIONS.shapes})
_INPUTS = Kinds({**_TEXT_INPUTS, **_SELECTS, **{name: s for name, s in _PICKERS.items() if name != "overflow"}})
_CONTEXT = Kinds(
    {
        "image": IMAGE_ELEMENT,
        "plain_text": Shape({"type": Str(50), "text": Str(3000), "emoji": Bool()}, ("text",)),
        "mrkdwn": Shape({"type": Str(50), "text": Str(3000), "verbatim": Bool()}, ("text",)),
    }
)
_CONTEXT_ACTIONS = Kinds(
    {
        "feedback_buttons": Shape(
            {**_COMMON, "positive_button": _SIDE, "negative_button": _SIDE}, ("positive_button", "negative_button")
        ),
        "icon_button": Shape(
            {
                **_COMMON,
                "icon": Str(50, choices=("trash",)),
                "text": Text(75),
                "value": Str(2000),
                "accessibility_label": Str(75),
                "visible_to_user_ids": USER_IDS,
                "confirm": CONFIRM,
            },
            ("icon", "text"),
        ),
    }
)
_BLOCK: Mapping[str, Rule] = {"type": Str(50), "block_id": ID}

BLOCKS = Kinds(
    {
        "section": Shape(
            {
                **_BLOCK,
                "text": Text(3000, plain=False),
                "fields": Items(Text(2000, plain=False), 10),
                "accessory": _ACCESSORIES,
                "expand": Bool(),
            },
            any_of=("text", "fields"),
        ),
        "header": Shape({**_BLOCK, "text": Text(150), "level": Int(1, 6)}, ("text",)),
        "divider": Shape(_BLOCK),
        "context": Shape({**_BLOCK, "elements": Items(_CONTEXT, 10)}, ("elements",)),
        "actions": Shape({**_BLOCK, "elements": Items(_ACTIONS, 25)}, ("elements",)),
        "context_actions": Shape({**_BLOCK, "elements": Items(_CONTEXT_ACTIONS, 5)}, ("elements",)),
        "input": Shape(
            {
                **_BLOCK,
                "label": Text(2000),
                "hint": Text(2000),
                "element": _INPUTS,
                "optional": Bool(),
                "dispatch_action": Bool(),
            },
            ("label", "element"),
        ),
        "image": Shape(
            {**_BLOCK, "image_url": Str(3000), "slack_file": Anything(), "alt_text": Str(2000), "title": Text(2000)},
            ("alt_text",),
            ("image_url", "slack_file"),
        ),
        "markdown": Shape({**_BLOCK, "text": Str(12_000)}, ("text",)),
        "rich_text": Shape({**_BLOCK, "elements": Items(Anything(), 1000)}, ("elements",)),
        "table": Shape(
            {**_BLOCK, "rows": Items(Items(Anything(), 20), 100), "column_settings": Items(Anything(), 20)}, ("rows",)
        ),
    }
)

# Blocks that Slack knows and this table does not describe. They are allowed where Slack allows them, without a look
# inside.
UNCHECKED_BLOCKS = frozenset(
    {"alert", "call", "card", "carousel", "container", "data_table", "data_visualization"}
    | {"file", "plan", "task_card", "video"}
)
TABLES = frozenset({"table", "data_table"})
FORBIDDEN: Mapping[str, frozenset[str]] = {
    "message": frozenset({"alert", "file"}),
    "modal": frozenset({"markdown", "context_actions", "card", "carousel", "container"})
    | {"data_visualization", "plan", "task_card", "file"}
    | TABLES,
    "home": frozenset({"markdown", "context_actions", "alert", "plan", "task_card", "file"}) | TABLES,
}
MAX_BLOCKS: Mapping[str, int] = {"message": 50, "modal": 100, "home": 100}
MAX_MARKDOWN = 12_000

_VIEW: Mapping[str, Rule] = {
    "type": Str(50),
    "blocks": Anything(),
    "private_metadata": Str(3000, shortest=0),
    "callback_id": Str(255, shortest=0),
    "external_id": Str(255, shortest=0),
}
VIEWS: Mapping[str, Shape] = {
    "modal": Shape(
        {
            **_VIEW,
            "title": Text(24),
            "submit": Text(24),
            "close": Text(24),
            "clear_on_close": Bool(),
            "notify_on_close": Bool(),
            "submit_disabled": Bool(),
        },
        ("title", "blocks"),
    ),
    "home": Shape(_VIEW, ("blocks",)),
}
