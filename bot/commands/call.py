"""A `/chip …` call as a person typed it, and the value that describes a command."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from slack_bolt import Respond

from bot.services import Services
from bot.views.blocks import Block
from feedback.events import Role


@dataclass(frozen=True, slots=True)
class Call:
    """A call: who typed what where. `rest` follows the command's word; `respond` answers only the caller."""

    services: Services
    team: str
    channel: str
    person: str
    role: Role
    rest: str
    trigger: str
    respond: Respond

    def say(self, text: str, blocks: list[Block] | None = None) -> None:
        """Reply so that only the caller sees it."""
        self.respond(text=text, blocks=blocks, response_type="ephemeral")

    def say_late(self, text: str) -> None:
        """Answer the caller minutes or hours later: by direct message where Slack takes no answer any more."""
        answer = self.respond(text=text, response_type="ephemeral")
        if answer.status_code != HTTPStatus.OK:
            channel = self.services.client.conversations_open(users=self.person)["channel"]["id"]
            self.services.client.chat_postMessage(channel=channel, text=text)


@dataclass(frozen=True, slots=True)
class Command:
    """A word after `/chip`: its usage, what it does, and who may use it."""

    word: str
    usage: str
    what: str
    least: Role
    run: Callable[[Call], None]

    def help_line(self) -> str:
        """Return the command's line in the help."""
        return f"• `/chip {self.usage}` {self.what}"


def may(role: Role, least: Role) -> bool:
    """Whether somebody of this role may use what needs `least`."""
    ranks = (Role.CUSTOMER, Role.STAFF, Role.ADMIN)
    return ranks.index(role) >= ranks.index(least)
