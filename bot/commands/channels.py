"""`/chip channels`: lists the rules of every channel, and offers to change those of this one."""

from bot.commands.call import Call
from bot.views import rules_view


def channels(call: Call) -> None:
    """List the rules, with a button for the channel where the command was typed."""
    channel = call.channel if call.channel.startswith(("C", "G")) else None
    shown = rules_view.build_list(call.services.rules.all(), channel, str(call.services.time_zone))
    call.say("Channels", shown)
