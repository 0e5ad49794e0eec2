"""Which sentences deny, for every rule that asks."""

import re

import pytest

from retrieval.english.closed_words import NEGATION


@pytest.mark.parametrize(
    "text",
    ["None of the plans has it.", "Nobody may enter.", "Nothing is lost.", "It doesn’t float.", "It cannot swim."],
)
def test_a_sentence_with_such_a_word_denies(text: str) -> None:
    assert re.search(NEGATION, text, re.IGNORECASE)


@pytest.mark.parametrize("text", ["A note of it.", "It is notable.", "Norway has it.", "The cannon works."])
def test_a_word_that_only_begins_alike_denies_nothing(text: str) -> None:
    assert not re.search(NEGATION, text, re.IGNORECASE)
