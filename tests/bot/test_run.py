"""`chip run` starts everything, answers, and is gone within two seconds of being told to stop."""

import gc
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import main as cli
from bot.core import retrain_settings
from bot.run import run_chip
from bot.workspace.server import LocalWorkspace
from config.loading import load_settings
from config.settings import Settings
from tests.bot.engine.tiny_gguf import write_random_base
from tests.patience import PATIENCE_SECONDS


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "moss.md").write_text("# Moss\nThe Moss mows 600 square metres.\n", encoding="utf-8")
    (tmp_path / "documents" / "bad.md").write_bytes(b"\xff\xfe\x00broken")
    environment = {
        "CHIP_DATA": str(tmp_path / "var"),
        "CHIP_ENGINE__BASE": str(write_random_base(tmp_path / "tiny").gguf_path),
        "CHIP_ENGINE__THREADS": "1",
        "CHIP_KNOWLEDGE__FOLDER": str(tmp_path / "documents"),
        "CHIP_WORKSPACE__PORT": "0",
    }
    return load_settings(environment=environment).settings


@pytest.fixture(autouse=True)
def _nothing_stays_frozen() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_it_says_where_to_find_it_and_stops_when_told(settings: Settings) -> None:
    said: list[str] = []
    stop, ready = threading.Event(), threading.Event()

    def say(text: str) -> None:
        said.append(text)
        if text.startswith("Chip is ready"):
            ready.set()

    before = set(threading.enumerate())
    running = threading.Thread(target=run_chip, args=(settings, say, stop))
    running.start()
    assert ready.wait(PATIENCE_SECONDS), said
    told = time.monotonic()
    stop.set()
    running.join(10)

    assert time.monotonic() - told < 2.0
    assert "open http://127.0.0.1:" in said[-2]
    assert any("No Slack tokens are set" in line for line in said)
    left = {thread.name for thread in threading.enumerate() if thread not in before and not thread.daemon}
    assert left == set()


def test_it_serves_and_stops_while_it_reads_documents(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.reading.FIRST_SECONDS", 0)
    rows = "".join(f'{{"question": "Why {n}?", "answer": "Because of rain {n}."}}\n' for n in range(20_000))
    (settings.knowledge.folder / "log.jsonl").write_text(rows, encoding="utf-8")
    said: list[str] = []
    stop, ready = threading.Event(), threading.Event()

    def say(text: str) -> None:
        said.append(text)
        if text.startswith("Chip is ready"):
            ready.set()

    running = threading.Thread(target=run_chip, args=(settings, say, stop))
    running.start()
    assert ready.wait(60), said
    told = time.monotonic()
    stop.set()
    running.join(30)

    assert time.monotonic() - told < 5.0
    assert said[-1] == "Reading the documents was stopped; the next start goes on."


def test_a_second_chip_on_the_same_data_is_refused_and_the_first_goes_on(settings: Settings) -> None:
    stop, refusals = threading.Event(), list[str]()

    def say(text: str) -> None:
        if text.startswith("Chip is ready"):
            try:
                run_chip(settings, lambda _text: None, stop)
            except OSError as error:
                refusals.append(str(error))
            stop.set()

    run_chip(settings, say, stop)

    assert refusals == [f"Another Chip runs on the data folder {settings.data}. Stop it, or set `data` to another one."]


def test_the_first_documents_of_all_are_there_when_it_is_ready(settings: Settings) -> None:
    stop, found = threading.Event(), list[int]()

    def say(text: str) -> None:
        if text.startswith("Chip is ready"):
            with sqlite3.connect(settings.data / "index" / "catalogue.sqlite3") as catalogue:
                found.extend(row[0] for row in catalogue.execute("SELECT count(*) FROM documents"))
            catalogue.close()
            stop.set()

    run_chip(settings, say, stop)

    assert found == [1]


def test_what_lasts_is_no_longer_looked_at_by_the_collector(settings: Settings) -> None:
    """A full collection over half a million objects would stop every answer for a third of a second."""
    stop, frozen = threading.Event(), list[int]()

    def say(text: str) -> None:
        if text.startswith("Chip is ready"):
            frozen.append(gc.get_freeze_count())
            stop.set()

    run_chip(settings, say, stop)

    assert frozen[0] > len(gc.get_objects()) / 2


def test_a_token_that_slack_refuses_is_one_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(cli, "_set_up_logging", lambda _: None)
    monkeypatch.chdir(tmp_path)
    with LocalWorkspace() as workspace:
        for name, value in {
            "CHIP_DATA": str(settings.data),
            "CHIP_ENGINE__BASE": str(settings.engine.base),
            "CHIP_ENGINE__THREADS": "1",
            "CHIP_KNOWLEDGE__FOLDER": str(settings.knowledge.folder),
            "CHIP_SLACK__BASE_URL": workspace.api_url,
            "SLACK_BOT_TOKEN": "xoxb-wrong",
            "SLACK_APP_TOKEN": workspace.app_token,
        }.items():
            monkeypatch.setenv(name, value)
        result = CliRunner().invoke(cli.app, ["run"])
    assert result.exit_code == 1
    assert "Slack refuses: invalid_auth. `chip doctor`" in result.output
    assert "xoxb-wrong" not in result.output


def test_how_much_one_person_may_teach_is_a_setting() -> None:
    settings = load_settings(environment={"CHIP_RETRAIN__MAX_PER_PERSON": "7"}).settings
    assert retrain_settings(settings).curate.max_per_person == 7
