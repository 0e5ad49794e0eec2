"""The doctor names what is wrong and how to mend it, part by part."""

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from bot.cli.doctor import examine
from bot.core import make_id, now_utc, open_knowledge
from bot.workspace.manifest import load_manifest
from bot.workspace.server import LocalWorkspace
from config.loading import load_settings
from config.settings import SAMPLE_HELDOUT, Settings
from feedback.database import open_database
from retrain import registry
from retrain.bases.base import load_base
from tests.bot.engine.fake_openai import FakeOpenAI
from tests.bot.engine.tiny_gguf import write_random_base
from tests.loop.adapters import write_adapter

Load = Callable[..., Settings]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents, indexed once."""
    home = tmp_path_factory.mktemp("home")
    (home / "documents").mkdir()
    (home / "documents" / "moss.md").write_text("# Moss\nThe Moss mows 600 square metres.\n", encoding="utf-8")
    settings = load(home, home / "nowhere")
    knowledge = open_knowledge(settings)
    knowledge.ingest(settings.knowledge.folder)
    knowledge.close()
    (home / "var").chmod(0o700)
    return home


def load(home: Path, base: Path, **environment: str) -> Settings:
    given = {
        "CHIP_DATA": str(home / "var"),
        "CHIP_KNOWLEDGE__FOLDER": str(home / "documents"),
        "CHIP_ENGINE__BASE": str(base),
    }
    return load_settings(environment=given | environment).settings


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write_random_base(tmp_path / "tiny").gguf_path


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A database of this test's own."""
    return f"sqlite:///{tmp_path / 'chip.db'}"


def problems(settings: Settings, part: str) -> list[str]:
    return [finding.text for finding in examine(settings) if (finding.part, finding.level) == (part, "problem")]


def test_good_settings_have_no_problem(home: Path, base: Path) -> None:
    findings = examine(load(home, base))
    levels = {finding.part: finding.level for finding in findings}
    assert levels == {
        "disk": "ok",
        "base model": "ok",
        "adapters": "ok",
        "database": "ok",
        "documents": "ok",
        "held-out questions": "warning",
        "schedule": "ok",
        "Slack": "warning",
    }
    documents = next(finding.text for finding in findings if finding.part == "documents")
    assert documents.startswith("1 documents, 1 passages in Chroma. Customers may read ")


def test_a_data_folder_that_others_may_read_is_named_with_its_mend(home: Path, base: Path) -> None:
    settings = load(home, base)
    settings.data.chmod(0o755)
    try:
        findings = [finding for finding in examine(settings) if finding.part == "data folder"]
    finally:
        settings.data.chmod(0o700)
    assert [finding.level for finding in findings] == ["warning"]
    assert f"chmod -R go= {settings.data}" in findings[0].text


def test_a_database_with_damaged_pages_is_named(home: Path, base: Path, tmp_path: Path) -> None:
    path = tmp_path / "chip.db"
    settings = load(home, base, CHIP_DATABASE=f"sqlite:///{path}")
    open_database(settings.database_url, clock=now_utc, new_id=make_id).close()
    content = bytearray(path.read_bytes())
    content[-4096:] = b"\x77" * 4096  # a page that is not looked at when the file is opened
    path.write_bytes(content)
    (problem,) = problems(settings, "database")
    assert "is damaged" in problem
    assert "restore the file from a backup" in problem


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1000])


@pytest.mark.parametrize(("harm", "told"), [(Path.unlink, "There is no file"), (cut, "cut short")])
def test_a_harmed_base_model_is_named_with_its_remedy(
    home: Path, base: Path, harm: Callable[[Path], None], told: str
) -> None:
    harm(base)
    (problem,) = problems(load(home, base), "base model")
    assert "model.gguf" in problem
    assert told in problem
    assert re.search("[Nn]ame ", problem), "what to do"


def test_a_live_adapter_that_is_gone_is_named_with_the_way_back(home: Path, base: Path, database: str) -> None:
    settings = load(home, base, CHIP_DATABASE=database)
    db = open_database(database, clock=now_utc, new_id=make_id)
    adapter = write_adapter(base.parent / "elsewhere", "A1", load_base(base).id)
    registry.promote(db, adapter, by="test", reason="test")
    db.close()
    (problem,) = problems(settings, "live adapter")
    assert "A1" in problem
    assert "chip models --rollback base" in problem


def test_a_changed_adapter_is_named(tmp_path: Path, home: Path, base: Path) -> None:
    settings = load(home, base, CHIP_DATA=str(tmp_path))
    write_adapter(tmp_path / "adapters", "A1", load_base(base).id).gguf_path.write_bytes(b"")
    (problem,) = problems(settings, "adapters")
    assert "A1: adapter.gguf does not match its recorded hash" in problem


def test_a_missing_documents_folder_is_named_with_its_setting(home: Path, base: Path, tmp_path: Path) -> None:
    (problem,) = problems(load(home, base, CHIP_KNOWLEDGE__FOLDER=str(tmp_path / "none")), "documents")
    assert f"no folder {tmp_path / 'none'}" in problem
    assert "knowledge.folder" in problem


def test_an_index_without_documents_is_named(home: Path, base: Path, tmp_path: Path) -> None:
    (problem,) = problems(load(home, base, CHIP_DATA=str(tmp_path)), "documents")
    assert "chip ingest" in problem


@pytest.mark.parametrize("url", ["sqlite:////proc/none/chip.db", "nonsense", "sqlite:///:memory:"])
def test_an_unusable_database_is_a_problem(home: Path, base: Path, url: str) -> None:
    (problem,) = problems(load(home, base, CHIP_DATABASE=url), "database")
    assert "`database` setting" in problem


def with_slack(home: Path, base: Path, workspace: LocalWorkspace, **environment: str) -> Settings:
    tokens = {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "CHIP_SLACK__BASE_URL": workspace.api_url,
    }
    return load(home, base, **tokens | environment)


def test_a_good_connection_has_no_problem(home: Path, base: Path) -> None:
    with LocalWorkspace() as workspace:
        findings = examine(with_slack(home, base, workspace))
    assert {finding.part for finding in findings if finding.level != "ok"} == {"held-out questions"}
    assert {"Slack", "Slack scopes", "Slack app token", "admin channel"} <= {finding.part for finding in findings}


def test_scopes_that_slack_does_not_name_cannot_be_checked(
    home: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalWorkspace() as workspace:
        settings = with_slack(home, base, workspace)
        told = WebClient.auth_test

        def tell_without_scopes(client: WebClient) -> SlackResponse:
            identity = told(client)
            identity.headers.pop("x-oauth-scopes")
            return identity

        monkeypatch.setattr(WebClient, "auth_test", tell_without_scopes)
        (finding,) = [finding for finding in examine(settings) if finding.part == "Slack scopes"]
    assert (finding.level, "cannot be checked" in finding.text) == ("warning", True)


def test_missing_scopes_are_named(home: Path, base: Path) -> None:
    scopes = load_manifest().bot_scopes - {"reactions:read", "users:read"}
    with LocalWorkspace(bot_scopes=scopes) as workspace:
        (problem,) = problems(with_slack(home, base, workspace), "Slack scopes")
    assert "reactions:read, users:read" in problem


@pytest.mark.parametrize(
    ("variable", "value", "part", "told"),
    [
        ("SLACK_BOT_TOKEN", "xoxb-wrong", "Slack", "invalid_auth"),
        ("SLACK_APP_TOKEN", "xapp-wrong", "Slack app token", "invalid_auth"),
        ("CHIP_SLACK__ADMIN_CHANNEL", "nowhere", "admin channel", "invite Chip"),
    ],
)
def test_a_wrong_token_or_channel_is_named(
    home: Path, base: Path, variable: str, value: str, part: str, told: str
) -> None:
    with LocalWorkspace() as workspace:
        (problem,) = problems(with_slack(home, base, workspace, **{variable: value}), part)
    assert told in problem
    assert "wrong" not in problem


def test_a_slack_that_cannot_be_reached_is_a_problem(home: Path, base: Path) -> None:
    with LocalWorkspace() as workspace:
        settings = with_slack(home, base, workspace)
    (problem,) = problems(settings, "Slack")
    assert "chip doctor" in problem


def test_a_generation_server_must_answer_and_serve_the_model(home: Path, base: Path) -> None:
    with closing(FakeOpenAI(models=(load_base(base).id,))) as server:
        good = load(home, base, CHIP_ENGINE__URL=server.url)
        assert [finding.level for finding in examine(good) if finding.part == "generation server"] == ["ok"]
        other = load(home, base, CHIP_ENGINE__URL=server.url, CHIP_ENGINE__URL_MODEL="qwen")
        assert "does not serve qwen" in problems(other, "generation server")[0]
        assert load_base(base).id in problems(other, "generation server")[0]
    assert "Start it" in problems(good, "generation server")[0]


def test_over_http_no_app_token_is_missed_and_the_address_is_named(home: Path, base: Path) -> None:
    with LocalWorkspace() as workspace:
        secrets = {"SLACK_SIGNING_SECRET": "s", "CHIP_SLACK__TRANSPORT": "http", "SLACK_APP_TOKEN": ""}
        findings = examine(with_slack(home, base, workspace, **secrets))
    said = {finding.part: finding for finding in findings}
    assert "127.0.0.1:8331" in said["Slack over HTTP"].text
    assert said["Slack"].text.startswith("Connected to")
    assert "Slack app token" not in said


def test_the_secret_that_a_transport_lacks_is_named(home: Path, base: Path) -> None:
    settings = load(home, base, SLACK_BOT_TOKEN="xoxb-1", CHIP_SLACK__TRANSPORT="http")
    (finding,) = [finding for finding in examine(settings) if finding.part == "Slack"]
    assert finding.text.startswith("SLACK_SIGNING_SECRET not set")


def test_a_cross_encoder_that_is_not_there_is_named_with_its_mend(home: Path, base: Path) -> None:
    settings = load(home, base, CHIP_KNOWLEDGE__CROSS_ENCODER=str(home / "nowhere"))
    (said,) = problems(settings, "documents")
    assert "nowhere" in said
    assert "knowledge.cross_encoder" in said


def test_a_schedule_that_says_no_time_is_named(home: Path, base: Path) -> None:
    (told,) = problems(load(home, base, CHIP_RETRAIN__CRON="at night"), "schedule")
    assert "'at night' is not a cron line of five fields" in told
    settings = load(home, base, CHIP_RETRAIN__CRON="0 3 * * sat", CHIP_RETRAIN__QUIET_HOURS="08:00-18:00")
    (finding,) = (one for one in examine(settings) if one.part == "schedule")
    assert finding.text == "A training is considered by `0 3 * * sat` (UTC), never between 08:00-18:00 (UTC)."


def test_a_claim_model_that_is_not_there_is_named(home: Path, base: Path) -> None:
    (told,) = problems(load(home, base, CHIP_KNOWLEDGE__CLAIM_MODEL=str(home / "nowhere")), "claim model")
    assert "cannot be loaded" in told
    assert "knowledge.claim_model" in told


def test_a_source_that_fails_is_named(home: Path, base: Path) -> None:
    settings = load(home, base)
    with closing(open_knowledge(settings)) as knowledge:
        knowledge.holdings.record_sync("manuals", now_utc(), "There is no folder /manuals.")
        try:
            (problem,) = problems(settings, "sources")
        finally:
            knowledge.forget("manuals")
    assert "manuals: There is no folder" in problem
    assert "chip sources sync manuals" in problem
    assert problems(settings, "sources") == []


def test_missing_heldout_questions_are_told_and_the_samples_are_not_taken_for_ones_own(home: Path, base: Path) -> None:
    def heldout(**environment: str) -> tuple[str, str]:
        found = examine(load(home, base, **environment))
        return next((one.level, one.text) for one in found if one.part == "held-out questions")

    level, text = heldout()
    assert level == "warning"
    assert "`retrain.heldout`" in text
    level, text = heldout(CHIP_RETRAIN__HELDOUT=str(SAMPLE_HELDOUT))
    assert level == "warning", "the sample company's questions are nobody else's"
    assert "None of your own are set" in text
    level, text = heldout(CHIP_RETRAIN__HELDOUT="/nowhere.jsonl")
    assert level == "problem"
