"""Owns the bodies of interactions as the app receives them: block_actions, views, shortcuts, commands.

Knows nothing of sockets. Reads the workspace, and changes only which trigger ids and response_urls are issued.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.workspace.board import Message
from bot.workspace.files import StoredFile
from bot.workspace.forms import build_api_message
from bot.workspace.manifest import SlashCommand
from bot.workspace.mrkdwn import describe_for_commands
from bot.workspace.people import APP_ID, Channel, Person
from bot.workspace.views import View
from bot.workspace.workspace import Workspace

Payload = dict[str, Any]
_NOT_IN_ADDRESSES = re.compile(r"[^a-z0-9.-]+")
VERIFICATION_TOKEN = "local-verification-token"


def build_message_action(workspace: Workspace, person: Person, message: Message, action: Payload) -> Payload:
    """block_actions from a message; an ephemeral one is not stored, so it comes without `message`."""
    channel = workspace.directory.channels[message.channel]
    ephemeral = message.ephemeral_to is not None
    container = {"type": "message", "message_ts": message.ts, "channel_id": channel.id, "is_ephemeral": ephemeral}
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = _build_interaction(workspace, person, "block_actions") | {
        "container": container,
        "channel": _build_channel(channel),
        "state": {"values": _build_message_state(action)},
        "response_url": build_response_url(workspace, person, message),
        "actions": [action],
    }
    return payload if ephemeral else payload | {"message": build_api_message(message, workspace.board)}


def build_view_action(workspace: Workspace, person: Person, view: View, action: Payload) -> Payload:
    """block_actions from a modal or from Home."""
    return _build_interaction(workspace, person, "block_actions", view.id) | {
        "container": {"type": "view", "view_id": view.id},
        "view": view.build(),
        "actions": [action],
    }


def build_view_submission(workspace: Workspace, person: Person, view: View) -> Payload:
    payload = _build_interaction(workspace, person, "view_submission", view.id)
    return payload | {"view": view.build(), "response_urls": []}


def build_view_closed(workspace: Workspace, person: Person, view: View, *, is_cleared: bool) -> Payload:
    payload = _build_interaction(workspace, person, "view_closed") | {"view": view.build(), "is_cleared": is_cleared}
    del payload["trigger_id"]
    return payload


def build_shortcut(workspace: Workspace, person: Person, message: Message, callback_id: str) -> Payload:
    """The body of a shortcut in a message's menu."""
    return _build_interaction(workspace, person, "message_action") | {
        "callback_id": callback_id,
        "action_ts": workspace.timeline.next_ts(),
        "message_ts": message.ts,
        "message": build_api_message(message, workspace.board),
        "channel": _build_channel(workspace.directory.channels[message.channel]),
        "response_url": build_response_url(workspace, person, message),
    }


def build_command(workspace: Workspace, person: Person, channel: Channel, command: SlashCommand, text: str) -> Payload:
    """The body of a slash command, as form fields."""
    team = workspace.directory.team
    key = workspace.response_urls.issue(person.id, channel.id)
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": team.id,
        "team_domain": team.domain,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.is_im else channel.name,
        "user_id": person.id,
        "user_name": person.name,
        "command": command.command,
        "text": describe_for_commands(text, workspace.directory, should_escape=command.should_escape),
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": f"{workspace.base_url}/response/{key}",
        "trigger_id": workspace.triggers.issue(person.id),
    }


def build_file(workspace: Workspace, person: Person, file: StoredFile) -> Payload:
    """A file of a `file_input`, as the form's values list it."""
    slug = _NOT_IN_ADDRESSES.sub("_", file.name.casefold())
    address = f"{workspace.base_url}/files/{file.id}/{slug}"
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "filetype": file.name.rpartition(".")[2].casefold(),
        "user": person.id,
        "user_team": person.team_id or workspace.directory.team.id,
        "size": file.length,
        "mode": "hosted",
        "is_external": False,
        "is_public": False,
        "url_private": address,
        "url_private_download": address,
    }


def build_response_url(workspace: Workspace, person: Person, message: Message) -> str:
    key = workspace.response_urls.issue(person.id, message.channel, message.ts, message.thread_ts)
    return f"{workspace.base_url}/response/{key}"


def _build_interaction(workspace: Workspace, person: Person, kind: str, view_id: str | None = None) -> Payload:
    team = workspace.directory.team
    return {
        "type": kind,
        "token": VERIFICATION_TOKEN,
        "api_app_id": APP_ID,
        "team": {"id": team.id, "domain": team.domain},
        "enterprise": None,
        "is_enterprise_install": False,
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": person.team_id or team.id},
        "trigger_id": workspace.triggers.issue(person.id, view_id),
    }


def _build_channel(channel: Channel) -> Payload:
    return {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name}


def _build_message_state(action: Mapping[str, Any]) -> Payload:
    """The state of a message's inputs: only what was just chosen, because messages keep nothing else."""
    chosen = {key: value for key, value in action.items() if key.startswith("selected_")}
    if not chosen:
        return {}
    return {action["block_id"]: {action["action_id"]: {"type": action["type"], **chosen}}}
