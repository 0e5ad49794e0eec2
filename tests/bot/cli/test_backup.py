"""`chip backup` and `chip restore`: nothing acknowledged is missing, and only what was saved is restored."""

import hashlib
import json
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.backup import making
from bot.cli.main import app
from bot.cli.terminal import console, output
from bot.core import make_id, now_utc
from bot.run import hold_data_folder
from feedback import inbox
from feedback.arrivals import Arrivals
from feedback.database import Database, open_database
from feedback.snapshot import copy_database
from tests.loop.adapters import write_adapter
from tests.retrain.feedback_rows import add_reply, correct

pytestmark = pytest.mark.usefixtures("data")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a conversation, an event that waits, an adapter, an index and a secret."""
    folder = tmp_path_factory.mktemp("template") / "var"
    with closing(open_data(folder)) as db:
        add_reply(db, "R1", "Where is the shed?", asker="U1")
        correct(db, "R1", "Behind the house.")
        record(db, "E1")
    with closing(Arrivals(folder / "arrivals.db")) as arrivals:
        arrivals.keep('{"event_id": "E2"}')
    write_adapter(folder / "adapters", "A1", "base")
    for path in ("index/chroma/chroma.sqlite3", "index/words/rows.npy", "token.key", "models/large.gguf"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x")
    return folder


@pytest.fixture
def data(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHIP_DATA", str(tmp_path / "var"))
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    monkeypatch.setenv("CHIP_COMPANY", "Onym")
    for printer in (console, output):
        monkeypatch.setattr(printer, "width", 1000)
    return Path(shutil.copytree(template, tmp_path / "var"))


def open_data(folder: Path) -> Database:
    folder.mkdir(parents=True, exist_ok=True)
    return open_database(f"sqlite:///{folder / 'chip.db'}", clock=now_utc, new_id=make_id)


def record(db: Database, key: str) -> None:
    inbox.record_event(db, key, "message", team="T1", channel="C1", ts="1.0", payload={})


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(params=["there", "there.tar", "there.tar.gz"])
def backup(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    target: Path = tmp_path / "backups" / request.param
    result = run("backup", target)
    assert result.exit_code == 0, result.output
    return target


def list_files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_was_backed_up_comes_back(backup: Path, data: Path) -> None:
    shutil.rmtree(data)

    result = run("restore", backup)

    assert result.exit_code == 0, result.output
    assert list_files(data) == [
        "adapters/A1/adapter.gguf",
        "adapters/A1/card.json",
        "arrivals.db",
        "chip.db",
        "chip.lock",
    ]
    with closing(open_data(data)) as db:
        assert inbox.find_event(db, "E1")
    with closing(Arrivals(data / "arrivals.db")) as arrivals:
        assert [body for _, body in arrivals.list_kept()] == ['{"event_id": "E2"}']


def test_a_backup_holds_no_secret_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    result = run("backup", tmp_path / "b")
    kept = json.loads((tmp_path / "b" / "backup.json").read_text())
    assert kept["left_out"].keys() == {"index/chroma", "index/words", "token.key", "models"}
    assert "token.key" in result.output
    assert kept["settings"]["company"] == "Onym"
    assert "xoxb" not in json.dumps(kept)
    assert list(tmp_path.glob(".*")) == []


def test_models_are_backed_up_where_they_are_wanted(tmp_path: Path) -> None:
    run("backup", tmp_path / "b", "--models")
    assert (tmp_path / "b" / "models" / "large.gguf").exists()


def test_a_drill_tells_what_is_there_and_restores_nothing(backup: Path, data: Path) -> None:
    before = list_files(data)
    result = run("restore", backup, "--verify")
    assert result.exit_code == 0, result.output
    for told in ("Nothing was restored", "1 events, 2 of them", "1 replies, 1 votes", "1 adapters"):
        assert told in result.output
    assert list_files(data) == before


def test_data_that_stands_there_is_put_aside_only_when_told(backup: Path, data: Path) -> None:
    with closing(open_data(data)) as db:
        record(db, "E3")
    refused = run("restore", backup)
    assert refused.exit_code == 1
    assert "--replace" in refused.output

    result = run("restore", backup, "--replace")

    assert result.exit_code == 0, result.output
    (aside,) = data.glob("before-restore-*")
    with closing(open_data(data)) as restored, closing(open_data(aside)) as before:
        assert inbox.find_event(restored, "E3") is None
        assert inbox.find_event(before, "E3")


def test_a_running_chip_is_not_restored_over(backup: Path, data: Path) -> None:
    with hold_data_folder(data):
        result = run("restore", backup, "--replace")
    assert result.exit_code == 1
    assert "Another Chip runs" in result.output


def test_a_cut_backup_is_refused_and_changes_nothing(backup: Path, data: Path) -> None:
    shutil.rmtree(data)
    if backup.is_dir():
        (backup / "adapters" / "A1" / "card.json").unlink()
    else:
        content = backup.read_bytes()
        backup.write_bytes(content[: len(content) // 3])
    result = run("restore", backup)
    assert result.exit_code == 1
    assert "Use another" in result.output
    assert list_files(data) == ["chip.lock"]


@pytest.mark.parametrize("change", ["another byte", "a strange file", "a path outside"])
def test_a_changed_backup_is_refused(change: str, data: Path, tmp_path: Path) -> None:
    run("backup", tmp_path / "b")
    if change == "another byte":
        (tmp_path / "b" / "adapters" / "A1" / "adapter.gguf").write_bytes(b"another")
    elif change == "a strange file":
        (tmp_path / "b" / "sources.json").write_text("{}")
    else:
        manifest = tmp_path / "b" / "backup.json"
        manifest.write_text(manifest.read_text().replace('"chip.db"', '"../chip.db"'))
    shutil.rmtree(data)
    result = run("restore", tmp_path / "b")
    assert result.exit_code == 1
    assert "Use another" in result.output
    assert list_files(data) == ["chip.lock"]


@pytest.mark.parametrize("kind", ["a path outside", "a link"])
def test_an_archive_writes_nothing_outside_of_its_folder(kind: str, data: Path, tmp_path: Path) -> None:
    run("backup", tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar", "a") as archive:
        member = tarfile.TarInfo("../evil" if kind == "a path outside" else "evil")
        if kind == "a link":
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    shutil.rmtree(data)
    result = run("restore", tmp_path / "b.tar")
    assert result.exit_code == 1
    assert "The archive was changed" in result.output
    assert list_files(data) == ["chip.lock"]


def test_a_schema_of_a_newer_chip_is_refused(data: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(data / "chip.db")) as newer, newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    run("backup", tmp_path / "b")
    shutil.rmtree(data)
    for options in ([], ["--verify"]):
        result = run("restore", tmp_path / "b", *options)
        assert result.exit_code == 1
        assert "update Chip first" in result.output


def test_a_damaged_database_is_no_backup(data: Path, tmp_path: Path) -> None:
    with (data / "chip.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)
    result = run("backup", tmp_path / "b")
    assert result.exit_code == 1
    assert "chip.db" in result.output
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(("target", "told"), [("var/b", "lies in the data folder"), ("old", "exists already")])
def test_a_place_that_cannot_be_is_refused(target: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    result = run("backup", tmp_path / target)
    assert result.exit_code == 1
    assert told in result.output


def test_a_database_elsewhere_goes_back_to_where_the_settings_say(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    shutil.move(data / "chip.db", tmp_path / "elsewhere" / "own.db")
    monkeypatch.setenv("CHIP_DATABASE", f"sqlite:///{tmp_path / 'elsewhere' / 'own.db'}")
    assert run("backup", tmp_path / "b").exit_code == 0
    shutil.rmtree(data)
    shutil.rmtree(tmp_path / "elsewhere")
    assert run("restore", tmp_path / "b").exit_code == 0
    assert list_files(tmp_path / "elsewhere") == ["own.db"]
    assert not (data / "chip.db").exists()


def test_who_was_forgotten_since_is_named(data: Path, tmp_path: Path) -> None:
    run("backup", tmp_path / "b")
    report = {"person": hashlib.sha256(b"U1").hexdigest(), "at": (now_utc() + timedelta(seconds=1)).isoformat()}
    (data / "forgotten").mkdir()
    (data / "forgotten" / "F1.json").write_text(json.dumps(report))
    result = run("restore", tmp_path / "b", "--replace")
    assert "Run: chip forget U1" in result.output


class Traffic:
    """Events as delivery takes them: kept on disk, acknowledged, handed to the inbox, and only then dropped."""

    def __init__(self, data: Path) -> None:
        self.acknowledged: list[str] = []
        self._arrivals = Arrivals(data / "arrivals.db")
        self._db = open_data(data)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._deliver, args=(number,)) for number in range(3)]

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._arrivals.close()
        self._db.close()

    def _deliver(self, number: int) -> None:
        count = 0
        while not self._stop.is_set():
            count += 1
            key = f"load-{number}-{count}"
            row = self._arrivals.keep(json.dumps({"event_id": key}))
            self.acknowledged.append(key)
            record(self._db, key)
            self._arrivals.drop(row)
            self._arrivals.sweep()


def list_events(folder: Path) -> Iterator[str]:
    with closing(sqlite3.connect(folder / "chip.db")) as database:
        yield from (key for (key,) in database.execute("SELECT event_key FROM inbox"))
    with closing(sqlite3.connect(folder / "arrivals.db")) as arrivals:
        yield from (json.loads(body)["event_id"] for (body,) in arrivals.execute("SELECT body FROM arrivals"))


def test_no_acknowledged_event_is_missing_from_a_backup_under_load(data: Path, tmp_path: Path) -> None:
    with Traffic(data) as traffic:
        for number in range(4):
            before = set(traffic.acknowledged)
            result = run("backup", tmp_path / f"b{number}")
            assert result.exit_code == 0, result.output
            assert before - set(list_events(tmp_path / f"b{number}")) == set()
            assert len(traffic.acknowledged) > len(before)
        assert run("restore", tmp_path / "b3", "--verify").exit_code == 0


def test_an_event_that_moves_on_while_the_databases_are_copied_is_not_missed(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy_and_hand_on(source: Path, target: Path) -> None:
        copy_database(source, target)
        with closing(Arrivals(data / "arrivals.db")) as arrivals, closing(open_data(data)) as db:
            for number, body in arrivals.list_kept():
                record(db, json.loads(body)["event_id"])
                arrivals.drop(number)

    monkeypatch.setattr(making, "copy_database", copy_and_hand_on)
    assert run("backup", tmp_path / "b").exit_code == 0
    assert {"E1", "E2"} <= set(list_events(tmp_path / "b"))
