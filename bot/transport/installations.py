"""Stores where Chip is installed: added by OAuth, kept in the database with encrypted tokens.

Knows nothing of what an installation is used for. The key is not in the database. It is a setting, or a file in the
data folder that only its owner may read, so that a copy of the database reveals no token.
"""

import os
import secrets
import threading
import time
from collections.abc import Callable, Collection, Mapping
from logging import Logger, getLogger
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from slack_bolt.error import BoltError
from slack_bolt.oauth import OAuthFlow
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk import WebClient
from slack_sdk.oauth import InstallationStore, OAuthStateStore
from slack_sdk.oauth.installation_store import Bot, Installation
from sqlalchemy import Row, delete, insert, select

from bot.transport.http_mode import Handle
from feedback.database import Database
from feedback.tables import installations

INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"
STATE_SECONDS = 600


class InstallationError(Exception):
    """An installation that cannot be used. The message says why and how to mend it."""


class NotAllowedError(InstallationError, BoltError):
    """A workspace that may not install Chip. Bolt shows its failure page for it."""


def load_key(given: str | None, file: Path) -> Fernet:
    """Return the configured key, or the one in the file, which is created if it is missing.

    Raises `InstallationError` if the text is not a key.
    """
    key = given or _read_or_make_key(file)
    try:
        return Fernet(key)
    except ValueError as error:
        raise InstallationError("The token key must be 32 bytes in URL-safe base64, 44 characters.") from error


def _read_or_make_key(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="ascii").strip()
    key = Fernet.generate_key().decode()
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(key)
    return key


class DatabaseInstallations(InstallationStore):
    """slack_sdk's installation store over the table. `on_saved` gets each installation with its decrypted token.

    `allowed` are the teams that may install Chip; empty means any team.
    """

    def __init__(
        self,
        db: Database,
        key: Fernet,
        on_saved: Callable[[str, str], None] = lambda _team, _token: None,
        allowed: Collection[str] = (),
    ) -> None:
        self._db = db
        self._key = key
        self._allowed = frozenset(allowed)
        self.on_saved = on_saved

    @property
    def logger(self) -> Logger:
        return getLogger(__name__)

    def save(self, installation: Installation) -> None:
        """Store the installation and replace an earlier one of its team. Raises `NotAllowedError`."""
        team, token = installation.team_id or installation.enterprise_id or "", installation.bot_token or ""
        if not self.is_allowed(team):
            raise NotAllowedError(
                f"The workspace {team} may not install Chip here; `slack.allowed_teams` names others."
            )
        row = {
            "team": team,
            "enterprise": installation.enterprise_id,
            "sealed_token": self._key.encrypt(token.encode()).decode(),
            "app": installation.app_id or "",
            "bot_user": installation.bot_user_id or "",
            "bot_id": installation.bot_id or "",
            "scopes": list(installation.bot_scopes or ()),
            "installed_by": installation.user_id,
            "installed_at": self._db.clock(),
        }
        with self._db.begin() as connection:
            connection.execute(delete(installations).where(installations.c.team == team))
            connection.execute(insert(installations).values(row))
        self.on_saved(team, token)

    def is_allowed(self, team: str) -> bool:
        """Whether a team may install Chip, and be served."""
        return not self._allowed or team in self._allowed

    def tokens(self) -> dict[str, str]:
        """Return the bot token of each team that may be served. Raises `InstallationError` if no key fits."""
        with self._db.read() as connection:
            rows = connection.execute(select(installations).order_by(installations.c.team)).all()
        return {row.team: self._unseal(row) for row in rows if self.is_allowed(row.team)}

    def find_bot(self, *, enterprise_id: str | None, team_id: str | None, **_: object) -> Bot | None:
        """Return the bot of a team; None if Chip is not installed."""
        found = self.find_installation(enterprise_id=enterprise_id, team_id=team_id)
        return None if found is None else found.to_bot()

    def find_installation(self, *, enterprise_id: str | None, team_id: str | None, **_: object) -> Installation | None:
        """Return the installation of a team; None if Chip is not installed."""
        with self._db.read() as connection:
            here = installations.c.team == (team_id or enterprise_id)
            row = connection.execute(select(installations).where(here)).one_or_none()
        return None if row is None else self._build_installation(row)

    def delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        """Forget the installation of a team."""
        self.delete_all(enterprise_id=enterprise_id, team_id=team_id)

    def delete_installation(self, *, enterprise_id: str | None, team_id: str | None, **_: object) -> None:
        """Forget the installation of a team."""
        self.delete_all(enterprise_id=enterprise_id, team_id=team_id)

    def delete_all(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        """Forget the installation of a team."""
        with self._db.begin() as connection:
            connection.execute(delete(installations).where(installations.c.team == (team_id or enterprise_id)))

    def _build_installation(self, row: Row[tuple[object, ...]]) -> Installation:
        return Installation(
            app_id=row.app,
            enterprise_id=row.enterprise,
            team_id=row.team,
            bot_token=self._unseal(row),
            bot_id=row.bot_id,
            bot_user_id=row.bot_user,
            bot_scopes=list(row.scopes),
            user_id=row.installed_by,
            installed_at=row.installed_at,
        )

    def _unseal(self, row: Row[tuple[object, ...]]) -> str:
        try:
            return self._key.decrypt(row.sealed_token.encode()).decode()
        except InvalidToken as error:
            raise InstallationError(
                f"The token of the workspace {row.team} was encrypted with another key. Set that key again, or install "
                "Chip there once more."
            ) from error


class SealedStates(OAuthStateStore):
    """OAuth states that no table keeps: sealed with the key, valid for ten minutes, once in this process."""

    def __init__(self, key: Fernet) -> None:
        self._key = key
        self._used: dict[str, float] = {}  # value: when it becomes too old anyway
        self._lock = threading.Lock()

    def issue(self, *_: object, **__: object) -> str:
        """Return a new sealed state."""
        return self._key.encrypt(secrets.token_bytes(16)).decode()

    def consume(self, state: str) -> bool:
        """Whether this state was issued here in the last ten minutes and not used yet."""
        try:
            self._key.decrypt(state.encode(), ttl=STATE_SECONDS)
        except InvalidToken:
            return False
        now = time.monotonic()
        with self._lock:
            is_new = state not in self._used
            self._used = {used: until for used, until in self._used.items() if until > now}
            self._used.setdefault(state, now + STATE_SECONDS)
        return is_new


def build_install_pages(
    *,
    client_id: str,
    client_secret: str,
    scopes: list[str],
    store: DatabaseInstallations,
    key: Fernet,
    client: WebClient,
) -> Mapping[str, Handle]:
    """Return the two pages of an installation: the one with the button, and the one to which Slack redirects."""
    flow = OAuthFlow(
        client=client,
        settings=OAuthSettings(
            client_id=client_id,
            client_secret=client_secret,
            scopes=scopes,
            installation_store=store,
            state_store=SealedStates(key),
            install_path=INSTALL_PATH,
            redirect_uri_path=REDIRECT_PATH,
        ),
    )
    return {INSTALL_PATH: flow.handle_installation, REDIRECT_PATH: flow.handle_callback}
