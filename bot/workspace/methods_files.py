"""Owns what a channel keeps beside its messages: files.list (canvases only) and pins.list.

Knows nothing of HTTP.
"""

from __future__ import annotations

from bot.workspace.api_call import Answer, Call, Method
from bot.workspace.errors import SlackError
from bot.workspace.files import StoredFile
from bot.workspace.forms import build_api_message

MAX_COUNT = 1000


def list_files(call: Call) -> Answer:
    """The canvases of a channel, oldest first, in numbered pages."""
    if call.names("types") != ["canvas"]:
        raise SlackError("unknown_type")
    channel = call.joined_channel()
    count, page = max(1, min(call.number("count", 100), MAX_COUNT)), max(1, call.number("page", 1))
    found = call.workspace.files.list_canvases(channel.id)
    shown = found[(page - 1) * count : page * count]
    paging = {"count": count, "total": len(found), "page": page, "pages": max(1, -(-len(found) // count))}
    return {"files": [_build_file(call, file) for file in shown], "paging": paging}


def list_pins(call: Call) -> Answer:
    """The pinned messages of a channel that are still there, the latest pin first."""
    channel = call.joined_channel()
    board = call.workspace.board
    pinned = (board.find(channel.id, ts) for ts in reversed(call.workspace.pins.get(channel.id, [])))
    items = [
        {
            "type": "message",
            "channel": channel.id,
            "message": build_api_message(message, board)
            | {"permalink": f"{call.workspace.base_url}/archives/{channel.id}/p{message.ts.replace('.', '')}"},
        }
        for message in pinned
        if message is not None
    ]
    return {"items": items}


def _build_file(call: Call, file: StoredFile) -> Answer:
    address = f"{call.workspace.base_url}/files/{file.id}/{file.name}"
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "filetype": "quip",
        "pretty_type": "Canvas",
        "size": file.length,
        "created": file.changed,
        "updated": file.changed,
        "channels": [file.canvas_of],
        "url_private": address,
        "url_private_download": address,
        "permalink": f"{call.workspace.base_url}/docs/{call.workspace.directory.team.id}/{file.id}",
    }


FILE_METHODS = {
    "files.list": Method(list_files, "files:read"),
    "pins.list": Method(list_pins, "pins:read"),
}
