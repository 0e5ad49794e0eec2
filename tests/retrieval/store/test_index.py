"""What a sync of the index remembers, and how it is stopped."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from retrieval.encoders.embedder import encode_apart
from retrieval.passage import Audience, Stretch, Vectors
from retrieval.reading.documents import DocumentKind, Part, RejectedError, StoppedError
from retrieval.store.index import ENCODED_TOGETHER, Index


class FakeEmbedder:
    """Gives every text the same vector and counts the calls; `on_call` hears of each."""

    model_id = "fake"
    width = 4

    def __init__(self) -> None:
        self.calls = 0
        self.on_call: Callable[[], None] = lambda: None

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        self.on_call()
        return np.tile(np.eye(1, 4, dtype=np.float32), (len(texts), 1))

    def encode_units(self, stretches: Sequence[Stretch]) -> list[Vectors]:
        return encode_apart(self, stretches)


class FakeReader:
    """Reads text, refuses what begins with "bad", and keeps the names of what it was asked to read."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, name: str, raw: bytes) -> Iterator[Part]:
        self.asked.append(name)
        if raw.startswith(b"bad"):
            raise RejectedError("Reading it takes more than 60 seconds.")
        yield Part(raw.decode(), DocumentKind.TEXT)


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "bad.txt").write_text("bad")
    (folder / "good.txt").write_text("The Moss mows lawns.")
    return folder


@pytest.fixture
def index(tmp_path: Path, embedder: FakeEmbedder, reader: FakeReader) -> Iterator[Index]:
    index = Index(tmp_path / "index", embedder, reader)
    yield index
    index.close()


def test_a_file_that_cannot_be_read_is_named_each_time_and_tried_once(
    index: Index, reader: FakeReader, folder: Path
) -> None:
    reports = [index.ingest(folder, default_audience=Audience.STAFF) for _ in range(3)]
    told = [[(each.path, each.reason) for each in report.unreadable] for report in reports]
    assert told == [[("bad.txt", "Reading it takes more than 60 seconds.")]] * 3
    assert reader.asked.count("bad.txt") == 1


def test_a_file_that_cannot_be_read_is_tried_again_when_it_changes(
    index: Index, reader: FakeReader, folder: Path
) -> None:
    index.ingest(folder, default_audience=Audience.STAFF)
    (folder / "bad.txt").write_text("mended by now")
    report = index.ingest(folder, default_audience=Audience.STAFF)
    assert (report.added, report.unreadable) == (1, ())
    assert reader.asked.count("bad.txt") == 2
    assert index.ingest(folder, default_audience=Audience.STAFF).unreadable == ()


def test_a_sync_is_stopped_within_a_document_and_goes_on_at_the_next_start(
    index: Index, embedder: FakeEmbedder, folder: Path, tmp_path: Path, reader: FakeReader
) -> None:
    passages = [f"The Moss {n} mows lawns. " * 24 for n in range(3 * ENCODED_TOGETHER)]
    (folder / "long.txt").write_text("\n\n".join(passages))
    embedder.on_call = lambda: index.stop() if embedder.calls == 2 else None
    with pytest.raises(StoppedError):
        index.ingest(folder, default_audience=Audience.STAFF)
    assert embedder.calls == 2
    index.close()
    again = Index(tmp_path / "index", embedder, reader)
    assert again.ingest(folder, default_audience=Audience.STAFF).added == 1
    again.close()
