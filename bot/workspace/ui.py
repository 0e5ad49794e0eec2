"""Owns the page's door: the /ui calls as docs/WORKSPACE.md states them, and the pushes of events.

Knows nothing of what an action does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.workspace.errors import Refusal
from bot.workspace.visits import Visit
from bot.workspace.workspace import Workspace

Body = dict[str, Any]
Answer = Callable[[Visit, Body], Awaitable[Body]]


class PageDoor:
    """Answers the page. A refusal is HTTP 4xx with a code and one sentence."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def routes(self) -> list[BaseRoute]:
        reads = {"bootstrap": read_bootstrap, "messages": read_messages, "home": read_home}
        acts = {
            "post": post,
            "edit": edit,
            "delete": delete,
            "react": react,
            "stop": stop,
            "command": run_command,
            "action": act,
            "shortcut": use_shortcut,
            "view/submit": submit_view,
            "view/close": close_view,
        }
        routes: list[BaseRoute] = [Route(f"/ui/{name}", self._reading(answer)) for name, answer in reads.items()]
        routes += [Route(f"/ui/{name}", self._acting(answer), methods=["POST"]) for name, answer in acts.items()]
        routes.append(Route("/ui/upload", self.take_upload, methods=["POST"]))
        return [*routes, WebSocketRoute("/ui/events", self.push_events)]

    def _reading(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            return await self._answer(answer, dict(request.query_params))

        return handle

    def _acting(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            try:
                body = json.loads(await request.body())
            except ValueError:
                return refuse(Refusal("bad_request"))
            return await self._answer(answer, body)

        return handle

    async def take_upload(self, request: Request) -> Response:
        """Stores the body as a file for a form."""
        query = request.query_params
        try:
            visit = Visit(self._workspace, query.get("user", ""))
            file_id = visit.upload(query.get("name", ""), await request.body())
        except Refusal as refusal:
            return refuse(refusal)
        return JSONResponse({"ok": True, "file": file_id})

    async def _answer(self, answer: Answer, body: Any) -> Response:
        try:
            if not isinstance(body, dict):
                raise Refusal("bad_request")
            return JSONResponse(await answer(Visit(self._workspace, str(body.get("user", ""))), body))
        except Refusal as refusal:
            return refuse(refusal)
        except (KeyError, TypeError, AttributeError):
            return refuse(Refusal("bad_request"))

    async def push_events(self, websocket: WebSocket) -> None:
        """Pushes to one open page until it closes."""
        user = websocket.query_params.get("user", "")
        try:
            Visit(self._workspace, user)
        except Refusal:
            await websocket.close(4004)
            return
        await websocket.accept()
        queue = self._workspace.feed.open(user)
        queue.put_nowait({"type": "app", "connected": self._workspace.line.connected})
        pusher = asyncio.create_task(_push(websocket, queue))
        try:
            while True:
                await websocket.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            self._workspace.feed.close(user, queue)
        finally:
            pusher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pusher


def refuse(refusal: Refusal) -> Response:
    body = {"ok": False, "error": refusal.code, "message": refusal.sentence}
    return JSONResponse(body, status_code=403 if refusal.code in ("not_visible", "not_yours") else 400)


async def read_bootstrap(visit: Visit, _body: Body) -> Body:
    return visit.bootstrap()


async def read_messages(visit: Visit, body: Body) -> Body:
    return {"messages": visit.messages(body["channel"], body.get("thread_ts") or None)}


async def read_home(visit: Visit, _body: Body) -> Body:
    return {"view": visit.open_home()}


async def post(visit: Visit, body: Body) -> Body:
    return {"ok": True, "ts": visit.post(body["channel"], body["text"], body.get("thread_ts") or None)}


async def edit(visit: Visit, body: Body) -> Body:
    visit.edit(body["channel"], body["ts"], body["text"])
    return {"ok": True}


async def delete(visit: Visit, body: Body) -> Body:
    visit.delete(body["channel"], body["ts"])
    return {"ok": True}


async def react(visit: Visit, body: Body) -> Body:
    visit.react(body["channel"], body["ts"], body["name"], on=bool(body["on"]))
    return {"ok": True}


async def stop(visit: Visit, body: Body) -> Body:
    visit.stop(body["channel"], body["ts"])
    return {"ok": True}


async def run_command(visit: Visit, body: Body) -> Body:
    return {"ok": True, "acknowledged": await visit.command(body["channel"], body["text"])}


async def act(visit: Visit, body: Body) -> Body:
    block_id, action_id = body["block_id"], body["action_id"]
    value, selected = body.get("value"), body.get("selected")
    if body.get("view_id"):
        taken = await visit.click_in_view(body["view_id"], block_id, action_id, value, selected)
    else:
        taken = await visit.click(body["channel"], body["ts"], block_id, action_id, value, selected)
    return {"ok": True, "acknowledged": taken}


async def use_shortcut(visit: Visit, body: Body) -> Body:
    return {"ok": True, "acknowledged": await visit.shortcut(body["channel"], body["ts"], body["callback_id"])}


async def submit_view(visit: Visit, body: Body) -> Body:
    errors = await visit.submit_view(body["view_id"], body["values"])
    return {"ok": False, "errors": errors} if errors else {"ok": True}


async def close_view(visit: Visit, body: Body) -> Body:
    await visit.close_view(body["view_id"])
    return {"ok": True}


async def _push(websocket: WebSocket, queue: asyncio.Queue[Body]) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await websocket.send_text(json.dumps(await queue.get()))
