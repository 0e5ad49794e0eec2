"""A whole answer is told from none, from a fragment and from one that was cut off."""

import pytest

from retrain.judging.whole import is_whole


@pytest.mark.parametrize(
    "text",
    [
        "Charging takes 90 minutes.",
        "Yes.",
        "No",
        "Press these keys:\n\n- Stop\n- Start",
        "Run this:\n\n```\nchip run\n```",
        "| a | b |\n| 1 | 2 |",
        "It costs 5 euros (see below).",
        "1. Open the lid\n2. Press the button",
    ],
)
def test_what_a_person_takes_for_an_answer_is_whole(text: str) -> None:
    assert is_whole(text)


@pytest.mark.parametrize("text", ["", "  ", "The.", "It is", "The battery of the", "Charging takes 90 minutes. The"])
def test_nothing_a_fragment_and_what_was_cut_is_not(text: str) -> None:
    assert not is_whole(text)


def test_what_a_document_leaves_without_a_full_stop_is_whole() -> None:
    assert not is_whole("Weight: 3 kilograms")
    assert is_whole("Weight: 3 kilograms", ["Heron 1. Weight: 3  kilograms"])
    assert not is_whole("Weight: 3", ["Weight: 3 kilograms"])
