"""Settings: environment over file over defaults, and every mistake named."""

from pathlib import Path

import pytest

from config.loading import load_settings
from config.settings import SAMPLE_HELDOUT, SettingsError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "chip.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_need_neither_file_nor_environment() -> None:
    settings = load_settings(environment={}).settings
    assert settings.is_local
    assert settings.engine.base is None


def test_environment_wins_over_file_and_file_over_default(tmp_path: Path) -> None:
    file = write(tmp_path, "company: Acme\nengine:\n  slots: 2\n  threads: 1\n")
    loaded = load_settings(file, {"CHIP_ENGINE__SLOTS": "7"})
    assert (loaded.settings.company, loaded.settings.engine.slots, loaded.settings.engine.threads) == ("Acme", 7, 1)
    sources = {line.key: line.source for line in loaded.lines()}
    assert sources["engine.slots"] == "environment"
    assert sources["company"] == str(file)
    assert sources["engine.queue"] == "default"


def test_tokens_by_slacks_names_select_the_real_slack_and_are_masked() -> None:
    loaded = load_settings(environment={"SLACK_BOT_TOKEN": "xoxb-secret", "SLACK_APP_TOKEN": "xapp-secret"})
    assert not loaded.settings.is_local
    assert not any("secret" in line.value for line in loaded.lines())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("retreival: {}\n", "retreival"),
        ("engine:\n  slotz: 3\n", "engine.slotz"),
        ("engine:\n  slots: many\n", "engine.slots"),
        ("engine:\n  slots: 0\n", "engine.slots"),
        ("- a\n- b\n", "keys and values"),
        ("company: [\n", "not valid YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_key(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load_settings(write(tmp_path, text), {})


def test_a_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path / "none.yaml", {})
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(SettingsError, match=r"binary\.yaml"):
        load_settings(binary, {})


@pytest.mark.parametrize("name", ["CHIP_COMPANI", "CHIP_ENGINE__SLOTZ", "CHIP_ENGIN__SLOTS"])
def test_an_unknown_environment_variable_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load_settings(environment={name: "1"})


def test_a_wrong_type_in_the_environment_says_where_it_came_from() -> None:
    with pytest.raises(SettingsError, match=r"engine\.slots.*environment"):
        load_settings(environment={"CHIP_ENGINE__SLOTS": "many"})


def test_passwords_in_addresses_are_masked() -> None:
    loaded = load_settings(
        environment={
            "CHIP_DATABASE": "postgresql+psycopg://chip:s3cr3t@127.0.0.1/chip",
            "CHIP_ENGINE__URL": "http://bob:s3cr3t@127.0.0.1:8000",
        }
    )
    lines = {line.key: line.value for line in loaded.lines()}
    assert lines["database"] == "postgresql+psycopg://chip:****@127.0.0.1/chip"
    assert lines["engine.url"] == "http://****@127.0.0.1:8000"


@pytest.mark.parametrize(
    "text",
    [
        "slack: {bot_token: [xoxb-s3cr3t]}",
        "slack: {bot_token: {a: xoxb-s3cr3t}}",
        "slack: xoxb-s3cr3t",
        "slack: [xoxb-s3cr3t]",
        "slack: {staff_channels: xoxb-s3cr3t}",
        "slack: {transport: xoxb-s3cr3t}",
        "engine: {url: [http://bob:s3cr3t@gpu]}",
        "database: [postgresql://chip:s3cr3t@db]",
        "slack: {bot_token: xoxb-s3cr3t, bot_token: [",
    ],
)
def test_a_wrong_type_repeats_no_secret(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings(write(tmp_path, text), {})
    assert "s3cr3t" not in str(raised.value)


def test_another_companys_documents_are_offered_and_judged_without_the_samples_questions(tmp_path: Path) -> None:
    sample = load_settings(environment={}).settings
    assert sample.examples
    assert sample.heldout == SAMPLE_HELDOUT
    other = load_settings(environment={"CHIP_KNOWLEDGE__FOLDER": str(tmp_path)}).settings
    assert (other.examples, other.heldout) == ((), None)


def test_examples_and_heldout_questions_that_are_set_win(tmp_path: Path) -> None:
    file = write(tmp_path, 'workspace:\n  examples: ["Do you ship abroad?"]\nretrain:\n  heldout: mine.jsonl\n')
    settings = load_settings(file, {}).settings
    assert (settings.examples, settings.heldout) == (("Do you ship abroad?",), Path("mine.jsonl"))


def test_a_file_holds_a_secret_that_the_environment_should_not(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("xoxb-secret\n", encoding="utf-8")
    (tmp_path / "url").write_text("sqlite:////data/own.db\n", encoding="utf-8")
    named = {"SLACK_BOT_TOKEN_FILE": str(tmp_path / "token"), "CHIP_DATABASE_FILE": str(tmp_path / "url")}
    loaded = load_settings(environment=named)
    assert loaded.settings.slack.bot_token is not None
    assert loaded.settings.slack.bot_token.get_secret_value() == "xoxb-secret"
    assert loaded.settings.database == "sqlite:////data/own.db"
    assert loaded.sources == {"slack.bot_token": str(tmp_path / "token"), "database": str(tmp_path / "url")}
    assert all("xoxb-secret" not in line.value for line in loaded.lines())


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"SLACK_BOT_TOKEN_FILE": "missing"}, "SLACK_BOT_TOKEN_FILE names cannot be read"),
        ({"SLACK_BOT_TOKEN_FILE": "empty"}, "is empty"),
        ({"SLACK_BOT_TOKEN_FILE": "full", "SLACK_BOT_TOKEN": "x"}, "Both SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE"),
        ({"CHIP_COLOUR_FILE": "full"}, "CHIP_COLOUR names no setting"),
    ],
)
def test_a_file_that_holds_no_value_is_refused(
    environment: dict[str, str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    (tmp_path / "full").write_text("x", encoding="utf-8")
    with pytest.raises(SettingsError, match=told):
        load_settings(environment=environment)
