"""Questions and answers in general words: who asks and whom it is about is left out, what is asked stays."""

import pytest

from bot.learning.general import find_placeholder, generalise
from feedback.privacy import Masker, group_names


@pytest.mark.parametrize(
    ("question", "general"),
    [
        ("Hi Otto, how do I reset the lid?", "How do I reset the lid?"),
        ("My name is Ivy Underwood. How do I reset the lid?", "How do I reset the lid?"),
        ("Where is my parcel (order number 88-12345)? Thanks, Ivy", "Where is my parcel"),
        ("Can Otto exchange the lid?", "Can somebody exchange the lid?"),
        ("How long is the warranty?", "How long is the warranty?"),
        ("Does it run on 230 V?", "Does it run on 230 V?"),
    ],
)
def test_a_question_loses_who_asks(question: str, general: str) -> None:
    asked, _ = generalise(question, "Yes.", Masker(group_names(["Otto Weber", "Ivy Underwood"])))
    assert asked.startswith(general)
    assert find_placeholder(asked) is None
    assert "Ivy" not in asked
    assert "Otto" not in asked


@pytest.mark.parametrize(
    ("answer", "general"),
    [
        ("Hi Ivy, turn it to the left.", "Turn it to the left."),
        ("Ivy, turn it to the left.\nOtto", "Turn it to the left."),
        ("Turn it to the left. Is there anything else I can help with?", "Turn it to the left."),
    ],
)
def test_an_answer_loses_whom_it_is_for(answer: str, general: str) -> None:
    _, said = generalise("How?", answer, Masker(group_names(["Otto Weber", "Ivy Underwood"])))
    assert said == general


def test_what_an_answer_cannot_do_without_stays_as_a_placeholder() -> None:
    _, said = generalise("Who helps?", "Ask Otto, at otto@example.org.", Masker(group_names(["Otto Weber"])))
    assert find_placeholder(said) == "[name 1]"
    assert "otto" not in said.casefold()


def test_what_the_documents_quote_stays() -> None:
    _, said = generalise("Who helps?", "Write to help@tansy.example.", Masker(), quoted="Write to help@tansy.example.")
    assert said == "Write to help@tansy.example."
