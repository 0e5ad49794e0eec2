"""The second opinion on blocks can object."""

import pytest

from bot.workspace.workspace import ApiCall
from tests.block_kit_oracle import find_objections

BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go", "value": "1"}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "section", "text": {"type": "mrkdwn", "text": "a" * 3001}},
        {"type": "actions", "elements": [BUTTON] * 26},
        {"type": "header", "text": {"type": "plain_text", "text": "a" * 151}},
        {"type": "section"},
    ],
)
def test_it_objects_to_what_is_over_the_limits(block: dict[str, object]) -> None:
    assert find_objections([ApiCall("chat.postMessage", {"blocks": [block]}, "")])


def test_it_objects_to_a_view_whose_title_is_too_long() -> None:
    view = {"type": "modal", "title": {"type": "plain_text", "text": "a" * 25}, "blocks": []}
    assert find_objections([ApiCall("views.open", {"view": view}, "")])


def test_it_objects_to_what_the_workspace_refused_and_to_nothing_else() -> None:
    good = ApiCall("chat.postMessage", {"blocks": [{"type": "actions", "elements": [BUTTON]}]}, "")
    assert find_objections([good]) == []
    assert find_objections([ApiCall("chat.postMessage", {}, "invalid_blocks")])
    assert find_objections([ApiCall("chat.postMessage", {}, "not_in_channel")]) == []
