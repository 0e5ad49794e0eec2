"""Lessons that speak of somebody as she or he are also taught otherwise; the card counts how people are spoken of."""

import pytest

from retrain.data.card import build_card
from retrain.data.people import count_people, swap_people, swap_question
from retrain.examples import Example
from retrieval.passage import Evidence, EvidenceLine, Match
from retrieval.prompt import build_messages

LINE = "The Moss 2 runs for 60 minutes on one charge."


def build_example(question: str, target: str = f"[1] {LINE}", group: str = "one") -> Example:
    evidence = Evidence((EvidenceLine(1, LINE, "Moss 2", "p"),), Match.STRONG)
    messages = tuple(build_messages(question, evidence, company="Moss"))
    return Example(messages, target, "correction", 1.0, group)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Can she wash it herself?", "Can he wash it himself?"),
        ("Is the robot hers?", "Is the robot his?"),
        ("I gave him the robot, is it safe?", "I gave her the robot, is it safe?"),
        ("Does his robot mow?", "Does her robot mow?"),
        ("I told her to wait. She asks why.", "I told him to wait. He asks why."),
        ("Is this charger his?", "Is this charger hers?"),
    ],
)
def test_a_question_is_asked_with_the_other_pronoun(question: str, expected: str) -> None:
    assert expected in swap_question(question)


def test_a_question_about_her_is_also_asked_about_him_them_and_nobody() -> None:
    copies = swap_people(build_example("How long does her Moss 2 run?"))
    assert [copy.question for copy in copies] == [
        "How long does his Moss 2 run?",
        "How long does their Moss 2 run?",
        "How long does the Moss 2 run?",
    ]
    assert {copy.target for copy in copies} == {f"[1] {LINE}"}
    assert {copy.form for copy in copies} == {"altered"}


@pytest.mark.parametrize("question", ["How long does it run?", "Can they use theirs?"])
def test_nothing_is_swapped_where_nobody_is_she_or_he(question: str) -> None:
    assert swap_people(build_example(question)) == []


def test_an_answer_about_the_person_is_left_alone() -> None:
    assert swap_people(build_example("Can she use it?", "[1] She can.")) == []


def test_swapped_copies_balance_the_rows() -> None:
    lessons = [build_example(f"How long does her Moss {number} run?", group=str(number)) for number in range(2, 6)]
    lessons.append(build_example("How long does his Moss 9 run?", group="9"))
    rows = [row for lesson in lessons for row in (lesson, *swap_people(lesson))]
    before, after = count_people(lessons)["all"], count_people(rows)["all"]
    assert (before["she"], before["he"]) == (4, 1)
    assert after["she"] == after["he"] == after["they"] == after["nobody"] == 5


def test_people_are_counted_by_role_dialect_and_language() -> None:
    rows = [
        build_example("Can the technician say whether she needs a grey cover in this colour?"),
        build_example("Kann der Techniker morgen kommen und die Messer tauschen?", "", "two"),
    ]
    counts = count_people(rows)
    assert counts["role: technician"]["she"] == 1
    assert counts["dialect: British"]["she"] == 1
    assert "dialect: American" not in counts
    assert counts["language: de"]["nobody"] == 1


def test_the_card_shows_how_people_are_spoken_of() -> None:
    lesson = build_example("How long does her Moss 2 run?")
    files = build_card([lesson, *swap_people(lesson)], {}, {})
    assert "| all | 1 → 1 | 0 → 1 | 0 → 1 | 0 → 0 | 0 → 1 |" in files["README.md"].decode()
    assert b"How people are spoken of" in files["people.svg"]
