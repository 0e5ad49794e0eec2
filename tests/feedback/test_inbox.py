import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from feedback.database import Database
from feedback.inbox import find_unfinished, mark_done, record_event

ROOT = Path(__file__).resolve().parents[2]

RECORD_AND_HANG = """
import sys, time
from datetime import UTC, datetime
from feedback.database import open_database
from feedback.inbox import record_event

db = open_database(sys.argv[1], clock=lambda: datetime.now(UTC), new_id=str)
record_event(db, "Ev1", "message", team="T1", channel="C1", ts="1.1", payload={"text": "before the kill"})
print("recorded", flush=True)
time.sleep(60)
"""


def _record(db: Database, key: str, **changes: object) -> bool:
    values = {"team": "T1", "channel": "C1", "ts": "1.1", "payload": {"text": "hi"}} | changes
    return record_event(db, key, "message", **values)  # type: ignore[arg-type]


def test_an_event_is_new_once(db: Database) -> None:
    assert _record(db, "Ev1")
    assert not _record(db, "Ev1", payload={"text": "redelivered"})
    assert [event.payload for event in find_unfinished(db)] == [{"text": "hi"}]


def test_an_event_comes_back_as_it_was_stored(db: Database) -> None:
    payload = {"text": "a\x00b \ud83d 😀", "blocks": [{"n": 1.5, "none": None}]}
    _record(db, "Ev1", payload=payload, channel=None, ts=None)
    (event,) = find_unfinished(db)
    assert (event.key, event.kind, event.team, event.channel, event.ts) == ("Ev1", "message", "T1", None, None)
    assert event.payload == payload
    assert event.received_at.tzinfo is not None


def test_of_many_threads_with_one_key_exactly_one_is_told_that_it_is_new(db: Database) -> None:
    told: list[bool] = []
    gate = threading.Barrier(8)

    def deliver() -> None:
        gate.wait()
        told.append(_record(db, "Ev1"))

    threads = [threading.Thread(target=deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [False] * 7 + [True]


def test_what_is_done_is_not_found_again_and_the_rest_comes_in_order(db: Database) -> None:
    for key in ("Ev3", "Ev1", "Ev2"):
        _record(db, key)
    mark_done(db, "Ev1")
    mark_done(db, "Ev1")
    mark_done(db, "unknown")
    assert [event.key for event in find_unfinished(db)] == ["Ev3", "Ev2"]
    assert not _record(db, "Ev1")


def test_a_recorded_event_survives_a_kill(path: Path, db: Database) -> None:
    url = f"sqlite:///{path}"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", RECORD_AND_HANG, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "recorded\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert [event.payload for event in find_unfinished(db)] == [{"text": "before the kill"}]
