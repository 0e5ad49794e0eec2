"""`chip data`: versions are built from feedback, listed, shown, compared, and go out and in in TRL's forms."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import terminal
from bot.cli.main import app
from bot.core import make_id, now_utc
from feedback.database import open_database
from tests.bot.engine.tiny_gguf import write_random_base
from tests.retrain.feedback_rows import add_reply, correct, like


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a tiny base and one document, as the environment names them."""
    base = write_random_base(tmp_path / "tiny")
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "moss.md").write_text("# Moss\nThe Moss mows 600 square metres.\n", encoding="utf-8")
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "CHIP_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHIP_DATA", str(tmp_path / "var"))
    monkeypatch.setenv("CHIP_ENGINE__BASE", str(base.gguf_path))
    monkeypatch.setenv("CHIP_ENGINE__THREADS", "1")
    monkeypatch.setenv("CHIP_PRIVACY__READ_NAMES", "false")
    monkeypatch.setenv("CHIP_KNOWLEDGE__FOLDER", str(tmp_path / "documents"))
    for printer in (terminal.console, terminal.output):
        monkeypatch.setattr(printer, "width", 1000)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["data", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def import_rows(path: Path, *answers: str) -> str:
    """Import rows with these answers and return the version's id."""
    path.write_text("".join(json.dumps({"prompt": "Hi?", "completion": one}) + "\n" for one in answers))
    found = re.search(r"D[0-9a-f]{12}", run("import", str(path)).output)
    assert found is not None
    return found[0]


def test_feedback_becomes_a_version_that_is_shown_and_exported(home: Path) -> None:
    db = open_database(f"sqlite:///{home}/var/chip.db", clock=now_utc, new_id=make_id)
    add_reply(db, "R1", "How long does it charge?")
    like(db, "R1")
    add_reply(db, "R2", "Where is the switch?", "[1] The battery of the Heron 1 lasts 42 minutes.")
    correct(db, "R2", "Below the lid.")
    db.close()
    built = run("build").output
    found = re.search(r"(D[0-9a-f]{12}): 2 lessons to train on", built)
    assert found is not None, built
    assert run("build").output == built, "the same feedback is the same version"
    assert found[1] in run("list").output
    shown = run("show", found[1][:6]).output
    assert "What is in it" in shown
    assert "learning: on" in shown
    counted = run("export", found[1], "--form", "sft", "--out", "rows.parquet")
    assert "rows are in rows.parquet" in counted.output
    run("export", found[1], "--form", "kto", "--out", "rows.jsonl")
    rows = [json.loads(line) for line in (home / "rows.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {row["label"] for row in rows} == {True, False}


def test_the_difference_of_two_versions_is_told(home: Path) -> None:
    first, second = import_rows(home / "a.jsonl", "Hello."), import_rows(home / "b.jsonl", "Hello.", "Good day.")
    told = run("diff", first, second).output
    assert f"{second} has 2 imported lessons; {first} has 1 imported lesson." in told
    assert "1 imported lesson came:" in told


def test_a_version_that_was_changed_and_one_that_is_not_there_are_refused_in_a_sentence(home: Path) -> None:
    version = import_rows(home / "a.jsonl", "Hello.")
    path = home / "var" / "retrain" / version / "dataset.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("Hello", "Goodbye"), encoding="utf-8")
    for arguments in (("show", version), ("export", version, "--form", "sft", "--out", "x.jsonl")):
        result = run(*arguments)
        assert result.exit_code == 1
        assert "was changed after it was frozen" in result.output
    assert "There is no data set Dnone" in run("show", "Dnone").output


def test_without_a_version_the_list_says_how_to_make_one() -> None:
    assert "`chip data build` makes one" in run("list").output


def test_a_file_that_holds_no_rows_is_named_with_its_row(home: Path) -> None:
    (home / "bad.jsonl").write_text('{"text": "Hi"}\n', encoding="utf-8")
    result = run("import", "bad.jsonl")
    assert result.exit_code == 1
    assert "bad.jsonl, row 1: neither SFT" in result.output
