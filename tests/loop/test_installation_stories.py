"""One deployment, two workspaces: installed by OAuth, kept apart, and forgotten one by one."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from slack_sdk.oauth.installation_store import Installation

from bot import schedule
from bot.core import Core, Tell, make_id, now_utc
from bot.deployment import Deployment, serve_installations
from bot.workspace.people import Directory, Team
from bot.workspace.server import LocalWorkspace
from config.loading import load_settings
from config.settings import Settings
from feedback import tables
from feedback.database import open_database
from retrieval.encoders.embedder import load_embedder
from retrieval.knowledge import Knowledge
from retrieval.passage import Audience
from tests.fakes import QuotingEngine
from tests.loop.conftest import CLEO, DMS
from tests.patience import PATIENCE_SECONDS

SECRET, QUESTION = "secret of both", "How long does the Tansy 4 run on one charge?"
FACTS = {"T0LOCAL": "The Tansy 4 runs for 55 minutes on one charge.", "T0OTHER": "The Tansy 4 runs for 99 minutes."}


@contextmanager
def open_own(settings: Settings, _say: Tell) -> Iterator[Core]:
    """A workspace's own core, in which only the model is played."""
    team = settings.data.name
    text = f"---\ntitle: Tansy 4\naudience: customer\n---\n{FACTS[team]}\n"
    (settings.knowledge.folder / "tansy.md").write_text(text, encoding="utf-8")
    db = open_database(settings.database_url, clock=now_utc, new_id=make_id)
    knowledge = Knowledge(settings.data / "index", load_embedder(), default_audience=Audience.STAFF)
    yield Core(settings, db, knowledge, QuotingEngine())
    knowledge.close()
    db.close()


@pytest.fixture
def workspaces() -> Iterator[dict[str, LocalWorkspace]]:
    other = Directory(team=Team("T0OTHER", "Other", "other"))
    with LocalWorkspace() as first, LocalWorkspace(directory=other) as second:
        yield {"T0LOCAL": first, "T0OTHER": second}


@pytest.fixture(params=["socket", "http"])
def settings(tmp_path: Path, workspaces: dict[str, LocalWorkspace], request: pytest.FixtureRequest) -> Settings:
    environment = {
        "CHIP_DATA": str(tmp_path),
        "CHIP_HTTP__PORT": "0",
        "CHIP_SLACK__TRANSPORT": request.param,
        "SLACK_APP_TOKEN": workspaces["T0LOCAL"].app_token,
        "CHIP_SLACK__BASE_URL": workspaces["T0LOCAL"].api_url,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_CLIENT_ID": "1.2",
        "SLACK_CLIENT_SECRET": "client secret",
    }
    return load_settings(environment=environment).settings


@contextmanager
def serve(settings: Settings, workspaces: dict[str, LocalWorkspace]) -> Iterator[Deployment]:
    with serve_installations(
        settings, lambda _: None, open_own=open_own, find_base_url=lambda team: workspaces[team].api_url
    ) as deployment:
        if settings.slack.transport == "http":
            for workspace in workspaces.values():
                workspace.deliver_to(f"{deployment.gateway.request_url}", SECRET)
        else:
            workspaces["T0OTHER"].deliver_through(workspaces["T0LOCAL"])
        yield deployment


def install_by_browser(deployment: Deployment, workspace: LocalWorkspace) -> int:
    """Press the button of the install page, agree in Slack, and come back; return the status of the last page."""
    url = deployment.gateway.http_url
    with urllib.request.urlopen(f"{url}/slack/install", timeout=PATIENCE_SECONDS) as page:
        cookie = page.headers["Set-Cookie"].partition(";")[0]
        state = re.search(r"state=([^&\"]+)", page.read().decode())
    assert state is not None
    back = f"{url}/slack/oauth_redirect?code={workspace.issue_code()}&state={state[1]}"
    try:
        with urllib.request.urlopen(
            urllib.request.Request(back, headers={"Cookie": cookie}), timeout=PATIENCE_SECONDS
        ) as page:
            return int(page.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def read_readiness(deployment: Deployment) -> tuple[int, dict[str, str]]:
    """Return the status of the page and what it says of each workspace's token."""
    try:
        with urllib.request.urlopen(f"{deployment.gateway.http_url}/readyz", timeout=PATIENCE_SECONDS) as page:
            return int(page.status), json.load(page)["workspaces"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)["workspaces"]


def ask(workspace: LocalWorkspace) -> str:
    cleo = workspace.visit(CLEO)
    return json.dumps(cleo.wait_for_reply(DMS[CLEO], cleo.post(DMS[CLEO], QUESTION), 30.0))


def count_replies(settings: Settings, team: str) -> int:
    url = f"sqlite:///{settings.data / 'teams' / team / 'chip.db'}"
    db = open_database(url, clock=now_utc, new_id=make_id)
    with db.read() as connection:
        count = len(connection.execute(tables.replies.select()).all())
    db.close()
    return count


def test_two_workspaces_are_installed_answered_from_their_own_documents_and_removed_one_by_one(
    settings: Settings, workspaces: dict[str, LocalWorkspace]
) -> None:
    first, second = workspaces["T0LOCAL"], workspaces["T0OTHER"]
    with serve(settings, workspaces) as deployment:
        assert install_by_browser(deployment, first) == 200
        deployment.store.save(
            Installation(team_id="T0OTHER", bot_token=second.bot_token, user_id="U0ADA", bot_user_id="U0CHIP")
        )
        assert "55 minutes" in ask(first)
        assert "99 minutes" in ask(second)
        assert [count_replies(settings, team) for team in FACTS] == [1, 1]

    with serve(settings, workspaces) as deployment:  # after a restart both are served again
        assert set(deployment.store.tokens()) == set(FACTS)
        assert "99 minutes" in ask(second)
        second.inside(lambda workspace: workspace.push_event({"type": "app_uninstalled"}))
        second.wait_for(lambda: set(deployment.store.tokens()) == {"T0LOCAL"})
        assert deployment.tenants.find("T0OTHER") is None
        assert "55 minutes" in ask(first)
    assert [count_replies(settings, team) for team in FACTS] == [2, 0]
    assert first.bot_token.encode() not in (settings.data / "chip.db").read_bytes()


def test_a_workspace_that_cannot_be_opened_stops_no_other(
    settings: Settings, workspaces: dict[str, LocalWorkspace], caplog: pytest.LogCaptureFixture
) -> None:
    with serve(settings, workspaces) as deployment:
        for team, workspace in workspaces.items():
            deployment.store.on_saved = lambda _team, _token: None
            deployment.store.save(Installation(team_id=team, bot_token=workspace.bot_token, user_id="U0ADA"))
    (settings.data / "teams" / "T0LOCAL").mkdir(parents=True)
    (settings.data / "teams" / "T0LOCAL" / "chip.db").write_text("no database")

    with serve(settings, workspaces) as deployment:
        assert deployment.tenants.find("T0LOCAL") is None
        assert "99 minutes" in ask(workspaces["T0OTHER"])
    assert "the workspace T0LOCAL cannot be opened" in caplog.text


def test_a_revoked_token_of_one_workspace_is_named_and_stops_no_other(
    settings: Settings,
    workspaces: dict[str, LocalWorkspace],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schedule, "TOKEN_SECONDS", 0.2)
    with serve(settings, workspaces) as deployment:
        for team, workspace in workspaces.items():
            deployment.store.save(Installation(team_id=team, bot_token=workspace.bot_token, user_id="U0ADA"))
        assert read_readiness(deployment) == (200, {"T0LOCAL": "ok", "T0OTHER": "ok"})

        workspaces["T0OTHER"].faults.fail("auth.test", "token_revoked", times=10_000)
        workspaces["T0OTHER"].wait_for(lambda: "token_revoked" in read_readiness(deployment)[1].values())

        assert read_readiness(deployment) == (200, {"T0LOCAL": "ok", "T0OTHER": "token_revoked"})
        assert "Slack refuses the bot token of T0OTHER: token_revoked" in caplog.text
        assert "55 minutes" in ask(workspaces["T0LOCAL"])

        workspaces["T0LOCAL"].faults.fail("auth.test", "token_revoked", times=10_000)
        workspaces["T0LOCAL"].wait_for(lambda: read_readiness(deployment)[0] == 503)


def test_a_return_with_a_forged_code_installs_nothing(
    settings: Settings, workspaces: dict[str, LocalWorkspace]
) -> None:
    with serve(settings, workspaces) as deployment:
        workspaces["T0LOCAL"].faults.fail("oauth.v2.access", "invalid_code")
        assert install_by_browser(deployment, workspaces["T0LOCAL"]) >= 400
        assert deployment.store.tokens() == {}


def test_a_workspace_that_is_not_allowed_cannot_install_chip(
    settings: Settings, workspaces: dict[str, LocalWorkspace]
) -> None:
    slack = settings.slack.model_copy(update={"allowed_teams": ("T0OTHER",)})
    with serve(settings.model_copy(update={"slack": slack}), workspaces) as deployment:
        assert install_by_browser(deployment, workspaces["T0LOCAL"]) >= 400
        assert deployment.store.tokens() == {}
        assert deployment.tenants.find("T0LOCAL") is None
