"""One deployment for several workspaces: each that installs Chip gets documents, feedback and an adapter of its own.

A workspace lives in the folder `teams/<team>` of the data folder, with its own database, index, adapters and folder
`documents`. The workspaces share only the process and the way to Slack. Each one's model takes memory of its own.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field

import yaml
from slack_bolt import App

from bot.app import UNSIGNED
from bot.core import Core, Tell, make_id, now_utc, open_core
from bot.reading import read_in_background
from bot.slack.client import build_client
from bot.slack.errors import name_error
from bot.tenants import Tenants
from bot.transport.delivery import open_delivery
from bot.transport.gateway import Gateway, open_gateway
from bot.transport.health import Health, TokenWatch
from bot.transport.installations import DatabaseInstallations, build_install_pages, load_key
from bot.wiring import attach
from config.settings import PROJECT, Settings
from feedback.database import open_database

logger = logging.getLogger(__name__)

MANIFEST = PROJECT / "config" / "slack_manifest.yaml"

OpenCore = Callable[[Settings, Tell], AbstractContextManager[Core]]


@dataclass(frozen=True, slots=True)
class Deployment:
    """What one deployment holds: the way to Slack, the installations, and the workspaces that are open."""

    gateway: Gateway
    store: DatabaseInstallations
    tenants: Tenants


@dataclass(slots=True)
class _TenantOpener:
    """Opens the workspace of a team, and keeps the watches over the tokens of those that are open.

    `retire` closes a workspace that removed Chip.
    """

    settings: Settings
    say: Tell
    store: DatabaseInstallations
    secret: str
    open_own: OpenCore
    find_base_url: Callable[[str], str] | None
    stopping: threading.Event
    watches: dict[str, TokenWatch] = field(default_factory=dict)
    retire: Callable[[str], None] = lambda team: None  # noqa: ARG005

    @contextmanager
    def open(self, team: str, token: str) -> Iterator[App]:
        own = settings_of(self.settings, team)
        base_url = self.find_base_url(team) if self.find_base_url else self.settings.slack.base_url
        with self.open_own(own, self.say) as core, read_in_background(core, self.say, self.stopping):
            attached = attach(
                core,
                bot_token=token,
                signing_secret=self.secret,
                base_url=base_url,
                on_removed=lambda: self._remove(team),
            )
            with attached as (app, _, token_watch):
                self.watches[team] = token_watch
                try:
                    yield app
                finally:
                    self.watches.pop(team, None)

    def _remove(self, team: str) -> None:
        self.store.delete_all(enterprise_id=None, team_id=team)
        self.retire(team)
        self.watches.pop(team, None)


@contextmanager
def serve_installations(
    settings: Settings,
    say: Tell,
    *,
    open_own: OpenCore = open_core,
    find_base_url: Callable[[str], str] | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Deployment]:
    """Serve every workspace that installed Chip, and those that install it from now on.

    `open_own` opens a workspace's core and `find_base_url` returns where its Slack is; both are for tests. A workspace
    that cannot be opened is named and left out. `stop` cuts the start short. Raises `InstallationError` if the tokens
    cannot be decrypted.
    """
    slack = settings.slack
    assert slack.client_id is not None
    assert slack.client_secret is not None
    with ExitStack() as stack:
        settings.data.mkdir(parents=True, exist_ok=True)
        db = open_database(settings.database_url, clock=now_utc, new_id=make_id)
        stack.callback(db.close)
        key = load_key(slack.token_key.get_secret_value() if slack.token_key else None, settings.data / "token.key")
        store = DatabaseInstallations(db, key, allowed=slack.allowed_teams)
        secret = slack.signing_secret.get_secret_value() if slack.signing_secret else UNSIGNED

        opener = _TenantOpener(settings, say, store, secret, open_own, find_base_url, stop or threading.Event())
        tenants = Tenants(opener.open)
        opener.retire = tenants.retire
        stack.callback(tenants.close)
        _open_all(tenants, store, say)
        store.on_saved = tenants.add
        client = build_client("", slack.base_url)
        pages = build_install_pages(
            client_id=slack.client_id,
            client_secret=slack.client_secret.get_secret_value(),
            scopes=read_scopes(),
            store=store,
            key=key,
            client=client,
        )
        nobodys = App(name="nobody", client=client, signing_secret=secret, token_verification_enabled=False)
        stack.callback(nobodys.listener_runner.listener_executor.shutdown)
        # Slack asks for the challenge before any workspace exists.
        delivery = open_delivery(lambda team: tenants.find(team) if team else nobodys, settings.data, secret)
        gateway = open_gateway(
            stack.enter_context(delivery),
            lambda lines: Health(db, lines, opener.watches.copy, lambda: 0, now_utc),
            slack,
            settings.http.model_copy(update={"serve": True}),
            app_token=slack.app_token.get_secret_value() if slack.app_token else "",
            client=client,
            pages=pages,
        )
        yield Deployment(stack.enter_context(gateway), store, tenants)


def _open_all(tenants: Tenants, store: DatabaseInstallations, say: Tell) -> None:
    for team, token in store.tokens().items():
        try:
            tenants.add(team, token)
        except Exception as error:
            logger.exception("the workspace %s cannot be opened", team)
            say(f"The workspace {team} is left out: {name_error(error)}")


def settings_of(settings: Settings, team: str) -> Settings:
    """Return a workspace's own settings, with its own folder for its data and its documents."""
    folder = settings.data / "teams" / team
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    knowledge = settings.knowledge.model_copy(update={"folder": folder / "documents"})
    own = {"data": folder, "database": None, "knowledge": knowledge, "models": settings.models_folder}
    return settings.model_copy(update=own)


def read_scopes() -> list[str]:
    """Return the scopes that the manifest asks for."""
    return list(yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["oauth_config"]["scopes"]["bot"])
