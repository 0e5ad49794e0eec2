"""`chip workspace`: runs the local workspace by itself, for a Slack app that is being developed."""

import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from bot.workspace.errors import NotDelivered
from bot.workspace.manifest import AppManifest, load_manifest
from bot.workspace.server import LocalWorkspace

SECONDS_BETWEEN_TRIES = 1.0


class WorkspaceOptionError(Exception):
    """An option that cannot be used. The message says why."""


def serve_workspace(
    host: str, port: int, url: str | None, manifest: Path | None, say: Callable[[str], None], stop: threading.Event
) -> None:
    """Start the workspace, print what an app needs to connect, and wait for `stop`, which Ctrl+C sets.

    With `url`, events are posted there as soon as the app answers the challenge. Without it, they wait for the app's
    socket. Raises `WorkspaceOptionError` or `OSError`.
    """
    if url is not None and not _is_web_address(url):
        raise WorkspaceOptionError(f"{url} is no web address, such as http://127.0.0.1:3000/slack/events.")
    workspace = LocalWorkspace(host, port, manifest=None if manifest is None else _read_manifest(manifest))
    with ExitStack() as stack:
        try:
            stack.enter_context(workspace)
        except OSError as error:
            reason = f"The local workspace cannot listen on {host}:{port} ({error.strerror})."
            raise OSError(f"{reason} --port takes another, and any free one with 0.") from error
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        say(f"The local workspace is ready: open {workspace.url}  (Ctrl+C stops it)")
        say(f"  API base URL:   {workspace.api_url}")
        say(f"  Bot token:      {workspace.bot_token}")
        say(f"  App token:      {workspace.app_token}")
        say(f"  Signing secret: {workspace.signing_secret}")
        if url is not None:
            _deliver_to(workspace, url, say, stop)
        stop.wait()


def _deliver_to(workspace: LocalWorkspace, url: str, say: Callable[[str], None], stop: threading.Event) -> None:
    say(f"Waiting for the app to answer Slack's challenge at {url}")
    while not stop.is_set():
        try:
            workspace.deliver_to(url, workspace.signing_secret)
        except NotDelivered:
            stop.wait(SECONDS_BETWEEN_TRIES)
        else:
            say(f"What happens is posted to {url}")
            return


def _read_manifest(path: Path) -> AppManifest:
    try:
        return load_manifest(path)
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise WorkspaceOptionError(
            f"{path} is no manifest of a Slack app ({type(error).__name__}: {error})."
        ) from error


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
