"""Owns the control door, through which another process switches faults on, breaks connections, and reads the calls.

Knows nothing of what the faults do. JSON in, JSON out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.workspace.workspace import Workspace

Order = Mapping[str, Any]


class ControlDoor:
    """`POST /control` with `{"do": name, …}`; `GET /control/calls[?method=]`."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        faults, sockets = workspace.faults, workspace.sockets
        self._orders: dict[str, Callable[..., object]] = {
            "lose_acks": faults.lose_acks,
            "lose_share_of_acks": faults.lose_share_of_acks,
            "delay_acks": faults.delay_acks,
            "rate_limit": faults.rate_limit,
            "fail": faults.fail,
            "lose_answer": faults.lose_answer,
            "break_off": faults.break_off,
            "clear": faults.clear,
            "disconnect": sockets.disconnect,
            "drop": sockets.drop,
            "mute": sockets.mute,
            "push_event": workspace.push_event,
        }

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/control", self.obey, methods=["POST"]),
            Route("/control/calls", self.give_calls),
        ]

    async def obey(self, request: Request) -> Response:
        """Do what the JSON body asks, and return the answer's JSON."""
        try:
            order = dict(json.loads(await request.body()))
            act = self._orders[order.pop("do")]
            act(**order)
        except (ValueError, TypeError, KeyError) as error:
            message = f"{type(error).__name__}: {error}. Known are {', '.join(self._orders)}."
            return JSONResponse({"ok": False, "error": "bad_request", "message": message}, 400)
        return JSONResponse({"ok": True})

    async def give_calls(self, request: Request) -> Response:
        wanted = request.query_params.get("method")
        calls = [call for call in self._workspace.calls if wanted in (None, call.method)]
        shown = [{"method": call.method, "arguments": dict(call.arguments), "error": call.error} for call in calls]
        return JSONResponse({"ok": True, "calls": shown})
