"""The gate's questions are the company's own, none was trained on, and those asked least come first."""

import random
from dataclasses import replace

from retrain.evaluate import HeldOutQuestion
from retrain.examples import Example
from retrain.judging.questions import (
    ask_for_others,
    choose_lessons,
    choose_questions,
    find_kept_wordings,
    is_checked,
    make_document_questions,
)
from retrain.variations import vary
from retrieval.passage import Audience, Passage
from tests.retrain.feedback_rows import build_prompt, prepare

ASKED = "How do I charge the battery of the Heron 1?"
LESSON = Example(build_prompt(ASKED), "[2] Charging takes 90 minutes.", "correction", 1.0, "R1")


def build_passage(number: int, text: str) -> Passage:
    return Passage(f"P{number}", text, "Heron 1", "Heron 1", f"heron-{number}.md", Audience.CUSTOMER)


def build_question(identity: str, kind: str = "file") -> HeldOutQuestion:
    return HeldOutQuestion(
        identity,
        f"What is {identity}?",
        Audience.CUSTOMER,
        (("red",),),
        answerable=True,
        kind=kind,  # type: ignore[arg-type]
    )


def keep_any(question: str, other: str) -> bool:
    return question != other


def test_the_wording_that_the_gate_asks_is_never_trained_on() -> None:
    kept = find_kept_wordings([LESSON], keep_any)
    assert [one.question for one in kept] == [
        "I want to charge the battery of the Heron 1. How?",
        "charge battery Heron 1",
    ]
    assert {(one.kind, one.topic, one.target) for one in kept} == {("rewording", "R1", LESSON.target)}
    trained = vary(LESSON, 40, random.Random(1), keep_any)
    words = {" ".join(copy.question.lower().strip(" ?.!").split()) for copy in trained}
    assert any("what must i do to charge" in one for one in words), "another wording is trained on"
    assert not any(one.question.lower().strip(" ?.!") in word for one in kept for word in words)


def test_a_wording_that_changes_the_meaning_and_a_lesson_of_a_thread_are_not_asked() -> None:
    assert find_kept_wordings([LESSON], lambda question, other: False) == []  # noqa: ARG005
    in_thread = replace(LESSON, messages=(LESSON.messages[0], *LESSON.messages))
    assert find_kept_wordings([in_thread], keep_any) == []


def test_a_lesson_is_asked_for_her_for_him_and_for_them() -> None:
    asked = ask_for_others([LESSON, replace(LESSON, messages=build_prompt("Tell me. And then?"), group="R2")])
    assert [one.question for one in asked] == [
        f"My {person} asks: how do I charge the battery of the Heron 1?" for person in ("sister", "brother", "friend")
    ]
    assert {(one.kind, one.topic, one.target) for one in asked} == {("person", "R1", LESSON.target)}
    assert choose_questions(asked, [LESSON], 9)[1] == 0, "they are asked although the lesson is taught"


def test_documents_are_asked_for_the_one_figure_of_a_sentence() -> None:
    (question,) = make_document_questions([build_passage(1, "The battery of the Heron 1 lasts up to 42 minutes.")], 5)
    assert question.question == "The battery of the Heron 1 lasts up to how many minutes?"
    assert "42 minutes" in question.answer_contains[0]
    assert (question.kind, question.topic) == ("document", "heron-1.md")


def test_what_has_two_figures_or_leans_on_the_sentence_before_is_not_asked() -> None:
    texts = ["The Heron 1 flies 42 minutes and charges in 90 minutes.", "It lasts no longer than 42 minutes in all."]
    assert make_document_questions([build_passage(1, " ".join(texts))], 5) == []


def test_a_question_from_the_documents_is_asked_only_if_search_finds_its_answer() -> None:
    made = make_document_questions(
        [
            build_passage(1, "The battery of the Heron 1 lasts 42 minutes."),
            build_passage(2, "The winch of the Heron 1 carries 12 kilograms."),
        ],
        5,
    )
    assert [is_checked(one, prepare(one.question)) for one in made] == [True, False]
    assert is_checked(build_question("h1"), prepare("What is h1?")), "a person wrote it"


def test_each_kind_gets_its_share_and_what_was_asked_least_comes_first() -> None:
    pool = [build_question(f"f{number}") for number in range(8)] + [build_question("d1", "document")]
    asked, retired = choose_questions(pool, [], 4)
    assert (len(asked), retired) == (4, 0)
    assert "d1" in {one.id for one in asked}
    uses = {one.id: 1 for one in asked}
    again, _ = choose_questions(pool, [], 4, uses=uses)
    assert {one.id for one in again if one.kind == "file"}.isdisjoint(one.id for one in asked)


def test_what_is_taught_now_is_retired_but_not_its_other_wordings() -> None:
    pool = [
        build_question("f1"),
        HeldOutQuestion("f2", ASKED.upper(), Audience.CUSTOMER, (("90",),), answerable=True),
        *find_kept_wordings([LESSON], keep_any),
    ]
    asked, retired = choose_questions(pool, [LESSON], 9)
    assert {one.kind for one in asked} == {"file", "rewording"}
    assert retired == 1
    assert choose_questions(pool[:1], [], 9, {"What is f1?"}) == ([], 1)


def test_of_many_lessons_some_are_asked_again_and_others_the_next_time() -> None:
    lessons = [replace(LESSON, group=f"g{number}") for number in range(300)]
    first, second = choose_lessons(lessons, 40, 1), choose_lessons(lessons, 40, 2)
    assert len({one.group for one in first}) == 40
    assert first != second
    assert choose_lessons(lessons[:7], 40, 1) == lessons[:7]
