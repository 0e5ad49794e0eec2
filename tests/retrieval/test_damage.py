"""Chroma's directory locked by another program, replaced by a file, or robbed of its index: search goes on."""

import shutil
import sqlite3
from pathlib import Path

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
