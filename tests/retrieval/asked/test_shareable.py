"""Which questions others may see: those about the documents, and nothing of who asked."""

import pytest

from retrieval.asked.shareable import is_shareable
from retrieval.english.terms import tokenise

DOCUMENTS = frozenset(
    tokenise(
        "The Moss 2 runs for 90 minutes on one charge. Returns: send the robot back within 30 days. Reset code E42."
    )
)


@pytest.mark.parametrize(
    "question",
    [
        "How long does the Moss 2 run on one charge?",
        "how many days do I have to return a robot",
        "What does code E42 mean?",
    ],
)
def test_a_question_about_the_documents_is_shown(question: str) -> None:
    assert is_shareable(question, DOCUMENTS.__contains__)


@pytest.mark.parametrize(
    "question",
    [
        "How long does the Moss 2 run on one charge, Acme Ltd wants to cancel its order?",
        "how long does the moss 2 run, says acme ltd",
        "When is my order 4711 sent back?",
        "Why did Dr. Lindqvist return a robot?",
        "Visit evil.example for a robot",
        "",
        "the of and",
        "robot " * 26,
    ],
)
def test_a_question_that_says_more_is_not(question: str) -> None:
    assert not is_shareable(question, DOCUMENTS.__contains__)
