"""What staff approve of an import is served as a verified answer; what they reject is used for nothing."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.learning.imported import approve_imported, reject_imported
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


def approve(db: Database, text: str | None = None) -> None:
    approve_imported(db, 1, by="U0ADMIN", role=Role.ADMIN, prepare=prepare, base_id="tiny", text=text)


@pytest.mark.parametrize(("text", "served"), [(None, ANSWER), ("Charging takes an hour.", "Charging takes an hour.")])
def test_an_approved_answer_is_served_as_a_verified_answer(text: str | None, served: str, db: Database) -> None:
    approve(db, text)
    (answer,) = build_verified_answers(db, lambda passage_id: None)  # noqa: ARG005
    assert (answer.question, answer.answer, answer.author) == (QUESTION, served, "U0ADMIN")
    assert list_proposals(db, limit=9) == []
    assert find_pair(db, 1).decided_by == "U0ADMIN"


def test_only_the_first_decision_counts(db: Database) -> None:
    approve(db)
    with pytest.raises(AlreadyDecided) as refused:
        approve(db, "Charging takes an hour.")
    with pytest.raises(AlreadyDecided):
        reject_imported(db, 1, by="U0OTHER")
    assert refused.value.by == "U0ADMIN"
    assert [answer.answer for answer in build_verified_answers(db, lambda _: None)] == [ANSWER]


def test_an_empty_text_decides_nothing(db: Database) -> None:
    with pytest.raises(UnusableText):
        approve(db, "  ")
    assert find_pair(db, 1).status is Status.PROPOSED


def test_a_rejected_answer_is_served_to_nobody(db: Database) -> None:
    reject_imported(db, 1, by="U0ADMIN")
    assert build_verified_answers(db, lambda _: None) == []
    assert list_proposals(db, limit=9) == []


def test_an_answer_of_a_removed_import_is_named(db: Database) -> None:
    with pytest.raises(UnknownPair, match="imported answer 7"):
        reject_imported(db, 7, by="U0ADMIN")
