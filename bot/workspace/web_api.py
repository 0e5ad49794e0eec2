"""Owns the Web API's door: reads a request, finds who calls, checks the scope, and answers as Slack does.

Knows nothing of what a method does.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.workspace.api_call import Answer, Call, Method
from bot.workspace.errors import SlackError
from bot.workspace.faults import CallFault
from bot.workspace.methods_chat import CHAT_METHODS
from bot.workspace.methods_conversations import CONVERSATION_METHODS
from bot.workspace.methods_files import FILE_METHODS
from bot.workspace.methods_stream import STREAM_METHODS
from bot.workspace.methods_team import TEAM_METHODS
from bot.workspace.methods_views import VIEW_METHODS
from bot.workspace.workspace import ApiCall, Token, Workspace

logger = logging.getLogger(__name__)

METHODS: Mapping[str, Method] = {
    **CHAT_METHODS,
    **STREAM_METHODS,
    **CONVERSATION_METHODS,
    **VIEW_METHODS,
    **FILE_METHODS,
    **TEAM_METHODS,
}


class WebApi:
    """Answers `POST /api/<method>`."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def handle(self, request: Request) -> Response:
        name = request.path_params["method"]
        content_type = request.headers.get("content-type", "")
        body = await request.body()
        fault = self._workspace.faults.find_call_fault(name)
        if fault is not None and not fault.done:
            return self._refuse(name, fault)
        try:
            arguments = dict(request.query_params) | parse_body(content_type, body)
            method = find_method(name)
            given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
            token = self._identify(given or str(arguments.pop("token", "")), method)
        except SlackError as error:
            return self._answer(name, {}, error.build_body(), None)
        answer = self._answer(name, arguments, self._call(method, token, arguments), token)
        return self._refuse(name, fault) if fault else answer

    def _call(self, method: Method, token: Token, arguments: Mapping[str, Any]) -> Answer:
        call = Call(self._workspace, token, arguments)
        try:
            if method.token_kind not in ("any", token.kind):
                raise SlackError("not_allowed_token_type")
            if method.scope:
                call.require_scope(method.scope)
            return {"ok": True, **method.answer(call)}
        except SlackError as error:
            return error.build_body()

    def _identify(self, value: str, method: Method) -> Token:
        if method.token_kind == "any":
            return self._workspace.tokens.get(value, Token("any", frozenset()))
        if not value:
            raise SlackError("not_authed")
        if value not in self._workspace.tokens:
            raise SlackError("invalid_auth")
        return self._workspace.tokens[value]

    def _answer(self, name: str, arguments: Mapping[str, Any], body: Answer, token: Token | None) -> Response:
        error = "" if body["ok"] else str(body["error"])
        self._workspace.calls.append(ApiCall(name, arguments, error))
        logger.debug("%s %s", name, error or "ok")
        headers = {"x-oauth-scopes": ",".join(sorted(token.scopes))} if token else {}
        return JSONResponse(body, headers=headers)

    def _refuse(self, name: str, fault: CallFault) -> Response:
        self._workspace.calls.append(ApiCall(name, {}, fault.error))
        after = fault.retry_after_seconds
        headers = {} if after is None else {"Retry-After": str(after)}
        if fault.status == 0:  # promises more than it sends, so that the server then breaks the connection
            return Response(status_code=200, headers={"content-length": "1000"})
        return JSONResponse({"ok": False, "error": fault.error}, fault.status, headers)


def find_method(name: str) -> Method:
    """Raises SlackError: unknown_method."""
    if name not in METHODS:
        raise SlackError("unknown_method", req_method=name)
    return METHODS[name]


def parse_body(content_type: str, body: bytes) -> dict[str, Any]:
    """JSON or form, as Slack takes both on every method. Raises SlackError: invalid_json, json_not_object."""
    if not body:
        return {}
    if not content_type.startswith("application/json"):
        return dict(parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True))
    try:
        parsed = json.loads(body)
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(parsed, dict):
        raise SlackError("json_not_object")
    return parsed
