"""What SQLite keeps of deleted rows is found, and is gone once it is overwritten."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from feedback import traces

MARK = 'She said "my pump hums" in Zürich'


def test_a_deleted_row_is_found_in_the_pages_until_it_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE said (text TEXT)")
        connection.executemany("INSERT INTO said VALUES (?)", [(MARK,), ("Something else.",)])
        connection.commit()
        connection.execute("DELETE FROM said WHERE text = ?", (MARK,))
        connection.commit()
        found = traces.search(tmp_path, [MARK]).found
        assert found
        (database,) = traces.find_databases(tmp_path, found)
        assert database == path
        assert traces.overwrite_deleted(database)
    assert traces.search(tmp_path, [MARK]).found == {}
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT text FROM said").fetchall() == [("Something else.",)]


def test_a_reader_in_the_way_is_told(tmp_path: Path) -> None:
    path = tmp_path / "read.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("PRAGMA journal_mode = WAL")
        reader.execute("CREATE TABLE said (text TEXT)")
        reader.execute("INSERT INTO said VALUES ('x')")
        reader.execute("BEGIN EXCLUSIVE")
        assert not traces.overwrite_deleted(path, busy_seconds=0.05)


def test_words_are_found_as_json_writes_them_and_across_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "_CHUNK", 16)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "dataset.jsonl").write_text(r'{"text": "She said \"my pump hums\" in Z\u00fcrich"}')
    (tmp_path / "notes.txt").write_text(f"{'.' * 30}{MARK}{MARK}")
    searched = traces.search(tmp_path, [MARK])
    assert searched.found == {"notes.txt": 2, "runs/dataset.jsonl": 1}
    assert searched.files == 2
