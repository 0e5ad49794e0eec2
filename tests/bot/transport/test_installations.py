"""Installations: what the database holds gives nobody a token, and what OAuth adds is served."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from slack_bolt import App
from slack_bolt.request import BoltRequest
from slack_sdk import WebClient
from slack_sdk.oauth.installation_store import Installation

from bot.core import make_id
from bot.tenants import Tenants
from bot.transport.installations import (
    INSTALL_PATH,
    REDIRECT_PATH,
    DatabaseInstallations,
    InstallationError,
    NotAllowedError,
    SealedStates,
    build_install_pages,
    load_key,
)
from feedback.database import Database, open_database
from feedback.tables import installations

TOKEN = "xoxb-very-secret"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path}/chip.db", clock=lambda: datetime.now(UTC), new_id=make_id)
    yield database
    database.close()


@pytest.fixture
def key() -> Fernet:
    return Fernet(Fernet.generate_key())


def install(team: str = "T1", token: str = TOKEN) -> Installation:
    return Installation(
        app_id="A1", team_id=team, bot_token=token, bot_id="B1", bot_user_id="U1", bot_scopes="chat:write", user_id="UA"
    )


def test_a_token_comes_back_and_the_database_does_not_hold_it(db: Database, key: Fernet, tmp_path: Path) -> None:
    store = DatabaseInstallations(db, key)
    store.save(install())
    store.save(install("T2", "xoxb-other"))
    store.save(install("T2", "xoxb-newer"))

    assert store.tokens() == {"T1": TOKEN, "T2": "xoxb-newer"}
    bot = store.find_bot(enterprise_id=None, team_id="T1")
    assert bot is not None
    assert (bot.bot_token, bot.bot_scopes) == (TOKEN, ["chat:write"])
    assert store.find_bot(enterprise_id=None, team_id="T9") is None
    with db.read() as connection:
        assert TOKEN not in str(connection.execute(installations.select()).all())
    assert not any(TOKEN.encode() in file.read_bytes() for file in tmp_path.iterdir())


def test_a_removed_installation_is_gone(db: Database, key: Fernet) -> None:
    store = DatabaseInstallations(db, key)
    store.save(install())
    store.delete_all(enterprise_id=None, team_id="T1")
    assert store.tokens() == {}


def test_another_key_is_told_in_a_sentence_that_names_the_workspace(db: Database, key: Fernet) -> None:
    DatabaseInstallations(db, key).save(install())
    other = DatabaseInstallations(db, Fernet(Fernet.generate_key()))
    with pytest.raises(InstallationError, match="T1 was encrypted with another key"):
        other.tokens()


def test_the_key_file_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "token.key"
    sealed = load_key(None, file).encrypt(b"x")
    assert load_key(None, file).decrypt(sealed) == b"x"
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    with pytest.raises(InstallationError, match="44 characters"):
        load_key("short", file)


def test_a_state_is_good_once_and_only_where_it_was_issued(key: Fernet) -> None:
    states = SealedStates(key)
    state = states.issue()
    assert [states.consume(state), states.consume(state)] == [True, False]
    assert not states.consume("forged")
    assert not states.consume(SealedStates(Fernet(Fernet.generate_key())).issue())


def test_a_state_that_is_too_old_is_refused(key: Fernet) -> None:
    old = key.encrypt_at_time(b"x", int(datetime.now(UTC).timestamp()) - 601).decode()
    assert not SealedStates(key).consume(old)


def test_used_states_are_let_go_when_they_are_too_old_anyway(key: Fernet, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("bot.transport.installations.time.monotonic", lambda: now[0])
    states = SealedStates(key)
    for _ in range(100):
        states.consume(states.issue())
        now[0] += 60.0
    assert len(states._used) <= 11


def test_a_workspace_that_is_not_allowed_is_neither_stored_nor_served(db: Database, key: Fernet) -> None:
    saved: list[str] = []
    DatabaseInstallations(db, key).save(install())  # from a time when all were allowed
    store = DatabaseInstallations(db, key, on_saved=lambda team, _token: saved.append(team), allowed=["T2"])
    assert store.tokens() == {}
    with pytest.raises(NotAllowedError, match="T1 may not install Chip"):
        store.save(install())
    assert saved == []


def test_the_page_leads_to_slack_with_the_scopes_and_a_forged_return_is_refused(db: Database, key: Fernet) -> None:
    pages = build_install_pages(
        client_id="1.2",
        client_secret="s",
        scopes=["chat:write", "commands"],
        store=DatabaseInstallations(db, key),
        key=key,
        client=WebClient(),
    )
    page = pages[INSTALL_PATH](BoltRequest(body=""))
    assert page.status == 200
    assert "client_id=1.2" in page.body
    assert "chat:write,commands" in page.body
    back = pages[REDIRECT_PATH](BoltRequest(body="", query={"code": "c", "state": "forged"}))
    assert back.status == 400


def test_each_workspace_is_opened_once_and_a_new_token_opens_it_anew() -> None:
    happened: list[str] = []

    @contextmanager
    def open_tenant(team: str, token: str) -> Iterator[App]:
        happened.append(f"open {team} {token}")
        yield App(token="xoxb-1", token_verification_enabled=False, signing_secret="s")
        happened.append(f"close {team} {token}")

    tenants = Tenants(open_tenant)
    tenants.add("T1", "a")
    tenants.add("T2", "b")
    assert tenants.find("T1") is not tenants.find("T2")
    assert tenants.find("T3") is None
    assert tenants.find(None) is None
    tenants.add("T1", "c")
    tenants.retire("T2")
    assert tenants.find("T2") is None
    tenants.close()
    assert happened == ["open T1 a", "open T2 b", "close T1 a", "open T1 c", "close T2 b", "close T1 c"]
