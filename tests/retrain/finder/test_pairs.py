"""A correction names the passage that says it, a liked answer the passage that it cites, and consent is asked."""

from feedback.database import Database
from retrain.finder.pairs import find_pairs
from retrain.settings import CurateSettings
from retrieval.passage import Audience, Passage
from tests.retrain.feedback_rows import LINES, add_reply, correct, like

PASSAGES = [
    Passage(f"P{number}", text, heading, heading, "a.md", Audience.CUSTOMER)
    for number, (heading, text) in enumerate(LINES, start=1)
]


def find_passage(passage_id: str) -> Passage | None:
    return next((one for one in PASSAGES if one.id == passage_id), None)


def test_staff_and_those_who_like_say_which_passage_answers(db: Database) -> None:
    add_reply(db, "R1", "How long is the beeper charged?", "I don't know.", asker="U1")
    correct(db, "R1", "Charging takes 90 minutes.")
    add_reply(db, "R2", "How wide a meadow does it do?", "[3] The Moss 2 mows up to 600 square metres.", asker="U2")
    for person in ("U5", "U6", "U7"):
        like(db, "R2", person)
    found = find_pairs(db, CurateSettings(), find_passage, lambda text: PASSAGES, lambda reply, role: True)  # noqa: ARG005
    assert [(pair.question, list(pair.passages), pair.asker, pair.by_staff) for pair in found] == [
        ("How long is the beeper charged?", ["P2"], "U1", True),
        ("How wide a meadow does it do?", ["P3"], "U2", False),
    ]
    assert find_pairs(db, CurateSettings(), find_passage, lambda text: PASSAGES, lambda reply, role: False) == []  # noqa: ARG005


def test_a_correction_that_no_document_says_and_a_disliked_answer_name_nothing(db: Database) -> None:
    add_reply(db, "R1", "Is it blue?")
    correct(db, "R1", "The colour is a matter of taste.")
    add_reply(db, "R2", "How long does it charge?")
    like(db, "R2", verdict="down")
    assert find_pairs(db, CurateSettings(), find_passage, lambda text: PASSAGES, lambda reply, role: True) == []  # noqa: ARG005
