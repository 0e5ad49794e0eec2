"""Owns the local workspace as a running server: one port, one thread, all doors, and its handle for the caller.

Knows nothing of Chip. An app connects to it as to Slack.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from bot.workspace.board import Message
from bot.workspace.borrowed_line import BorrowedLine
from bot.workspace.doors import build_routes
from bot.workspace.faults import Faults
from bot.workspace.http_mode import Target
from bot.workspace.manifest import AppManifest, SlashCommand, load_manifest
from bot.workspace.people import Directory
from bot.workspace.same_origin import SameOrigin
from bot.workspace.socket_mode import Delivery
from bot.workspace.streaming import StreamLimits
from bot.workspace.visitor import PATIENCE_SECONDS, Visitor
from bot.workspace.workspace import ApiCall, Token, Workspace

T = TypeVar("T")

BOT_TOKEN = "xoxb-local"
APP_TOKEN = "xapp-local"
SIGNING_SECRET = "local-signing-secret"


def now_utc() -> datetime:
    return datetime.now(UTC)


def make_id(prefix: str) -> str:
    return f"{prefix}{secrets.token_hex(5).upper()}"


class LocalWorkspace:
    """A small Slack on one port of this machine.

    Without `manifest` the app's own is read; `slash_commands` and `bot_scopes` replace what it says. `examples`, which
    must be quick, returns the questions that the page offers to try. `port` 0 takes any free
    port. All methods are safe from any thread.
    """

    bot_token = BOT_TOKEN
    app_token = APP_TOKEN
    signing_secret = SIGNING_SECRET

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        clock: Callable[[], datetime] = now_utc,
        ids: Callable[[str], str] = make_id,
        manifest: AppManifest | None = None,
        slash_commands: Sequence[SlashCommand] | None = None,
        bot_scopes: frozenset[str] | None = None,
        examples: Callable[[], Sequence[str]] = tuple,
        directory: Directory | None = None,
        delivery: Delivery | None = None,
        stream_limits: StreamLimits | None = None,
    ) -> None:
        self._host, self._port = host, port
        manifest = manifest or load_manifest()
        if slash_commands is not None:
            manifest = replace(manifest, slash_commands=tuple(slash_commands))
        tokens = {
            BOT_TOKEN: Token("bot", manifest.bot_scopes if bot_scopes is None else bot_scopes),
            APP_TOKEN: Token("app", frozenset({"connections:write"})),
        }
        self._workspace = Workspace(
            directory or Directory(),
            manifest,
            tokens,
            clock,
            ids,
            delivery or Delivery(),
            stream_limits or StreamLimits(),
            examples,
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._server: uvicorn.Server | None = None
        self._started = threading.Event()

    @property
    def url(self) -> str:
        """The page's address, without a trailing slash."""
        return self._workspace.base_url

    @property
    def api_url(self) -> str:
        """The Web API's base URL, as slack_sdk takes it."""
        return f"{self.url}/api/"

    @property
    def slash_commands(self) -> tuple[SlashCommand, ...]:
        return self._workspace.manifest.slash_commands

    @property
    def faults(self) -> Faults:
        return self._workspace.faults

    def start(self) -> None:
        """Binds the port (OSError if it is taken) and serves from a thread of its own."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
        except OSError:
            listener.close()
            raise
        listener.listen()
        self._workspace.base_url = f"http://{self._host}:{listener.getsockname()[1]}"
        self._started.clear()
        self._server = uvicorn.Server(self._build_config())
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="workspace", daemon=True)
        self._thread.start()
        if not self._started.wait(PATIENCE_SECONDS):
            raise RuntimeError("the local workspace did not start")

    def stop(self) -> None:
        """Closes every connection and waits for the thread's end. Stopping twice is harmless."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(PATIENCE_SECONDS)
        self._server = self._thread = self._loop = None

    def __enter__(self) -> LocalWorkspace:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def visit(self, user: str) -> Visitor:
        """A person at the page, for tests and scripts: the same code as /ui. Raises Refusal: unknown_user."""
        return Visitor(self._workspace, user, self.run)

    def inside(self, work: Callable[[Workspace], T]) -> T:
        """Runs a function on the workspace's parts, on its own thread."""

        async def step() -> T:
            return work(self._workspace)

        return self.run(step())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Waits for a coroutine that runs on the workspace's thread. Raises TimeoutError, RuntimeError when stopped."""
        if self._loop is None:
            work.close()
            raise RuntimeError("the local workspace is not running")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)

    def messages(self, channel: str) -> list[Message]:
        """Everything said in a channel, threads included, oldest first; ephemerals too."""
        return self.inside(lambda workspace: workspace.board.everything(channel))

    def calls(self, method: str | None = None) -> list[ApiCall]:
        """The Web API calls that came in (the last 10,000), of one method or all."""
        return self.inside(lambda w: [call for call in w.calls if method in (None, call.method)])

    def statuses(self) -> dict[tuple[str, str], str]:
        """The statuses ("is reading…") still shown, by (channel, thread_ts)."""
        return self.inside(lambda workspace: workspace.statuses())

    def is_connected(self) -> bool:
        return self.inside(lambda workspace: workspace.line.connected)

    def is_idle(self) -> bool:
        """Whether every envelope was acknowledged."""
        return self.inside(lambda workspace: workspace.line.idle)

    def deliver_to(self, url: str, signing_secret: str) -> None:
        """Delivers to this address over HTTP from now on. Raises NotDelivered if it does not answer the challenge."""
        self.run(self._workspace.deliver_to(Target(url, signing_secret)))

    def deliver_through(self, other: LocalWorkspace) -> None:
        """Delivers over the sockets that the app opened to another workspace, as for an app with many installations."""
        assert other._loop is not None
        borrowed = BorrowedLine(other._workspace.sockets, other._loop)

        def borrow(workspace: Workspace) -> None:
            workspace.borrowed = borrowed

        self.inside(borrow)

    def issue_code(self) -> str:
        """A code as Slack's page of consent gives it to an app that is being installed. It works once."""

        def issue(workspace: Workspace) -> str:
            code = workspace.ids("code-")
            workspace.oauth_codes.add(code)
            return code

        return self.inside(issue)

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Asks the app to reconnect: `warning`, `refresh_requested` or `link_disabled`."""
        self.inside(lambda workspace: workspace.sockets.disconnect(reason))

    def drop_connections(self) -> None:
        """Closes the app's sockets without a disconnect frame."""
        self.inside(lambda workspace: workspace.sockets.drop())

    def mute_connections(self) -> None:
        """From now on the app's open sockets answer pings and deliver nothing."""
        self.inside(lambda workspace: workspace.sockets.mute())

    def invite(self, user: str, channel: str) -> None:
        """Adds a person, or Chip, to a channel. Raises KeyError."""
        self.inside(lambda workspace: workspace.invite(user, channel))

    def remove(self, user: str, channel: str) -> None:
        """Removes a person, or Chip, from a channel. Raises KeyError."""
        self.inside(lambda workspace: workspace.remove(user, channel))

    def pin(self, channel: str, ts: str) -> None:
        """Pins a message, or unpins it if it is pinned."""

        def turn(workspace: Workspace) -> None:
            pinned = workspace.pins.setdefault(channel, [])
            pinned.remove(ts) if ts in pinned else pinned.append(ts)

        self.inside(turn)

    def write_canvas(self, channel: str, title: str, html: str, file_id: str = "") -> str:
        """Returns the id of a new canvas of a channel, or of the canvas that gets this next state."""
        return self.inside(lambda w: w.files.write_canvas(channel, title, html, int(w.clock().timestamp()), file_id).id)

    def delete_file(self, file_id: str) -> None:
        """Removes a file or a canvas. Raises SlackError: file_not_found."""
        self.inside(lambda workspace: workspace.files.delete(file_id))

    def change_person(self, user: str, **fields: Any) -> None:
        """Changes a person's fields (`role="admin"`), as people.Person has them. Raises KeyError."""
        self.inside(lambda w: w.change_person(replace(w.directory.people[user], **fields)))

    def wait_for(self, predicate: Callable[[], T | None], timeout_seconds: float = PATIENCE_SECONDS) -> T:
        """The first true value of `predicate`, asked every 10 ms from this thread. Raises TimeoutError."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            value = predicate()
            if value:
                return value
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing happened in the local workspace within {timeout_seconds} s")
            time.sleep(0.01)

    def _build_config(self) -> uvicorn.Config:
        guard = Middleware(SameOrigin, hosts={"127.0.0.1", "localhost", self._host})
        app = Starlette(routes=build_routes(self._workspace), middleware=[guard], lifespan=self._live)
        return uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            loop="asyncio",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=1,
        )

    @contextlib.asynccontextmanager
    async def _live(self, _app: Starlette) -> AsyncIterator[None]:
        self._loop = asyncio.get_running_loop()
        self._started.set()
        yield
        self._workspace.sockets.close()
        if self._workspace.http is not None:
            self._workspace.http.close()
