"""`/chip canary`: tries an adapter on a share of the new conversations, shows how that goes, and ends it."""

import re

from bot.commands.call import Call
from bot.services import Services
from bot.slack.text import escape_mrkdwn
from bot.views import blocks, wording
from retrain.canary.log import DEFAULT_SHARE
from retrain.errors import RetrainError

_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%?")


def canary(call: Call) -> None:
    """Show the trial, begin one, change its share, or end it."""
    first, _, second = call.rest.partition(" ")
    try:
        if not first:
            _show(call)
        elif first == "off":
            _end(call)
        elif share := _PERCENT.fullmatch(call.rest):
            _change_share(call, float(share[1]) / 100)
        else:
            call.say(try_adapter(call.services, first, call.person, _read_share(second)))
    except RetrainError as error:
        call.say(wording.SERVE_REFUSED.format(reason=escape_mrkdwn(str(error))))


def try_adapter(services: Services, adapter_id: str, person: str, share: float = DEFAULT_SHARE) -> str:
    """Let an adapter answer a share of the new conversations. Tell the admin channel, and return what to say.

    Raises `RetrainError` if it may not serve, or if another one is tried already.
    """
    services.trials.begin(adapter_id, share, by=person)
    told = wording.TRIAL_BEGUN.format(adapter=escape_mrkdwn(adapter_id), share=share)
    services.learning.announce(f"{told} (by <@{person}>)")
    return f"{told} {wording.TRIAL_HOW}"


def _read_share(words: str) -> float:
    found = _PERCENT.fullmatch(words.strip())
    if words.strip() and found is None:
        raise RetrainError(wording.TRIAL_USAGE)
    return float(found[1]) / 100 if found else DEFAULT_SHARE


def _show(call: Call) -> None:
    rows = call.services.trials.status_rows()
    if not rows:
        call.say(wording.TRIAL_NONE)
        return
    call.say("Trial", [*blocks.build_fields("Trial", rows), blocks.build_context(wording.TRIAL_HOW)])


def _change_share(call: Call, share: float) -> None:
    trial = call.services.trials.change_share(share, by=call.person)
    _announce(call, wording.TRIAL_CHANGED.format(adapter=trial.adapter_id, share=share))


def _end(call: Call) -> None:
    trial = call.services.trials.end(by=call.person)
    _announce(call, wording.TRIAL_ENDED.format(adapter=trial.adapter_id, reason=wording.TRIAL_ADMIN))


def _announce(call: Call, told: str) -> None:
    call.say(told)
    call.services.learning.announce(f"{told} (by <@{call.person}>)")
