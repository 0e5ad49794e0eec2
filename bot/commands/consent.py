"""Learning and forgetting: `/chip learning` shows the notice before anything is turned on, `/chip forget` asks twice.

`bot/listeners/consent.py` handles the buttons.
"""

import re

from bot.commands.call import Call
from bot.views import wording
from bot.views.blocks import Block, build_button, build_context
from feedback.consent import NOTICE, Consent, find_consent, record_consent
from feedback.events import Role

LEARN = "learning_on"
LEARN_GUESTS = "learning_on_with_guests"
FORGET = "forget_person"

_CHANNEL = re.compile(r"<#([CG][A-Z0-9]+)(?:\|[^>]*)?>")
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
CHANNELS_AT_ONCE = 100  # their ids fit into a button's value


def learning(call: Call) -> None:
    """Show whether Chip learns, turn it off, or show the notice with the buttons that turn it on."""
    word, _, rest = call.rest.partition(" ")
    if word == "off":
        record_consent(call.services.db, call.team, by=call.person, is_on=False)
        call.say(wording.LEARNING_IS_OFF)
        call.services.learning.announce(wording.LEARNING_SET.format(person=call.person, state=wording.LEARNING_IS_OFF))
    elif word == "on":
        channels = _CHANNEL.findall(rest)[:CHANNELS_AT_ONCE]
        call.say(wording.LEARNING_NOTICE, build_notice(channels))
    else:
        found = find_consent(call.services.db, call.team) or call.services.consent_unasked
        call.say(f"{describe(found)}\n{wording.LEARNING_HOW}")


def forget(call: Call) -> None:
    """Ask for confirmation before the caller is forgotten; an admin may name anybody."""
    named = _PERSON.search(call.rest)
    person = call.person if call.rest == "me" else named[1] if named else None
    if person is None:
        call.say(wording.FORGET_HOW)
    elif person != call.person and call.role is not Role.ADMIN:
        call.say(wording.ADMINS_ONLY.format(command="forget @person"))
    else:
        text = wording.FORGET_SURE.format(person=person)
        button = build_button(wording.FORGET_BUTTON, FORGET, person, "danger")
        call.say(text, [build_section(text), {"type": "actions", "elements": [button]}])


def build_notice(channels: list[str]) -> list[Block]:
    """Return the notice, the channels it is about, and the two ways to agree."""
    named = ", ".join(f"<#{channel}>" for channel in channels) or wording.LEARNING_EVERYWHERE
    value = ",".join(channels) or "all"
    buttons = [
        build_button(wording.LEARNING_MEMBERS, LEARN, value),
        build_button(wording.LEARNING_GUESTS, LEARN_GUESTS, value),
    ]
    return [
        build_section(NOTICE),
        build_context(wording.LEARNING_WHERE.format(channels=named)),
        {"type": "actions", "elements": buttons},
    ]


def build_section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def describe(consent: Consent) -> str:
    """Return what holds, since when and by whose decision."""
    if not consent.is_on:
        return wording.LEARNING_IS_OFF
    where = ", ".join(f"<#{channel}>" for channel in consent.channels) or wording.LEARNING_EVERYWHERE
    whose = wording.LEARNING_OF_ALL if consent.guests else wording.LEARNING_OF_MEMBERS
    since = wording.LEARNING_SINCE.format(person=consent.by, day=f"{consent.at:%d %B %Y}") if consent.at else ""
    return wording.LEARNING_IS_ON.format(whose=whose, where=where, since=since)
