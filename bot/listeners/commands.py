"""`/chip`: help, status, retrain, rollback. Says what a caller may do, and why not where they may not."""

import logging
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond

from bot import blocks, wording
from bot.listeners.failures import guard
from bot.parts import Parts
from feedback.events import Role
from retrain.errors import RetrainError

logger = logging.getLogger(__name__)

Body = dict[str, Any]
Handler = Callable[[Parts, Body, Respond, str], None]


def register(app: App, parts: Parts) -> None:
    """Listen to the one command."""

    @app.command("/chip")
    def handle_chip(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        word, _, rest = body.get("text", "").strip().partition(" ")
        job = guard(parts, body, lambda: run_command(parts, body, respond, word.lower(), rest.strip()))
        parts.pool.submit(body["trigger_id"], job)


def run_command(parts: Parts, body: Body, respond: Respond, word: str, rest: str) -> None:
    """Run one subcommand for the caller, or say why not."""
    role = parts.directory.role(body["user_id"])
    if word in ("", "help"):
        respond(text=help_for(role))
        return
    known = _COMMANDS.get(word)
    if known is None:
        respond(text=f"{wording.COMMAND_UNKNOWN.format(command=word)}\n{help_for(role)}")
        return
    least, handle = known
    if not _may(role, least):
        refusal = wording.ADMINS_ONLY if least is Role.ADMIN else wording.STAFF_ONLY
        respond(text=refusal.format(command=word))
        return
    handle(parts, body, respond, rest)


def help_for(role: Role) -> str:
    """Return the help that fits what the caller may do."""
    lines = [wording.COMMAND_HELP_ALL]
    if _may(role, Role.STAFF):
        lines.append(wording.COMMAND_HELP_STAFF)
    if _may(role, Role.ADMIN):
        lines.append(wording.COMMAND_HELP_ADMIN)
    return "\n".join(lines)


def _may(role: Role, least: Role) -> bool:
    return role is least or role is Role.ADMIN


def _status(parts: Parts, _body: Body, respond: Respond, _rest: str) -> None:
    respond(text="Chip's status", blocks=blocks.build_fields("Status", parts.learning.status_rows()))


def _retrain(parts: Parts, body: Body, respond: Respond, _rest: str) -> None:
    channel = f"<#{parts.admin_channel}>" if parts.admin_channel else "the log"
    started = parts.learning.start(trigger="command", requested_by=body["user_id"])
    respond(text=(wording.RETRAIN_STARTED if started else wording.RETRAIN_RUNNING).format(channel=channel))


def _rollback(parts: Parts, body: Body, respond: Respond, rest: str) -> None:
    try:
        previous, now = parts.learning.rollback(to=rest or None, by=body["user_id"])
    except RetrainError as error:
        respond(text=wording.ROLLBACK_NOTHING.format(reason=error))
        return
    text = wording.ROLLED_BACK.format(adapter=now, previous=previous)
    respond(text=text)
    parts.learning.announce(f"{text} (by <@{body['user_id']}>)")


_COMMANDS: dict[str, tuple[Role, Handler]] = {
    "status": (Role.STAFF, _status),
    "retrain": (Role.ADMIN, _retrain),
    "rollback": (Role.ADMIN, _rollback),
}
