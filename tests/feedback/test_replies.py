from datetime import timedelta

from feedback.database import Database
from feedback.replies import (
    add_part,
    find_parts,
    find_replies,
    find_replies_to,
    find_reply,
    find_reply_at,
    record_reply,
)

from .conftest import START, build_reply


def test_a_reply_comes_back_with_all_that_made_it(db: Database) -> None:
    reply = build_reply(adapter_id="A7", first_text_ms=None)
    record_reply(db, reply)
    assert find_reply(db, "R1") == reply


def test_every_part_leads_to_its_one_reply(db: Database) -> None:
    reply = build_reply()
    record_reply(db, reply)
    add_part(db, "R1", "C1", "1.1")
    add_part(db, "R1", "C1", "1.2")
    add_part(db, "R1", "C1", "1.2")
    assert find_reply_at(db, "C1", "1.1") == find_reply_at(db, "C1", "1.2") == reply
    assert find_parts(db, "R1") == [("C1", "1.1"), ("C1", "1.2")]


def test_others_messages_and_unknown_replies_lead_nowhere(db: Database) -> None:
    record_reply(db, build_reply())
    assert find_reply_at(db, "C1", "1.1") is None
    assert find_reply(db, "R2") is None


def test_a_part_may_be_posted_before_its_reply_is_recorded(db: Database) -> None:
    add_part(db, "R1", "C1", "1.1")
    assert find_reply_at(db, "C1", "1.1") is None
    record_reply(db, build_reply())
    assert find_reply_at(db, "C1", "1.1") == build_reply()


def test_a_reply_that_is_recorded_again_stays_as_it_was(db: Database) -> None:
    record_reply(db, build_reply())
    record_reply(db, build_reply(shown="something else"))
    assert find_reply(db, "R1") == build_reply()


def test_the_replies_to_a_question_are_found_oldest_first(db: Database) -> None:
    later = build_reply("R2", created_at=START + timedelta(minutes=1))
    for reply in (later, build_reply("R1"), build_reply("R3", question_ts="9.9")):
        record_reply(db, reply)
    assert [reply.id for reply in find_replies_to(db, "T1", "C1", "1790000001.000100")] == ["R1", "R2"]
    assert find_replies_to(db, "T1", "C1", "8.8") == []


def test_replies_are_found_by_many_ids_at_once(db: Database) -> None:
    for number in range(3):
        record_reply(db, build_reply(f"R{number}"))
    assert set(find_replies(db, [*(f"x{number}" for number in range(1200)), "R0", "R2"])) == {"R0", "R2"}
