import io
import random
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError, StatementError

from feedback import database, migrations
from feedback.consent import record_consent
from feedback.conversation import find_thread
from feedback.database import Database, migrate, open_database
from feedback.errors import DatabaseUnusable
from feedback.inbox import find_unfinished, record_event
from feedback.measures import summary
from feedback.replies import find_reply
from feedback.tables import APPEND_ONLY, METADATA, canaries, messages, promotions
from feedback.votes import record_button, record_reaction, standing_verdicts, verdicts
from tests.patience import PATIENCE_SECONDS

from .conftest import START, Clock, GiveReply

_LATER_TABLES = (
    "standing_votes",
    "imports",
    "imported_pairs",
    "proposals",
    "decisions",
    "canaries",
    "day_counts",
    "drifts",
    "judgements",
)


def revisions() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return ScriptDirectory.from_config(config)


def newest_revision() -> str | None:
    return revisions().get_current_head()


def _drop_later_indexes(older: sqlite3.Connection) -> None:
    """Bring the indexes back to what they were before revision 0010."""
    events = "feedback_events"
    for index in ("replies_counted", f"{events}_reply_id_person_kind", f"{events}_kind_role_source_reply_id"):
        older.execute(f"DROP INDEX ix_{index}")
    older.execute("CREATE INDEX ix_feedback_events_reply_id_person ON feedback_events (reply_id, person)")


def test_the_migrated_schema_is_the_schema_in_the_code(db: Database) -> None:
    with db.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_migrating_again_keeps_every_row(path: Path, db: Database) -> None:
    record_event(db, "Ev1", "message", team="T1", channel="C1", ts="1.1", payload={"text": "hi"})
    db.close()
    migrate(f"sqlite:///{path}")
    assert [event.key for event in find_unfinished(db)] == ["Ev1"]


def test_replies_from_before_their_sentences_were_counted_are_kept_and_not_counted(
    path: Path, db: Database, give_reply: GiveReply
) -> None:
    give_reply("R1", sentences=3, withheld=1)
    db.close()
    with sqlite3.connect(path) as older:
        _drop_later_indexes(older)
        for column in ("sentences", "withheld"):
            older.execute(f"ALTER TABLE replies DROP COLUMN {column}")
        older.execute("ALTER TABLE channel_rules DROP COLUMN hides_votes")
        for table in _LATER_TABLES:
            older.execute(f"DROP TABLE {table}")
        older.execute("UPDATE alembic_version SET version_num = '0005'")
    older.close()
    migrate(f"sqlite:///{path}")
    reply, measures = find_reply(db, "R1"), summary(db)
    assert reply is not None
    assert (reply.sentences, reply.withheld) == (None, None)
    assert (measures.replies, measures.sentences, measures.withheld) == (1, 0, 0)


def test_votes_from_before_they_were_folded_stand_as_they_did(path: Path, db: Database, give_reply: GiveReply) -> None:
    chance = random.Random(5)
    for number in range(6):
        give_reply(f"R{number}")
        for _ in range(chance.randint(0, 9)):
            emoji, person, added = chance.choice(["+1", "-1", "heart"]), chance.choice("AB"), chance.random() < 0.6
            record_reaction(db, channel="C1", ts=f"R{number}", person=person, role="customer", emoji=emoji, added=added)
            if chance.random() < 0.3:
                record_button(db, reply_id=f"R{number}", person=person, role="staff", verdict="down")
    expected = standing_verdicts(db)
    db.close()
    with sqlite3.connect(path) as older:
        for table in _LATER_TABLES:
            older.execute(f"DROP TABLE {table}")
        _drop_later_indexes(older)
        older.execute("UPDATE alembic_version SET version_num = '0007'")
    older.close()
    migrate(f"sqlite:///{path}")
    assert standing_verdicts(db) == expected
    assert len(expected) > 5


def test_a_database_from_before_the_first_migration_is_upgraded_beside_its_tables(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as old:
        old.execute("CREATE TABLE notes (text TEXT)")
        old.execute("INSERT INTO notes VALUES ('kept')")
    old.close()
    migrate(f"sqlite:///{path}")
    with sqlite3.connect(path) as upgraded:
        assert upgraded.execute("SELECT text FROM notes").fetchall() == [("kept",)]
        assert upgraded.execute("SELECT version_num FROM alembic_version").fetchall() == [(newest_revision(),)]
    upgraded.close()


def test_a_database_of_a_newer_chip_is_refused_and_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseUnusable, match="unknown to this Chip"):
        migrate(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_a_damaged_file_is_refused_and_left_alone(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "chip.db"
    path.write_bytes(b"not a database" * 400)
    with pytest.raises(DatabaseUnusable, match="not a database"):
        open_database(f"sqlite:///{path}", clock=clock, new_id=str)
    assert path.read_bytes() == b"not a database" * 400


def test_a_full_disk_is_one_sentence_that_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_use_wal", lambda connection: connection.execute("PRAGMA max_page_count = 5"))
    with pytest.raises(DatabaseUnusable, match="the disk is full; make room and start Chip again"):
        migrate(f"sqlite:///{tmp_path / 'chip.db'}")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(DatabaseUnusable, match="name a file"):
        migrate(url)


@pytest.mark.parametrize("url", ["nonsense", "nosuch+driver://chip:hush@db/chip", ""])
def test_a_bad_url_is_named_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseUnusable) as caught:
        migrate(url)
    assert "hush" not in str(caught.value)


def test_an_unwritable_folder_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUnusable, match="folder cannot be made"):
        migrate(f"sqlite:///{tmp_path}/file/below/chip.db")


def test_the_folder_of_a_new_database_is_made(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/a/b/chip.db")
    assert (tmp_path / "a" / "b" / "chip.db").exists()


def test_several_starts_at_once_migrate_a_new_database_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/chip.db"
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(migrate, [url] * 4)) == [None] * 4


def test_a_new_database_that_another_start_writes_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "chip.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        migrating = pool.submit(migrate, f"sqlite:///{path}")
        with pytest.raises(TimeoutError):
            migrating.result(timeout=0.2)
        other.execute("ROLLBACK")
        assert migrating.result(timeout=PATIENCE_SECONDS) is None
    other.close()


def test_sqlite_is_set_up_to_lose_nothing(db: Database) -> None:
    with db.read() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert settings == ["wal", 2, 1, 30_000]


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET at = at", "DELETE FROM {}"])
def test_the_log_cannot_be_rewritten_even_by_hand(
    db: Database, table: str, statement: str, give_reply: GiveReply
) -> None:
    give_reply("R1")
    record_button(db, reply_id="R1", person="U1", role="customer", verdict="up")
    with db.begin() as connection:
        changed = {"at": START, "base_id": "b", "by": "UA", "reason": "better"}
        connection.execute(insert(promotions).values(id="P1", **changed))
        connection.execute(insert(canaries).values(id="Y1", adapter_id="A1", share=0.1, **changed))
    record_consent(db, "T1", by="UA", is_on=True)
    with pytest.raises(IntegrityError, match="append-only"), db.begin() as connection:
        connection.exec_driver_sql(statement.format(table))
    assert verdicts(db, "R1") == {"U1": "up"}


def test_a_failed_transaction_leaves_nothing(db: Database) -> None:
    row = {"id": "P1", "at": START, "base_id": "b", "by": "UA", "reason": "better"}
    with pytest.raises(IntegrityError), db.begin() as connection:
        connection.execute(insert(promotions), [row, row])
    with db.read() as connection:
        assert connection.execute(select(promotions)).all() == []


def test_reading_does_not_wait_for_a_writer(db: Database) -> None:
    with db.begin() as writer:
        writer.execute(insert(promotions).values(id="P1", at=START, base_id="b", by="UA", reason="better"))
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(find_thread, db, "T1", "C1", "1.1").result(timeout=PATIENCE_SECONDS) == []


def test_an_instant_comes_back_aware_and_in_utc(db: Database) -> None:
    berlin = datetime(2026, 11, 22, 10, 30, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    with db.begin() as connection:
        connection.execute(insert(promotions).values(id="P1", at=berlin, base_id="b", by="UA", reason="better"))
    with db.read() as connection:
        at = connection.scalar(select(promotions.c.at))
    assert at == berlin
    assert at is not None
    assert at.tzinfo is UTC


def test_an_instant_without_a_zone_is_refused(db: Database) -> None:
    naive = datetime(2026, 11, 22)  # noqa: DTZ001
    with pytest.raises(StatementError, match="time zone"), db.begin() as connection:
        connection.execute(insert(promotions).values(id="P1", at=naive, base_id="b", by="UA", reason="better"))


def test_text_that_no_database_takes_is_stored_with_marks_in_its_place(db: Database) -> None:
    row = {"team": "T", "channel": "C", "thread_ts": "1", "ts": "1", "person": "U", "role": "user", "created_at": START}
    with db.begin() as connection:
        connection.execute(insert(messages).values(**row, text="a\x00b\ud83dc😀"))
    assert find_thread(db, "T", "C", "1")[0].text == "a\ufffdb\ufffdc😀"


def test_the_migrations_are_valid_for_postgresql_too() -> None:
    script = io.StringIO()
    context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": script})
    with Operations.context(context):
        for revision in reversed(list(revisions().walk_revisions())):
            revision.module.upgrade()
    sql = script.getvalue()
    assert sql.count("CREATE TABLE") == len(METADATA.tables)
    assert sql.count("CREATE TRIGGER") == 2 * len(APPEND_ONLY)
    assert "TIMESTAMP WITH TIME ZONE" in sql
    assert "ALTER TABLE replies ADD COLUMN withheld INTEGER;" in sql
