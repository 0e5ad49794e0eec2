"""Serves Slack's requests, health and readiness over HTTP, each at its path, behind waitress.

Knows nothing of what the app does. The app verifies signatures; this module refuses what cannot be a request of
Slack's.
"""

import ipaddress
import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from slack_bolt import BoltRequest, BoltResponse
from waitress import wasyncore
from waitress.server import create_server

from bot.slack.errors import SLACK_ERRORS, name_error
from bot.transport.delivery import Delivery

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)

SLACK_PATH = "/slack/events"
THREADS = 16  # Slack opens several connections, and a request holds its thread until it is acknowledged
LARGEST_REQUEST_BYTES = 5 * 2**20  # an event with a message of 40,000 emoji holds it twice, 480 kB each
LARGEST_BACKLOG = 1024  # connections that may wait in a burst
# A process may usually have 1,024 descriptors, files included, and select() fails beyond that. More connections wait.
MOST_CONNECTIONS = 512
IDLE_SECONDS = 20  # a connection that is silent for this long is closed
_LONGEST_TIME = 12  # digits of an instant in seconds
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")

Handle = Callable[[BoltRequest], BoltResponse]


@dataclass(frozen=True, slots=True)
class HttpDoor:
    """A WSGI application over the apps. `health` and `readiness` return whether Chip is well, with facts.

    `delivery` is None if no request of Slack's is accepted here. `pages` are further GET paths, such as those of an
    installation.
    """

    delivery: Delivery | None
    health: Callable[[], tuple[bool, Mapping[str, Any]]]
    readiness: Callable[[], tuple[bool, Mapping[str, Any]]]
    pages: Mapping[str, Handle]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        response = self._respond(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ)
        headers = [(name, value) for name, values in response.headers.items() for value in values]
        status = HTTPStatus(response.status)
        start_response(f"{status.value} {status.phrase}", headers)
        return [(response.body or "").encode()]

    def _respond(self, method: str, path: str, environ: "WSGIEnvironment") -> BoltResponse:
        if method == "GET" and path == "/healthz":
            return _report(*self.health())
        if method == "GET" and path == "/readyz":
            is_ready, facts = self.readiness()
            return _report(is_ready, facts if _is_from_here(environ) else {"ok": is_ready})
        if method == "GET" and path in self.pages:
            return _show_page(self.pages[path], environ)
        if path != SLACK_PATH:
            return BoltResponse(status=404, body="Not found")
        if method != "POST":
            return BoltResponse(status=405, body="Slack posts here")
        return self._receive(environ)

    def _receive(self, environ: "WSGIEnvironment") -> BoltResponse:
        if not _may_be_signed(environ):
            return BoltResponse(status=401, body="Not signed")
        try:
            request = _read_request(environ)
        except (ValueError, AttributeError, RecursionError):  # Bolt parses a body that is no JSON object in its own way
            logger.warning("a request of %s bytes cannot be read", environ.get("CONTENT_LENGTH"))
            return BoltResponse(status=400, body="Not readable", headers={"X-Slack-No-Retry": "1"})
        if (attempt := environ.get("HTTP_X_SLACK_RETRY_NUM")) is not None:
            logger.info("attempt %s, because of %s", attempt, environ.get("HTTP_X_SLACK_RETRY_REASON"))
        response = None
        if self.delivery is not None:
            response, pending = self.delivery.receive(request)
            self.delivery.hand_on_soon(pending)
        return response or BoltResponse(status=404, body="Not installed there", headers={"X-Slack-No-Retry": "1"})


def end_process() -> None:
    """End Chip with a signal, so that its supervisor starts it again."""
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def open_http(door: HttpDoor, host: str, port: int, on_death: Callable[[], None] = end_process) -> Iterator[str]:
    """Serve the door and yield its address, without a trailing slash. Raises `OSError` if the port is taken.

    `on_death` is called if serving fails: a process that hears nothing is of no use.
    """
    sockets: dict[int, Any] = {}
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family)
    settings: dict[str, Any] = dict(
        sockets=[listener],
        threads=THREADS,
        max_request_body_size=LARGEST_REQUEST_BYTES,
        backlog=LARGEST_BACKLOG,
        connection_limit=MOST_CONNECTIONS,
        channel_timeout=IDLE_SECONDS,
        cleanup_interval=IDLE_SECONDS // 4,
        asyncore_use_poll=True,  # select() takes no descriptor above 1,023
        ident="chip",
        clear_untrusted_proxy_headers=False,  # these headers only tell that a request comes from elsewhere
    )
    server: Any = create_server(door, map=sockets, **settings)  # its types omit the trigger
    thread = threading.Thread(target=_run_server, args=(server, on_death), name="chip-http")
    thread.start()
    try:
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.task_dispatcher.shutdown()  # lets accepted requests finish
        with (
            server.trigger.lock
        ):  # its thread holds this lock while it closes: never before the pull, whatever else wakes it
            server.trigger.thunks.append(lambda: wasyncore.close_all(sockets))
            server.trigger.pull_trigger()
        thread.join()
        wasyncore.close_all(sockets)  # if its thread had died


def _run_server(server: Any, on_death: Callable[[], None]) -> None:
    try:
        server.run()
    except Exception:
        logger.exception("nothing is served over HTTP any more; Chip ends")
        on_death()


def _may_be_signed(environ: "WSGIEnvironment") -> bool:
    """Whether a request has the signature's headers in a form that the check can read."""
    timestamp = environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", "")
    is_time = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _LONGEST_TIME
    return is_time and environ.get("HTTP_X_SLACK_SIGNATURE", "").isascii()


def _is_from_here(environ: "WSGIEnvironment") -> bool:
    """Whether a request comes from this machine and not through a proxy on it."""
    try:
        is_near = ipaddress.ip_address(environ.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
    return is_near and not any(name in environ for name in _FORWARDED)


def _show_page(page: Handle, environ: "WSGIEnvironment") -> BoltResponse:
    try:
        return page(_read_request(environ))
    except SLACK_ERRORS as error:
        logger.warning("the page %s needs Slack, which does not answer: %s", environ["PATH_INFO"], name_error(error))
        return BoltResponse(status=502, body="Slack does not answer now. Try again in a minute.")


def _read_request(environ: "WSGIEnvironment") -> BoltRequest:
    """Return the request as Bolt takes it. Raises `ValueError`, `AttributeError` for a body that is no JSON object."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    headers: dict[str, Any] = {
        name.removeprefix("HTTP_").lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_") or name == "CONTENT_TYPE"
    }
    body = environ["wsgi.input"].read(length).decode("utf-8")
    return BoltRequest(body=body, query=environ.get("QUERY_STRING", ""), headers=headers)


def _report(is_well: bool, facts: Mapping[str, Any]) -> BoltResponse:
    headers: dict[str, str | Sequence[str]] = {"Content-Type": "application/json"}
    return BoltResponse(status=200 if is_well else 503, body=json.dumps(facts), headers=headers)
