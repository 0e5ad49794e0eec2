"""Owns the views.* methods and the upload of files.

Knows nothing of HTTP.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from bot.workspace.api_call import Answer, Call, Method
from bot.workspace.block_kit import Surface, prepare_view
from bot.workspace.board import Message, SharedFile
from bot.workspace.errors import SlackError
from bot.workspace.files import StoredFile
from bot.workspace.methods_chat import find_thread, writable_channel
from bot.workspace.people import BOT_ID, BOT_USER_ID
from bot.workspace.views import View

MAX_VIEW_BYTES = 250_000


def open_view(call: Call) -> Answer:
    content = _read_view(call, "modal")
    trigger = call.workspace.triggers.redeem(call.text("trigger_id"))
    return _show_view(call, call.workspace.views.open(trigger.user, content), "view_opened")


def push_view(call: Call) -> Answer:
    content = _read_view(call, "modal")
    trigger = call.workspace.triggers.redeem(call.text("trigger_id"))
    return _show_view(call, call.workspace.views.push(trigger.user, content), "view_opened")


def update_view(call: Call) -> Answer:
    external_id = call.find_text("external_id")
    view = call.workspace.views.find_by_external_id(external_id) if external_id else None
    view_id = view.id if view else call.find_text("view_id") or ""
    found = call.workspace.views.find(view_id)
    if found is None:
        raise SlackError("not_found")
    surface: Surface = "home" if found.content.get("type") == "home" else "modal"
    updated = call.workspace.views.update(view_id, _read_view(call, surface), call.find_text("hash") or "")
    return _show_view(call, updated, "home" if surface == "home" else "view_updated")


def publish_view(call: Call) -> Answer:
    if not call.workspace.manifest.has_home:
        raise SlackError("not_enabled")
    person = call.person("user_id")
    view = call.workspace.views.publish(person.id, _read_view(call, "home"), call.find_text("hash") or "")
    return _show_view(call, view, "home")


def get_upload_url(call: Call) -> Answer:
    length = call.number("length", 0)
    if length <= 0:
        raise SlackError("invalid_arguments", ["[ERROR] length must be positive [json-pointer:/length]"])
    file = call.workspace.files.announce(call.text("filename"), length, call.find_text("alt_txt") or "")
    return {"upload_url": f"{call.workspace.base_url}/upload/{file.id}", "file_id": file.id}


def complete_upload(call: Call) -> Answer:
    entries: list[dict[str, Any]] = call.find_json("files", list) or []
    if not entries:
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: files [json-pointer:/files]"])
    files = [call.workspace.files.complete(str(entry.get("id")), str(entry.get("title") or "")) for entry in entries]
    if call.find_text("channel_id"):
        _share(call, files)
    return {"files": [{"id": f.id, "title": f.title, "name": f.name, "mimetype": f.mimetype} for f in files]}


def _share(call: Call, files: list[StoredFile]) -> None:
    channel = writable_channel(replace(call, arguments={**call.arguments, "channel": call.text("channel_id")}))
    base = call.workspace.base_url
    shared = [SharedFile(f.id, f.title, f"{base}/files/{f.id}/{f.name}", f.mimetype, f.length) for f in files]
    message = Message(
        channel=channel.id,
        ts=call.workspace.timeline.next_ts(),
        user=BOT_USER_ID,
        bot_id=BOT_ID,
        text=call.find_text("initial_comment") or "",
        thread_ts=find_thread(call, channel),
        subtype="file_share",
        files=tuple(shared),
    )
    call.workspace.board.post(message)


def _read_view(call: Call, surface: Surface) -> dict[str, Any]:
    content: dict[str, Any] | None = call.find_json("view", dict)
    if content is None:
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: view [json-pointer:/view]"])
    if len(json.dumps(content).encode()) > MAX_VIEW_BYTES:
        raise SlackError("view_too_large")
    if content.get("type") != surface:
        raise SlackError("invalid_arguments", [f"[ERROR] must be {surface} [json-pointer:/view/type]"])
    return prepare_view(content, surface, call.workspace.ids)


def _show_view(call: Call, view: View, kind: str) -> Answer:
    call.workspace.feed.push(view.user, kind, view=view.build())
    return {"view": view.build()}


VIEW_METHODS = {
    "views.open": Method(open_view),
    "views.push": Method(push_view),
    "views.update": Method(update_view),
    "views.publish": Method(publish_view),
    "files.getUploadURLExternal": Method(get_upload_url, "files:write"),
    "files.completeUploadExternal": Method(complete_upload, "files:write"),
}
