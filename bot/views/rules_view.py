"""Builds the rules of channels as admins read and set them: a list, and a modal for one channel. Pure."""

import json
from typing import Any

from bot.views import wording
from bot.views.blocks import Block, build_button, build_context, build_section, plain_text
from feedback.channel_rules import AnswerIn, ChannelRules, Listen, parse_quiet

SET_RULES = "set_channel_rules"
RULES_VIEW = "channel_rules"
QUIET_BLOCK = "quiet_from"
_BY_SETTINGS = "settings"
_BOTS = "bots"
_VOTES = "votes"
_INPUT = "chosen"


def build_list(rules: dict[str, ChannelRules], channel: str | None, zone: str) -> list[Block]:
    """Return every channel's rules, and a button to set them for the given channel if it can have rules."""
    lines = [f"<#{name}>: {describe(one)}" for name, one in rules.items()]
    shown = [build_section("\n".join([wording.RULES_HEAD, *lines, wording.RULES_DEFAULT]))]
    if channel is None:
        return [*shown, build_context(wording.RULES_ELSEWHERE)]
    button = build_button(wording.RULES_BUTTON, SET_RULES, channel, "primary")
    zone_line = build_context(wording.RULES_ZONE.format(zone=zone))
    return [*shown, zone_line, {"type": "actions", "elements": [button]}]


def describe(rules: ChannelRules) -> str:
    """Return a channel's rules in words."""
    parts = [wording.LISTEN[rules.listen.value], wording.ANSWER_IN[rules.answer_in.value]]
    if rules.audience:
        parts.append(wording.CHANNEL_AUDIENCE[rules.audience])
    if rules.quiet:
        parts.append(wording.RULES_QUIET.format(quiet=rules.quiet))
    if rules.answers_bots:
        parts.append(wording.RULES_BOTS)
    if rules.hides_votes:
        parts.append(wording.RULES_NO_VOTES)
    return "; ".join(parts)


def build_view(channel: str, rules: ChannelRules, zone: str) -> Block:
    """Return the modal that sets one channel's rules."""
    quiet = rules.quiet
    return {
        "type": "modal",
        "callback_id": RULES_VIEW,
        "private_metadata": json.dumps({"channel": channel}),
        "title": plain_text(wording.RULES_TITLE),
        "submit": plain_text("Save"),
        "close": plain_text("Cancel"),
        "blocks": [
            build_section(f"<#{channel}>"),
            _choice("listen", wording.RULES_LISTEN, wording.LISTEN, rules.listen.value),
            _choice("answer_in", wording.RULES_ANSWER_IN, wording.ANSWER_IN, rules.answer_in.value),
            _choice("audience", wording.RULES_AUDIENCE, wording.CHANNEL_AUDIENCE, rules.audience or _BY_SETTINGS),
            _clock(QUIET_BLOCK, wording.RULES_QUIET_FROM, f"{quiet.start:%H:%M}" if quiet else ""),
            _clock("quiet_to", wording.RULES_QUIET_TO, f"{quiet.end:%H:%M}" if quiet else ""),
            build_context(wording.RULES_ZONE.format(zone=zone)),
            _checkbox(_BOTS, wording.RULES_BOTS_LABEL, wording.RULES_BOTS_OPTION, rules.answers_bots),
            _checkbox(_VOTES, wording.RULES_VOTES_LABEL, wording.RULES_VOTES_OPTION, rules.hides_votes),
        ],
    }


def read_view(values: dict[str, Any]) -> ChannelRules:
    """Return the rules that were chosen. Raises `ValueError` for malformed clock times."""
    chosen = {block: next(iter(actions.values())) for block, actions in values.items()}
    audience = chosen["audience"]["selected_option"]["value"]
    return ChannelRules(
        listen=Listen(chosen["listen"]["selected_option"]["value"]),
        audience=None if audience == _BY_SETTINGS else audience,
        quiet=parse_quiet(chosen[QUIET_BLOCK].get("value") or "", chosen["quiet_to"].get("value") or ""),
        answer_in=AnswerIn(chosen["answer_in"]["selected_option"]["value"]),
        answers_bots=bool(chosen[_BOTS]["selected_options"]),
        hides_votes=bool(chosen.get(_VOTES, {}).get("selected_options")),
    )


def _choice(block_id: str, label: str, options: dict[str, str], chosen: str) -> Block:
    built = {value: {"text": plain_text(text), "value": value} for value, text in options.items()}
    element = {
        "type": "static_select",
        "action_id": _INPUT,
        "options": list(built.values()),
        "initial_option": built[chosen],
    }
    return {"type": "input", "block_id": block_id, "label": plain_text(label), "element": element}


def _clock(block_id: str, label: str, value: str) -> Block:
    example = wording.RULES_CLOCKS[0 if block_id == QUIET_BLOCK else 1]
    element = {"type": "plain_text_input", "action_id": _INPUT, "placeholder": plain_text(example), "max_length": 5}
    if value:
        element["initial_value"] = value
    return {"type": "input", "block_id": block_id, "label": plain_text(label), "element": element, "optional": True}


def _checkbox(block_id: str, label: str, choice: str, is_on: bool) -> Block:
    option = {"text": plain_text(choice), "value": block_id}
    element: dict[str, Any] = {"type": "checkboxes", "action_id": _INPUT, "options": [option]}
    if is_on:
        element["initial_options"] = [option]
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label),
        "element": element,
        "optional": True,
    }
