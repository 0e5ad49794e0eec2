"""Owns the map of the server's addresses: the app's doors, the page's door, links and files.

Knows nothing of what lies behind each door.
"""

from __future__ import annotations

import json
from email.message import Message as MimeMessage
from email.parser import BytesParser
from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from bot.workspace.control import ControlDoor
from bot.workspace.errors import SlackError
from bot.workspace.responses import post_response
from bot.workspace.ui import PageDoor
from bot.workspace.web_api import WebApi
from bot.workspace.workspace import ApiCall, Workspace

STATIC = Path(__file__).parent / "static"


def build_routes(workspace: Workspace) -> list[BaseRoute]:
    side = SideDoors(workspace)
    return [
        Route("/api/{method}", WebApi(workspace).handle, methods=["GET", "POST"]),
        WebSocketRoute("/link/", workspace.sockets.serve),
        *PageDoor(workspace).routes(),
        *ControlDoor(workspace).routes(),
        Route("/response/{key}", side.take_response, methods=["POST"]),
        Route("/upload/{file_id}", side.take_upload, methods=["POST"]),
        Route("/files/{file_id}/{name}", side.give_file),
        Route("/archives/{channel}/p{digits:int}", side.follow_link),
        Route("/", side.give_page),
        Mount("/static", StaticFiles(directory=STATIC, check_dir=False)),
    ]


class SideDoors:
    """response_urls, uploads, files, permalinks and the page itself."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def take_response(self, request: Request) -> Response:
        try:
            body = json.loads(await request.body())
            url = self._workspace.response_urls.use(request.path_params["key"])
            post_response(self._workspace, url, body)
        except SlackError as error:
            self._workspace.calls.append(ApiCall("response_url", body, error.code))
            return JSONResponse(error.build_body(), 404)
        except (ValueError, AttributeError):
            return JSONResponse({"ok": False, "error": "invalid_payload"}, 400)
        self._workspace.calls.append(ApiCall("response_url", body, ""))
        return PlainTextResponse("ok")

    async def take_upload(self, request: Request) -> Response:
        if refusal := self._refuse("upload"):
            return refusal
        body = await request.body()
        content_type = request.headers.get("content-type", "")
        if content_type.startswith("multipart/"):
            body = read_first_part(content_type, body)
        try:
            self._workspace.files.fill(request.path_params["file_id"], body)
        except SlackError:
            return PlainTextResponse("not found", 404)
        return PlainTextResponse(f"OK - {len(body)}")

    async def give_file(self, request: Request) -> Response:
        if refusal := self._refuse("files"):
            return refusal
        try:
            file = self._workspace.files.get(request.path_params["file_id"])
        except SlackError:
            return PlainTextResponse("not found", 404)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        # The page, which has no token, shows uploads too.
        if (file.canvas_of or token) and "files:read" not in self._scopes(token):
            return RedirectResponse("/", 302)  # to sign in, as Slack does
        # A canvas comes as HTML, whatever its type is called. Nothing in it may run here.
        kind = "text/html" if file.canvas_of else file.mimetype
        return Response(file.content or b"", media_type=kind, headers={"content-security-policy": "sandbox"})

    def _refuse(self, door: str) -> Response | None:
        fault = self._workspace.faults.find_call_fault(door)
        return PlainTextResponse(fault.error, fault.status) if fault else None

    def _scopes(self, token: str) -> frozenset[str]:
        known = self._workspace.tokens.get(token)
        return known.scopes if known else frozenset()

    async def follow_link(self, request: Request) -> Response:
        """A permalink leads to the page, whose address names the channel and the thread."""
        digits = str(request.path_params["digits"])
        thread_ts = request.query_params.get("thread_ts", f"{digits[:-6]}.{digits[-6:]}")
        return RedirectResponse("/#" + urlencode({"channel": request.path_params["channel"], "thread": thread_ts}))

    async def give_page(self, _request: Request) -> Response:
        return FileResponse(STATIC / "index.html")


def read_first_part(content_type: str, body: bytes) -> bytes:
    """The content of the first part of a multipart body."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    parts = BytesParser().parsebytes(head + body).get_payload()
    if not isinstance(parts, list) or not parts or not isinstance(parts[0], MimeMessage):
        return b""
    content = parts[0].get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
