"""Exact search: it finds what comparing everything finds, follows every change, and every process finds the same."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience, Scope, Vectors
from retrieval.search import search
from retrieval.store.index import Index
from tests.retrieval.words import WordEmbedder

WORDS = [f"word{number}" for number in range(60)]
QUESTIONS = [" ".join(random.Random(seed).choices(WORDS, k=4)) for seed in range(20)]


def write(folder: Path, number: int, seed: int) -> None:
    draw = random.Random(seed)
    sentences = [" ".join(draw.choices(WORDS, k=8)).capitalize() + "." for _ in range(draw.randint(1, 9))]
    audience = "staff" if number % 3 == 0 else "customer"
    (folder / f"{number}.md").write_text(f"---\naudience: {audience}\n---\n{' '.join(sentences)}\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(14):
        write(folder, number, number)
    return folder


@pytest.fixture
def index(tmp_path: Path, folder: Path) -> Iterator[Index]:
    opened = Index(tmp_path / "index", WordEmbedder())
    ingest(opened, folder)
    yield opened
    opened.close()


def ingest(index: Index, folder: Path) -> None:
    index.ingest(folder, default_audience=Audience.STAFF)


def encode(question: str) -> Vectors:
    vector: Vectors = WordEmbedder().encode([question])[0]
    return vector


def compare_all(index: Index, question: str, scope: Scope, limit: int) -> list[str]:
    """Return the nearest passages by looking at all of the catalogue."""
    near = [
        (-round(float((entry.unit_vectors.astype(float) @ encode(question)).max()), 5), entry.passage.id)
        for batch in index.catalogue.walk_entries()
        for entry in batch
        if entry.passage.audience in scope.audiences
    ]
    return [identity for _, identity in sorted(near)[:limit]]


def assert_exact(index: Index) -> None:
    for question in QUESTIONS:
        for scope, limit in ((CUSTOMER_SCOPE, 5), (STAFF_SCOPE, 30), (STAFF_SCOPE, 1_000)):
            found = index.exact.score(encode(question), scope.audiences, limit)
            assert found is not None
            assert list(found) == compare_all(index, question, scope, limit)


def test_it_finds_what_comparing_everything_finds(index: Index) -> None:
    assert_exact(index)
    assert index.exact.score(encode(QUESTIONS[0]), frozenset(), 5) == {}


def test_it_follows_what_comes_changes_and_goes(index: Index, folder: Path) -> None:
    for round_ in range(1, 4):  # so often that more rows are gone than there are
        for number in range(9):
            write(folder, number, 1_000 * round_ + number)
        (folder / f"{9 + round_}.md").unlink()
        write(folder, 100 + round_, round_)
        ingest(index, folder)
        assert_exact(index)
    assert len(index.exact._room) < 4 * index.catalogue.count_units(), "what is gone takes no room for ever"


def test_an_empty_index_finds_nothing_and_then_what_comes(tmp_path: Path, folder: Path) -> None:
    index = Index(tmp_path / "new", WordEmbedder())
    assert index.exact.score(encode(QUESTIONS[0]), STAFF_SCOPE.audiences, 5) == {}
    ingest(index, folder)
    assert_exact(index)
    for document in folder.iterdir():
        document.unlink()
    (folder / "last.md").write_text("Word1 is all that is left.")
    ingest(index, folder)
    assert_exact(index)
    index.close()


def test_an_index_that_read_the_rows_in_another_order_finds_the_same(index: Index, tmp_path: Path) -> None:
    write(tmp_path / "documents", 3, 77)
    ingest(index, tmp_path / "documents")
    again = Index(tmp_path / "index", WordEmbedder())
    assert list_found(again) == list_found(index)
    again.close()


@pytest.mark.slow
def test_another_process_finds_the_same_in_the_same_order(index: Index) -> None:
    code = (
        "import json, sys; from pathlib import Path; from retrieval.store.index import Index\n"
        "from tests.retrieval.store.test_exact import list_found; from tests.retrieval.words import WordEmbedder\n"
        "print(json.dumps(list_found(Index(Path(sys.argv[1]), WordEmbedder()))))"
    )
    command = [sys.executable, "-c", code, str(index._folder)]
    other = subprocess.run(command, capture_output=True, check=True, cwd=Path(__file__).parents[3], text=True)
    assert json.loads(other.stdout) == list_found(index)


def list_found(index: Index) -> list[list[list[str | float]]]:
    return [
        [[h.passage.id, h.score, h.similarity] for h, _ in search(index, q, encode(q), STAFF_SCOPE, 24)]
        for q in QUESTIONS
    ]


def test_what_another_process_writes_is_found(index: Index, tmp_path: Path, folder: Path) -> None:
    other = Index(tmp_path / "index", WordEmbedder())
    write(folder, 3, 78)
    (folder / "5.md").unlink()
    ingest(other, folder)
    other.close()
    assert_exact(index)


def test_beyond_the_limit_chroma_searches_and_below_it_no_longer(tmp_path: Path, folder: Path) -> None:
    small = Index(tmp_path / "index", WordEmbedder(), exact_units=40)
    ingest(small, folder)
    assert small.catalogue.count_units() > 40
    assert small.exact.score(encode(QUESTIONS[0]), STAFF_SCOPE.audiences, 5) is None
    assert search(small, QUESTIONS[0], encode(QUESTIONS[0]), STAFF_SCOPE, 5)
    for number in range(10):
        (folder / f"{number}.md").unlink()
    ingest(small, folder)
    assert small.catalogue.count_units() < 40
    assert_exact(small)
    small.close()
