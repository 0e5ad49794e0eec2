"""What Slack refuses in blocks and views, and where its JSON pointer points."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.workspace.block_kit import Surface, find_problems, prepare_blocks, prepare_view
from bot.workspace.errors import SlackError


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def section(**more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}, **more}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Go"), "action_id": "go", **more}


def actions(*elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements), **more}


SIDE = {"text": plain("Good"), "value": "up"}
FEEDBACK = {"type": "feedback_buttons", "action_id": "v", "positive_button": SIDE, "negative_button": SIDE}
SELECT = {"type": "static_select", "action_id": "s", "options": [{"text": plain("a"), "value": "a"}]}

SOUND = {
    "section": section(fields=[{"type": "mrkdwn", "text": "a"}], accessory=button(style="danger", value="1")),
    "header": {"type": "header", "text": plain("Title")},
    "divider": {"type": "divider"},
    "context": {"type": "context", "elements": [{"type": "mrkdwn", "text": "source"}]},
    "actions": actions(button(), SELECT),
    "feedback": {"type": "context_actions", "elements": [FEEDBACK]},
    "image": {"type": "image", "image_url": "http://x/y.png", "alt_text": "plot"},
    "markdown": {"type": "markdown", "text": "**bold**"},
    "input": {"type": "input", "label": plain("Why"), "element": SELECT},
    "rich text": {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]},
    "table": {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]},
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_block_passes(name: str) -> None:
    assert find_problems([SOUND[name]], "message") == []


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ("text", "unsupported type: str [json-pointer:/blocks/0/type]"),
        ({"type": "song"}, "unsupported type: song [json-pointer:/blocks/0/type]"),
        ({"type": "section"}, "missing required field: text or fields [json-pointer:/blocks/0]"),
        (section(colour="red"), "invalid additional property: colour [json-pointer:/blocks/0]"),
        (section(text=plain("")), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        (section(text=plain("x" * 3001)), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
        (section(block_id="x" * 256), "must be less than 256 characters [json-pointer:/blocks/0/block_id]"),
        (section(fields=[plain("a")] * 11), "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
        (section(accessory=button(disabled=True)), "invalid additional property: disabled [json-pointer:/blocks/0/acc"),
        (
            section(accessory=button(style="blue")),
            "must be one of: primary, danger [json-pointer:/blocks/0/accessory/s",
        ),
        (
            section(accessory=button(text=plain("x" * 76))),
            "must be less than 76 characters [json-pointer:/blocks/0/acc",
        ),
        (
            section(accessory=button(value="")),
            "must be more than 0 characters [json-pointer:/blocks/0/accessory/value]",
        ),
        ({"type": "header", "text": {"type": "mrkdwn", "text": "a"}}, "unsupported text type: mrkdwn [json-pointer:/b"),
        ({"type": "context", "elements": []}, "must be a list of at least 1 item [json-pointer:/blocks/0/elements]"),
        (
            actions(*[button(action_id=str(n)) for n in range(26)]),
            "no more than 25 items allowed [json-pointer:/blocks",
        ),
        (actions(button(), button()), "`action_id` go already exists [json-pointer:/blocks/0]"),
        (actions(FEEDBACK), "unsupported type: feedback_buttons [json-pointer:/blocks/0/elements/0/type]"),
        (
            {"type": "context_actions", "elements": [{**FEEDBACK, "negative_button": {"text": plain("Bad")}}]},
            "missing required field: value [json-pointer:/blocks/0/elements/0/negative_button]",
        ),
        (
            actions({**SELECT, "options": []}),
            "must be a list of at least 1 item [json-pointer:/blocks/0/elements/0/opt",
        ),
        ({"type": "table", "rows": [[{}]] * 101}, "no more than 100 items allowed [json-pointer:/blocks/0/rows]"),
        ({"type": "alert"}, "unsupported type: alert in a message [json-pointer:/blocks/0/type]"),
        (
            {"type": "input", "label": plain("n"), "element": {"type": "url_text_input", "action_id": "u"}},
            "unsupported type: url_text_input in a message [json-pointer:/blocks/0/element/type]",
        ),
        (
            {"type": "input", "label": plain("n"), "element": {"type": "file_input", "max_files": 11}},
            "must be an integer from 1 to 10 [json-pointer:/blocks/0/element/max_files]",
        ),
    ],
)
def test_an_unsound_block_is_refused_with_its_place(block: Any, problem: str) -> None:
    problems = find_problems([block], "message")
    assert any(told.startswith(f"[ERROR] {problem}") for told in problems), problems


@pytest.mark.parametrize(
    ("blocks", "problem"),
    [
        ([{"type": "divider"}] * 51, "no more than 50 items allowed"),
        ([section(block_id="a"), section(block_id="a")], "`block_id` a already exists"),
        ([{"type": "markdown", "text": "x" * 6001}] * 2, "markdown text must be less than 12001 characters in all"),
        ([SOUND["table"], SOUND["table"]], "only_one_table_allowed"),
    ],
)
def test_what_must_hold_between_blocks_is_checked(blocks: list[Any], problem: str) -> None:
    assert find_problems(blocks, "message") == [f"[ERROR] {problem} [json-pointer:/blocks]"]


@pytest.mark.parametrize(("surface", "name"), [("modal", "feedback"), ("modal", "markdown"), ("home", "table")])
def test_a_surface_refuses_the_blocks_it_cannot_show(surface: Surface, name: str) -> None:
    assert len(find_problems([SOUND[name]], surface)) == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"title": plain("x" * 25)}, "/view/title/text"),
        ({"private_metadata": "x" * 3001}, "/view/private_metadata"),
        ({"submit": None}, "/view"),
        ({"blocks": [SOUND["feedback"]]}, "/view/blocks/0/type"),
        ({"colour": "red"}, "/view"),
    ],
)
def test_a_views_own_limits_are_checked(change: dict[str, Any], pointer: str) -> None:
    view = {"type": "modal", "title": plain("T"), "submit": plain("Send"), "blocks": [SOUND["input"]]}
    assert prepare_view(view, "modal", lambda prefix: prefix)["blocks"][0]["block_id"] == "b"
    with pytest.raises(SlackError) as caught:
        prepare_view(view | change, "modal", lambda prefix: prefix)
    assert f"[json-pointer:{pointer}]" in caught.value.messages[0]


def test_missing_ids_are_filled_in_and_given_ones_kept() -> None:
    given = actions(button(), {"type": "button", "text": plain("b")})
    numbers = iter(range(10))
    (block,) = prepare_blocks([given], "message", lambda prefix: f"{prefix}{next(numbers)}")
    assert block["block_id"] == "b0"
    assert [element["action_id"] for element in block["elements"]] == ["go", "a1"]
    assert "block_id" not in given


def test_the_refusal_reaches_the_app_with_its_pointer(client: WebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C0HELP", text="x", blocks=[section(accessory=button(disabled=True))])
    response = caught.value.response
    assert response["error"] == "invalid_blocks"
    assert response["response_metadata"]["messages"] == [
        "[ERROR] invalid additional property: disabled [json-pointer:/blocks/0/accessory]"
    ]
