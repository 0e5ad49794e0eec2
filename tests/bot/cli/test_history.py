"""`chip import`, as an admin types it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app

FAQ = "Question,Answer\nHow long does it charge?,Charging takes 90 minutes.\n"

Chip = Callable[..., Result]


@pytest.fixture
def chip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chip:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "faq.csv").write_text(FAQ, encoding="utf-8")
    return lambda *words: CliRunner().invoke(app, ["import", *words])


def test_a_file_is_imported_listed_used_otherwise_and_removed(chip: Chip) -> None:
    first = chip("faq.csv", "--as", "training")
    assert first.exit_code == 0, first.output
    assert "1 new questions with answers from faq.csv" in first.output
    assert "The next retrain learns from them" in first.output
    found = re.search(r"I[0-9a-f]{16}", first.output)
    assert found is not None
    assert "training" in chip("list").output
    assert "wait for staff's review" in chip("use", found[0], "--as", "review").output
    assert "review" in chip("list").output
    assert "nothing was added" in chip("faq.csv").output
    assert chip("remove", found[0]).exit_code == 0
    assert "Nothing was imported yet" in chip("list").output


def test_a_file_that_cannot_be_read_is_named_and_the_next_one_is_read(chip: Chip, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    done = chip("photo.png", "nowhere.csv", "faq.csv")
    assert done.exit_code == 1
    assert "1 new questions with answers from faq.csv" in done.output
    assert "does not read .png files" in " ".join(done.output.split())
    assert "There is no file nowhere.csv" in " ".join(done.output.split())


def test_an_unknown_import_is_named(chip: Chip) -> None:
    done = chip("use", "I77", "--as", "all")
    assert done.exit_code == 1
    assert "There is no import I77" in done.output
