"""Files of strangers: whatever one of them does to its reader, it costs its own time and nothing else."""

import os
import pickle
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from retrieval.passage import Audience
from retrieval.reading.documents import DocumentKind, Part, RejectedError, StoppedError
from retrieval.reading.file_reader import FileReader, ReadingLimits, _Process, _ValuesOnly
from retrieval.reading.reader_process import LENGTH, _write_answer
from tests.retrieval.reading.bombs import BOMBS

GOOD = b"# Moss\n\nThe Moss mows lawns.\n"
MANY_ROWS = b'{"question": "Why?", "answer": "Because of the rain."}\n' * 1_000_000


@pytest.fixture(scope="module")
def reader() -> Iterator[FileReader]:
    reader = FileReader(ReadingLimits(seconds=1.0, megabytes=1_024))
    yield reader
    reader.close()


def find_process(reader: FileReader) -> _Process:
    assert reader._idle is not None
    return reader._idle


def test_a_file_is_read_as_it_is_read_here(reader: FileReader) -> None:
    head = b"---\ntitle: Moss\naudience: group:S0123ABCD\nupdated: 2026-03-01\n---\n"
    (part,) = reader("moss.md", head + GOOD)
    assert (part.title, part.kind, str(part.updated)) == ("Moss", DocumentKind.MARKDOWN, "2026-03-01")
    assert part.audience is not None
    assert part.audience.is_group
    assert part.text.strip() == GOOD.decode().strip()


def test_answers_are_the_same_where_python_writes_enums_as_attributes(monkeypatch: pytest.MonkeyPatch) -> None:
    part = Part("text", DocumentKind.TEXT, audience=Audience.STAFF)
    # As Python 3.11.2 does it, which Debian 12 has.
    monkeypatch.setattr(DocumentKind, "__reduce_ex__", lambda self, _: (getattr, (type(self), self.name)))
    assert send(part) == part


def test_one_process_reads_file_after_file(reader: FileReader) -> None:
    list(reader("moss.md", GOOD))
    process = find_process(reader)
    with pytest.raises(RejectedError, match="broken"):
        list(reader("manual.docx", b"no zip"))
    list(reader("moss.md", GOOD))
    assert find_process(reader) is process


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_soon_and_takes_nothing_along(reader: FileReader, name: str) -> None:
    raw = BOMBS[name]()
    before = time.process_time()
    with suppress(RejectedError):
        list(reader(name, raw))
    assert time.process_time() - before < 1.0  # of this process, which goes on serving
    assert [part.text.strip() for part in reader("moss.md", GOOD)] == [GOOD.decode().strip()]


def test_a_file_that_takes_too_long_is_left_out_in_a_sentence(reader: FileReader) -> None:
    with pytest.raises(RejectedError, match=r"^Reading it takes more than 1 seconds\.$"):
        list(reader("log.jsonl", MANY_ROWS))


def test_a_file_that_needs_too_much_memory_is_left_out_in_a_sentence() -> None:
    reader = FileReader(ReadingLimits(seconds=60.0, megabytes=300))
    try:
        with pytest.raises(RejectedError, match=r"^Reading it takes more than 300 MB of memory\.$"):
            list(reader("big.jsonl", MANY_ROWS))
        assert len(list(reader("moss.md", GOOD))) == 1
    finally:
        reader.close()


def test_a_reader_that_is_closed_in_the_midst_of_a_file_stops_at_once() -> None:
    reader = FileReader(ReadingLimits(seconds=60.0))
    parts = reader("log.jsonl", MANY_ROWS)
    next(parts)
    told = time.monotonic()
    threading.Timer(0.05, reader.close).start()
    with pytest.raises(StoppedError):
        list(parts)
    assert time.monotonic() - told < 5.0
    with pytest.raises(StoppedError):
        list(reader("moss.md", GOOD))


def test_a_process_has_no_secrets_and_leaves_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    process = _Process()
    assert b"xoxb-secret" not in Path(f"/proc/{process._process.pid}/environ").read_bytes()
    folder = Path(process._folder)
    process.end()
    assert not folder.exists()


def test_what_a_process_sends_makes_nothing_but_the_values_of_reading() -> None:
    part = Part("text", DocumentKind.TEXT)
    assert send(part) == part
    for value in (os.system, subprocess_like, Path("/"), pickle.loads):
        with pytest.raises(pickle.UnpicklingError):
            send(value)


def send(value: Any) -> object:
    """Return what arrives of a value that the process sends."""
    told = BytesIO()
    _write_answer(told, value)
    return _ValuesOnly(BytesIO(told.getvalue()[LENGTH.size :])).load()


def subprocess_like() -> None:
    """Stand for any function of ours."""
