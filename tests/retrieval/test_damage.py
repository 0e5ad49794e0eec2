"""Chroma's directory locked by another program, replaced by a file, or robbed of its index: search goes on."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE
from tests.retrieval.words import WordEmbedder

TEXT = "---\naudience: customer\n---\nThe {name} mows {count} lawns.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for count, name in enumerate(("Moss", "Heron", "Finch"), start=2):
        (folder / f"{name}.md").write_text(TEXT.format(name=name, count=count))
    return folder


@pytest.fixture
def chroma(tmp_path: Path, folder: Path) -> Path:
    first = Knowledge(tmp_path / "index", WordEmbedder())
    first.ingest(folder)
    first.close()
    return tmp_path / "index" / "chroma"


def best(knowledge: Knowledge, question: str) -> str:
    return knowledge.search(question, CUSTOMER_SCOPE, 5)[0].passage.text


def test_a_lock_that_another_program_holds_stops_neither_search_nor_ingest(chroma: Path, folder: Path) -> None:
    (folder / "new.md").write_text(TEXT.format(name="Pebble", count=9))
    other = sqlite3.connect(chroma / "chroma.sqlite3", isolation_level=None, timeout=0.1)
    other.execute("BEGIN EXCLUSIVE")
    knowledge = Knowledge(chroma.parent, WordEmbedder())
    assert best(knowledge, "Heron") == "The Heron mows 3 lawns."
    assert knowledge.ingest(folder).added == 1
    assert best(knowledge, "Pebble") == "The Pebble mows 9 lawns."
    other.execute("ROLLBACK")
    other.close()
    knowledge.close()
    again = Knowledge(chroma.parent, WordEmbedder())
    assert best(again, "Pebble") == "The Pebble mows 9 lawns."
    again.close()


@pytest.mark.parametrize("place", ["a file", "a dead link", "nothing"])
def test_a_directory_that_is_none_is_built_anew_and_said_so(chroma: Path, place: str) -> None:
    shutil.rmtree(chroma)
    if place == "a file":
        chroma.write_text("not a directory")
    elif place == "a dead link":
        chroma.symlink_to(chroma.parent / "nowhere" / "at all")
    knowledge = Knowledge(chroma.parent, WordEmbedder())
    assert any("rebuilt from the catalogue" in sentence for sentence in knowledge.holdings.find_problems())
    assert best(knowledge, "Heron") == "The Heron mows 3 lawns."
    knowledge.close()


def test_an_index_of_another_version_is_read_again_and_said_so(chroma: Path, folder: Path) -> None:
    catalogue = sqlite3.connect(chroma.parent / "catalogue.sqlite3")
    catalogue.execute("PRAGMA user_version = 1")
    catalogue.close()
    knowledge = Knowledge(chroma.parent, WordEmbedder())
    assert any("another version of Chip" in sentence for sentence in knowledge.holdings.find_problems())
    assert knowledge.ingest(folder).added == 3
    knowledge.close()


def limit(monkeypatch: pytest.MonkeyPatch, timeout: float = 5.0) -> None:
    """Let the catalogue grow by no page, and wait for a lock no longer than `timeout` seconds."""
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def connect_limited(path: Path, **given: Any) -> sqlite3.Connection:
        if path.name != "catalogue.sqlite3":
            return connect(path, **given)
        connection = connect(path, **{"timeout": timeout, **given})
        connection.execute("PRAGMA max_page_count = 1")
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect_limited)


def test_a_full_disk_is_one_sentence_and_the_next_try_goes_on(
    chroma: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        (folder / f"{number}.md").write_text(TEXT.format(name=f"Robot {number}", count=number))
    with monkeypatch.context() as full:
        limit(full)
        knowledge = Knowledge(chroma.parent, WordEmbedder())
        with pytest.raises(OSError, match=r"cannot be written: .*full.*make room and try again"):
            knowledge.ingest(folder)
        assert best(knowledge, "Heron") == "The Heron mows 3 lawns."
        knowledge.close()
    again = Knowledge(chroma.parent, WordEmbedder())
    again.ingest(folder)
    assert best(again, "Robot 29") == "The Robot 29 mows 29 lawns."
    again.close()


def test_a_catalogue_that_cannot_be_written_now_is_not_deleted(chroma: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = chroma.parent / "catalogue.sqlite3"
    other = sqlite3.connect(catalogue, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with monkeypatch.context() as impatient:
        limit(impatient, timeout=0.01)
        with pytest.raises(OSError, match="cannot be written"):
            Knowledge(chroma.parent, WordEmbedder())
    other.close()
    again = Knowledge(chroma.parent, WordEmbedder())
    assert again.holdings.count().documents == 3
    again.close()
