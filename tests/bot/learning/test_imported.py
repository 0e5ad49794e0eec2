"""What staff approve of an import is served as a verified answer; what they reject is used for nothing."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.learning.review import Item, Kind, Queue, Unfinished
from bot.learning.verified import build_verified_answers
from feedback.database import Database, open_database
from feedback.errors import AlreadyDecided, UnusableText
from feedback.events import Role
from feedback.history.imports import (
    NewPair,
    Status,
    UnknownPair,
    Use,
    find_pair,
    list_proposals,
    record_import,
    record_pairs,
    remove_import,
)
from tests.retrain.feedback_rows import prepare

QUESTION, ANSWER = "How long does it charge?", "Charging takes 90 minutes, 60 with the fast charger."


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    ids, seconds = itertools.count(1), itertools.count()
    database = open_database(
        f"sqlite:///{tmp_path / 'chip.db'}",
        clock=lambda: datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=next(seconds)),
        new_id=lambda prefix: f"{prefix}{next(ids)}",
    )
    import_id = record_import(database, by="U0ADMIN", source="a.csv", digest="d", used_as=Use.REVIEW)
    record_pairs(database, import_id, [NewPair(QUESTION, ANSWER, "t", "U0GUEST01", "U0STAFF01", "customer", None)])
    yield database
    database.close()


def open_queue(db: Database) -> Queue:
    return Queue(db, "T0TEAM", prepare, "tiny", lambda: None)


def find_item(db: Database) -> Item:
    item = open_queue(db).find(Kind.IMPORTED, "1")
    assert item is not None
    return item


def approve(db: Database, item: Item, text: str = ANSWER, question: str = QUESTION) -> None:
    open_queue(db).approve(item, question, text, by="U0ADMIN", role=Role.ADMIN)


@pytest.mark.parametrize("text", [ANSWER, "Charging takes an hour."])
def test_an_approved_answer_is_served_as_a_verified_answer(text: str, db: Database) -> None:
    approve(db, find_item(db), text)
    (answer,) = build_verified_answers(db, lambda passage_id: None)  # noqa: ARG005
    assert (answer.question, answer.answer, answer.author) == (QUESTION, text, "U0ADMIN")
    assert list_proposals(db, limit=9) == []
    assert find_pair(db, 1).decided_by == "U0ADMIN"


def test_the_question_of_an_imported_answer_can_be_changed(db: Database) -> None:
    approve(db, find_item(db), question="How long does the Tansy 4 charge?")
    (answer,) = build_verified_answers(db, lambda passage_id: None)  # noqa: ARG005
    assert (answer.question, answer.answer) == ("How long does the Tansy 4 charge?", ANSWER)


def test_only_the_first_decision_counts(db: Database) -> None:
    item = find_item(db)
    approve(db, item)
    with pytest.raises(AlreadyDecided) as refused:
        approve(db, item, "Charging takes an hour.")
    with pytest.raises(AlreadyDecided):
        open_queue(db).reject(item, by="U0OTHER", role=Role.STAFF)
    assert refused.value.by == "U0ADMIN"
    assert [answer.answer for answer in build_verified_answers(db, lambda _: None)] == [ANSWER]


@pytest.mark.parametrize(("text", "error"), [("  ", UnusableText), ("Ask [name 1].", Unfinished)])
def test_an_unusable_text_decides_nothing(text: str, error: type[Exception], db: Database) -> None:
    with pytest.raises(error):
        approve(db, find_item(db), text)
    assert find_pair(db, 1).status is Status.PROPOSED


def test_a_rejected_answer_is_served_to_nobody(db: Database) -> None:
    open_queue(db).reject(find_item(db), by="U0ADMIN", role=Role.ADMIN)
    assert build_verified_answers(db, lambda _: None) == []
    assert list_proposals(db, limit=9) == []


def test_an_answer_of_a_removed_import_is_named(db: Database) -> None:
    item = find_item(db)
    remove_import(db, find_pair(db, 1).import_id)
    with pytest.raises(UnknownPair, match="imported answer 1"):
        open_queue(db).reject(item, by="U0ADMIN", role=Role.ADMIN)
