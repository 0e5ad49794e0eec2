"""Who a question is for changes nothing of what is searched."""

import pytest

from retrieval.asked.impersonal import make_impersonal

DOCUMENTS = frozenset(["moss", "pebble", "heron", "norway", "battery", "the", "a", "runs", "robin"])


def ask(question: str) -> str:
    return make_impersonal(question, DOCUMENTS.__contains__)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("My brother Connor asks how long his Moss runs.", "My aunt Mei Lin asks how long her Moss runs."),
        ("Priya has a Heron. Can she speak through it?", "O'Brien has a Heron. Can he speak through it?"),
        ("How much would it cost Fatima to send her Pebble?", "How much would it cost Alex to send their Pebble?"),
        ("Did Mr Jones get his refund?", "Did Ms Li get her refund?"),
        ("My daughter broke her Pebble.", "My son broke his Pebble."),
        ("How long does the delivery to her take?", "How long does the delivery to him take?"),
    ],
)
def test_two_askers_are_searched_for_alike(one: str, other: str) -> None:
    assert ask(one) == ask(other) != one


@pytest.mark.parametrize(
    "question",
    [
        "How long does the Moss 2 run?",
        "Replacing the blade: can they do it?",
        "Heron has error H02, should they fix it?",
        "The Pebble stopped. They said that it was mended.",
        "Is the USB Type C cable theirs?",
        "Can they deliver to Norway on Monday?",
        "Wie lange hält der Akku?",
        "",
        "🙂",
    ],
)
def test_what_names_no_stranger_stays_as_it_is(question: str) -> None:
    assert ask(question) == question


def test_a_name_that_the_documents_hold_is_theirs() -> None:
    assert ask("Is Robin there for him on Monday?") == "Is Robin there for them on Monday?"


def test_kin_without_a_name_stays_kin_without_a_gender() -> None:
    assert ask("My wife is pregnant, may she use the Heron?") == "My partner is pregnant, may they use the Heron?"
    assert ask("my mother-in-law cannot hear it") == "my parent-in-law cannot hear it"


def test_a_name_goes_and_what_it_owns_stays() -> None:
    assert (
        ask("my daughter Fatima's Pebble broke, can she return it?") == "somebody's Pebble broke, can they return it?"
    )
