"""Every `/chip` command, in the order in which the help shows them."""

from bot.commands import admins, consent, everyone, staff
from bot.commands.call import Call, Command, may
from bot.commands.canary import canary
from bot.commands.channels import channels
from bot.commands.month import month
from bot.commands.words import words
from bot.views import wording
from feedback.events import Role


def show_help(call: Call) -> None:
    """Show what the caller may do."""
    call.say(build_help(call.role))


def build_help(role: Role) -> str:
    """Return the help for a role: how to ask, and a line for each command."""
    lines = [command.help_line() for command in COMMANDS.values() if may(role, command.least)]
    return "\n".join([wording.COMMAND_HELP, *lines])


_ALL = (
    Command("help", "help", "shows this", Role.CUSTOMER, show_help),
    Command("ask", "ask <question>", "gives you an answer that nobody else sees", Role.CUSTOMER, everyone.ask),
    Command("export", "export", "sends you all that I keep about you", Role.CUSTOMER, everyone.export_data),
    Command("forget", "forget me", "deletes what you wrote to me", Role.CUSTOMER, consent.forget),
    Command("status", "status", "shows the model in use and how it is doing", Role.STAFF, staff.status),
    Command("stats", "stats [days]", "sends you a picture of the last 30 days", Role.STAFF, staff.stats),
    Command(
        "review",
        "review [log]",
        "shows what waits for a decision, one after another; `log`: who decided what",
        Role.STAFF,
        staff.review,
    ),
    Command(
        "retrain",
        "retrain",
        "trains on the feedback so far; the result serves if it is better",
        Role.ADMIN,
        admins.retrain,
    ),
    Command(
        "month",
        "month [2026-10]",
        "reports a month: satisfaction, what it spared, and what it cost",
        Role.ADMIN,
        month,
    ),
    Command("models", "models [adapter]", "lists the adapters, or says what one learned", Role.ADMIN, admins.models),
    Command("words", "words [use|drop <word>]", "shows customers' words for things", Role.ADMIN, words),
    Command("serve", "serve <adapter>", "lets an adapter answer that was not judged", Role.ADMIN, admins.serve),
    Command(
        "canary",
        "canary [<adapter> [percent]|off]",
        "tries an adapter on a share of the new conversations",
        Role.ADMIN,
        canary,
    ),
    Command(
        "rollback",
        "rollback [adapter|base]",
        "goes back to the adapter before, or to the one named",
        Role.ADMIN,
        admins.rollback,
    ),
    Command(
        "learning",
        "learning [on [#channel …]|off]",
        "shows whether I learn from what people write here, and lets you decide",
        Role.ADMIN,
        consent.learning,
    ),
    Command("channels", "channels", "shows and sets what I do in which channel", Role.ADMIN, channels),
    Command(
        "sources",
        "sources [add|sync|remove …]",
        "shows where documents come from, and reads them again",
        Role.ADMIN,
        admins.sources,
    ),
    Command("pause", "pause", "stops my answers; who asks is told that I am paused", Role.ADMIN, admins.pause),
    Command("resume", "resume", "lets me answer again", Role.ADMIN, admins.resume),
)
COMMANDS = {command.word: command for command in _ALL}
