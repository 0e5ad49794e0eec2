"""Owns the check of origins: refuses calls from other sites' pages in a browser on this machine.

Knows nothing of what is asked. Without this check, any web site could speak as an admin to a workspace on loopback.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class SameOrigin:
    """Refuses a request that names another host (DNS rebinding) or comes from another site's page.

    A page sends Origin. For an image or a link, which need none, the browser sends Sec-Fetch-Site.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self._is_welcome(Headers(scope=scope), scope["path"]):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4003})
        else:
            await PlainTextResponse("another site may not act here", 403)(scope, receive, send)

    def _is_welcome(self, headers: Headers, path: str) -> bool:
        host, origin = headers.get("host", ""), headers.get("origin")
        if urlsplit(f"//{host}").hostname not in self._hosts:
            return False
        is_from_elsewhere = headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
        if is_from_elsewhere and not (path == "/" and headers.get("sec-fetch-mode") == "navigate"):
            return False
        return origin is None or urlsplit(origin).netloc == host
