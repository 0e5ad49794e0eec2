"""Rude words are found in disguise, and what support texts say is not taken for rude."""

import pytest

from retrain.data.filters import find_rude, load_rude_words


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
