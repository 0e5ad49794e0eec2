"""The pages: what they link to, and every file, command and setting that they name, exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from bot.cli.main import app
from bot.commands.table import COMMANDS
from config.loading import load_settings
from config.settings import Settings
from docs.generate import HEADING, PROJECT

PAGES = [*sorted(PROJECT.glob("*.md")), *sorted((PROJECT / "docs").glob("*.md"))]
HISTORY = ("LOG.md", "CHANGELOG.md")  # they name what there was
PRESENT = [page for page in PAGES if page.name not in HISTORY]
FOLDERS = ("bot", "retrieval", "feedback", "retrain", "config", "models", "benchmarks", "tests", "docs")
PATH = re.compile(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]*)`")


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name_page(page: Path) -> str:
    return page.name


def find_commands(text: str, name: str) -> Iterator[str]:
    """Yield the words after a command's name, in code that begins with it."""
    for code in re.findall(r"`([^`\n]+)`", text) + re.findall(r"^[ ]*([^`\n]+)$", text, re.MULTILINE):
        if match := re.match(rf"{name} ([a-z]+(?:-[a-z]+)*)", code):
            yield match[1]


@pytest.mark.parametrize("page", PAGES, ids=name_page)
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", read(page))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_picture_is_shown_on_a_page() -> None:
    text = "".join(map(read, PAGES))
    assert [picture.name for picture in (PROJECT / "docs").glob("*.png") if f"{picture.name})" not in text] == []


@pytest.mark.parametrize("page", PRESENT, ids=name_page)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    assert [path for path in PATH.findall(read(page)) if not (PROJECT / path).exists()] == []


def test_every_function_that_the_architecture_names_is_where_it_says() -> None:
    named = re.findall(r"`([\w/]+\.py):(\w+)`", read(PROJECT / "docs" / "ARCHITECTURE.md"))
    assert len(named) > 20
    missing = [
        f"{path}:{name}"
        for path, name in named
        if not re.search(rf"^\s*(?:def|class) {name}\b", read(PROJECT / path), re.MULTILINE)
    ]
    assert missing == []


def test_every_file_that_the_log_calls_kept_exists() -> None:
    for entry in read(PROJECT / "docs" / "LOG.md").split("\n## ")[1:]:
        heading = HEADING.fullmatch("## " + entry.splitlines()[0])
        if heading is None or heading["verdict"] not in ("kept", "fixed"):
            continue
        gone = [path for path in PATH.findall(entry.partition("Verdict:")[2]) if not (PROJECT / path).exists()]
        assert gone == [], f"{heading['title']}: is it superseded?"


@pytest.mark.parametrize("page", PRESENT, ids=name_page)
def test_every_setting_that_a_page_names_exists(page: Path) -> None:
    known = {line.key for line in load_settings(environment={}).lines()}
    sections = "|".join(key.partition(".")[0] for key in known if "." in key)
    named = re.findall(rf"`((?:{sections})\.[a-z_]+)[`:]", read(page))
    assert [key for key in named if key not in known] == []
    variables = [name.lower().split("__") for name in re.findall(r"\bCHIP_([A-Z_]+)\b", read(page))]
    assert [name for name in variables if ".".join(name) not in known and name != ["config"]] == []


@pytest.mark.parametrize("page", PRESENT, ids=name_page)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    on_terminal = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    assert set(find_commands(read(page), "chip")) <= on_terminal
    assert set(find_commands(read(page), "/chip")) <= set(COMMANDS)


def test_the_readme_fits_a_page() -> None:
    assert len(read(PROJECT / "README.md").splitlines()) <= 120
    assert Settings().knowledge.default_audience == "staff"  # as README says in bold
