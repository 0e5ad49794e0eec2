"""Rude words are found in disguise, and what support texts say is not taken for rude."""

import pytest

from retrain.data.filters import OTHER_LANGUAGE, RUDE, TOO_LONG, find_fault, find_rude, load_rude_words
from retrain.examples import Example
from retrieval.passage import Evidence
from tests.retrain.feedback_rows import LINES, build_evidence, build_passages, build_prompt


@pytest.mark.parametrize("text", ["You idiot!", "you 1diot", "Such ID!OTS", "what a m0ron...", "that is bull$hit"])
def test_insults_are_found_also_in_disguise(text: str) -> None:
    assert find_rude(text)


@pytest.mark.parametrize(
    "text",
    [
        "Turn the stopcock clockwise.",
        "Press A55 to assess the class.",
        "Fit the dummy plug of the S3x-110.",
        "Scunthorpe, 10!",
    ],
)
def test_what_manuals_say_is_not_rude(text: str) -> None:
    assert find_rude(text) == set()


def test_the_list_holds_words_in_small_letters_only() -> None:
    words = load_rude_words()
    assert len(words) > 50
    assert all(word.isalpha() and word == word.casefold() for word in words)


@pytest.mark.parametrize("evidence", [build_evidence(LINES), build_passages(LINES)])
def test_a_row_is_held_against_the_documents_in_its_prompt(evidence: Evidence) -> None:
    def find(question: str, target: str) -> str:
        return find_fault(Example(build_prompt(question, evidence), target, "like", 1.0, "g"))

    assert find("How long?", "Charging takes 90 minutes.") == ""
    assert find("How long?", "Das Laden des Roboters dauert ungefähr neunzig Minuten.") == OTHER_LANGUAGE
    assert find("How long? " * 600, "Charging takes 90 minutes.") == TOO_LONG
    assert find("How long?", "Ask no idiot.") == RUDE
