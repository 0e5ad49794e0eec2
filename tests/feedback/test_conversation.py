from feedback.conversation import Message, find_thread, record_message
from feedback.database import Database

from .conftest import START


def _message(ts: str, text: str = "hi", *, thread_ts: str = "1790000001.000100", team: str = "T1") -> Message:
    return Message(team, "C1", thread_ts, ts, "U1", "user", text, START)


def test_a_thread_is_its_last_messages_oldest_first(db: Database) -> None:
    for second in (5, 1, 4, 2, 3):
        record_message(db, _message(f"179000000{second}.000100", f"message {second}"))
    texts = [message.text for message in find_thread(db, "T1", "C1", "1790000001.000100", limit=3)]
    assert texts == ["message 3", "message 4", "message 5"]


def test_a_message_is_stored_once_as_it_came_first(db: Database) -> None:
    record_message(db, _message("1790000001.000100", "first"))
    record_message(db, _message("1790000001.000100", "again"))
    assert find_thread(db, "T1", "C1", "1790000001.000100") == [_message("1790000001.000100", "first")]


def test_threads_channels_and_workspaces_do_not_mix(db: Database) -> None:
    record_message(db, _message("1790000001.000100"))
    record_message(db, _message("1790000002.000100", thread_ts="1790000002.000100"))
    record_message(db, _message("1790000003.000100", team="T2"))
    assert len(find_thread(db, "T1", "C1", "1790000001.000100")) == 1
    assert find_thread(db, "T1", "C2", "1790000001.000100") == []
