"""The way between Slack and the apps: Socket Mode or HTTP, as configured, with health and readiness.

Knows nothing of what the apps do. A request's team decides which app gets it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from slack_sdk import WebClient

from bot.transport.delivery import Delivery
from bot.transport.health import Health
from bot.transport.http_mode import SLACK_PATH, Handle, HttpDoor, open_http
from bot.transport.socket_mode import Connections, open_sockets
from config.settings import HttpSettings, SlackSettings


@dataclass(frozen=True, slots=True)
class Gateway:
    """An open way. `http_url` is where Slack's requests, health and readiness are served; None if they are not."""

    delivery: Delivery
    http_url: str | None

    @property
    def request_url(self) -> str | None:
        """The address to enter in Slack as Request URL."""
        return None if self.http_url is None else f"{self.http_url}{SLACK_PATH}"


@contextmanager
def open_gateway(
    delivery: Delivery,
    build_health: Callable[[Connections | None], Health],
    slack: SlackSettings,
    http: HttpSettings,
    *,
    app_token: str,
    client: WebClient,
    pages: Mapping[str, Handle] | None = None,
) -> Iterator[Gateway]:
    """Open what is configured. Raises `SlackApiError` for a refused app token, `OSError` for a port that is taken."""
    with ExitStack() as stack:
        lines = None
        if slack.transport == "socket":
            sockets = open_sockets(
                delivery,
                app_token,
                client,
                connections=slack.connections,
                silent_seconds=slack.silent_minutes * 60,
            )
            lines = stack.enter_context(sockets)
        if slack.transport == "socket" and not http.serve:
            yield Gateway(delivery, None)
            return
        health = build_health(lines)
        # In Socket Mode no request over HTTP is accepted: it could not be told from a forged one.
        taking = delivery if slack.transport == "http" else None
        door = HttpDoor(taking, health.liveness, health.readiness, pages or {})
        yield Gateway(delivery, stack.enter_context(open_http(door, http.host, http.port)))
