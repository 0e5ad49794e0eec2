"""`chip run`: the whole of Chip, in Slack or in the local workspace, until it is told to stop."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from bot.commands.call import may
from bot.commands.table import COMMANDS
from bot.core import Core, open_core
from bot.deployment import serve_installations
from bot.garbage import spare_lasting_objects
from bot.reading import read_in_background
from bot.transport.gateway import Gateway
from bot.transport.installations import INSTALL_PATH
from bot.wiring import connect
from bot.workspace.manifest import SlashCommand, Subcommand, load_manifest
from bot.workspace.people import Directory, build_channels
from bot.workspace.server import LocalWorkspace
from config.settings import Settings, SlackSettings
from feedback.events import Role

LOCAL_HINT = "No Slack tokens are set ({missing}), so Chip serves a small Slack of its own."


def run_chip(settings: Settings, say: Callable[[str], None], stop: threading.Event) -> None:
    """Start everything, print where Chip can be reached, and wait for `stop`.

    Raises `OSError` if another Chip runs on the same data folder.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(hold_data_folder(settings.data))
        if settings.slack.serves_installations and not settings.is_local:
            _serve_installations(settings, say, stop, started)
            return
        core = stack.enter_context(open_core(settings, say))
        stack.enter_context(read_in_background(core, say, stop))
        where = _connect(core, stack, say)
        spare_lasting_objects()
        say(f"Chip is ready after {time.monotonic() - started:.1f} s: {where}  (Ctrl+C stops it)")
        stop.wait()
        say("Stopping: letting running answers end")
        core.knowledge.stop_reading()


@contextmanager
def hold_data_folder(data: Path) -> Iterator[None]:
    """Lock the data folder against any other Chip.

    A second one would resume this one's questions and answer them twice.
    """
    data.mkdir(parents=True, exist_ok=True)
    lock = FileLock(data / "chip.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise OSError(f"Another Chip runs on the data folder {data}. Stop it, or set `data` to another one.") from error
    try:
        yield
    finally:
        lock.release()


def _serve_installations(settings: Settings, say: Callable[[str], None], stop: threading.Event, started: float) -> None:
    with serve_installations(settings, say, stop=stop) as deployment:
        _say_address(deployment.gateway, say)
        where = f"install it at {deployment.gateway.http_url}{INSTALL_PATH}"
        spare_lasting_objects()
        say(f"Chip is ready after {time.monotonic() - started:.1f} s: {where}  (Ctrl+C stops it)")
        stop.wait()
        say("Stopping: letting running answers end")


def _connect(core: Core, stack: ExitStack, say: Callable[[str], None]) -> str:
    slack = core.settings.slack
    if not core.settings.is_local:
        say("Connecting to Slack")
        secrets = {
            "bot_token": slack.bot_token,
            "app_token": slack.app_token,
            "signing_secret": slack.signing_secret,
        }
        given = {name: secret.get_secret_value() for name, secret in secrets.items() if secret is not None}
        stack.enter_context(connect(core, **given, base_url=slack.base_url, on_open=lambda way: _say_address(way, say)))
        return "mention it in Slack or send it a direct message"
    say(LOCAL_HINT.format(missing=", ".join(core.settings.missing_secrets)))
    local = core.settings.workspace
    try:
        workspace = stack.enter_context(_build_workspace(core))
    except OSError as error:
        reason = f"The local workspace cannot listen on {local.host}:{local.port} ({error.strerror})."
        advice = "Is Chip running already? To take any free port: CHIP_WORKSPACE__PORT=0 make run"
        raise OSError(f"{reason} {advice}") from error
    tokens = {
        "bot_token": workspace.bot_token,
        "app_token": workspace.app_token,
        "signing_secret": workspace.signing_secret,
    }
    stack.enter_context(
        connect(core, **tokens, base_url=workspace.api_url, on_open=lambda way: _deliver_to(workspace, way, slack))
    )
    return f"open {workspace.url}"


def _build_workspace(core: Core) -> LocalWorkspace:
    """Return the local workspace of this company: channels with topics, and questions that its documents answer."""
    settings = core.settings
    return LocalWorkspace(
        settings.workspace.host,
        settings.workspace.port,
        slash_commands=[_describe_command(command) for command in load_manifest().slash_commands],
        examples=lambda: settings.examples or core.suggestions.known,
        directory=Directory(channels=build_channels(settings.company)),
    )


def _describe_command(command: SlashCommand) -> SlashCommand:
    """Add the words that may follow the command, and who may use them."""
    roles = {"customer": Role.CUSTOMER, "agent": Role.STAFF, "admin": Role.ADMIN}
    subcommands = tuple(
        Subcommand(sub.usage, sub.what, frozenset(name for name, role in roles.items() if may(role, sub.least)))
        for sub in COMMANDS.values()
    )
    return replace(command, subcommands=subcommands)


def _say_address(gateway: Gateway, say: Callable[[str], None]) -> None:
    if gateway.http_url is not None:
        say(f"Listening on {gateway.http_url} (health at /healthz and /readyz; Slack posts to {gateway.request_url})")


def _deliver_to(workspace: LocalWorkspace, gateway: Gateway, slack: SlackSettings) -> None:
    if slack.transport == "http" and gateway.request_url is not None:
        workspace.deliver_to(gateway.request_url, workspace.signing_secret)
