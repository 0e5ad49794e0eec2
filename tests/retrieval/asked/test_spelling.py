"""Misspelt words are mended to what the documents hold; codes, names of others and other languages stay."""

import pytest

from retrieval.asked.spelling import mend_spelling
from retrieval.english.terms import tokenise

HELD = frozenset(
    tokenise(
        "The Bora 20 mixer; warranty, filter and lids. Marina Hansen repairs it in Lund. Order. College, unlink, fleet."
    )
)


def knows(word: str) -> bool:
    return all(term in HELD for term in tokenise(word))


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("Waht does the Broa 20 cots?", "What does the Bora 20 cost?"),
        ("how mutch is the fliter of the bora 20", "how much is the filter of the bora 20"),
        ("Is the warrenty of the Borra 20 long?", "Is the warranty of the Bora 20 long?"),
        ("how much is the flet plan", "how much is the fleet plan"),
        ("Whats a mixr", "What's a mixer"),
        ("what is the adres of the filter shop", "what is the address of the filter shop"),
        ("I cant order it and it doesnt wokr", "I can't order it and it doesn't work"),
        ("the filtter of my collegue is hevy", "the filter of my colleague is heavy"),
    ],
)
def test_a_slip_of_the_pen_is_mended(asked: str, meant: str) -> None:
    assert mend_spelling(asked, knows) == meant


@pytest.mark.parametrize(
    "asked",
    [
        "What does the Bora 20 cost?",
        "How do I set up Keycloak with oauth?",
        "What does F-310 mean? And the BORR?",
        "Is it lit by an LCD panel?",
        "Is the uplink slow?",
        "My cousin Karin asks for the price",
        "Was kostet der Filtr für den Mixer, und wie lange hält er?",
        "Combien coûte le filtre du mixeur ?",
    ],
)
def test_other_words_stay_as_they_are(asked: str) -> None:
    assert mend_spelling(asked, knows) == asked
