"""`/chip channels`: the rules of every channel, and the way to change those of this one."""

from bot import rules_view
from bot.commands.call import Call


def channels(call: Call) -> None:
    """List the rules, with a button for the channel in which the command was typed."""
    channel = call.channel if call.channel.startswith(("C", "G")) else None
    shown = rules_view.build_list(call.parts.rules.all(), channel, str(call.parts.time_zone))
    call.say("Channels", shown)
