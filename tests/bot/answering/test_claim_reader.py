"""Sentences come out whole, with their citation, however the model's text is cut into pieces."""

import pytest

from bot.answering.claim_reader import ClaimReader
from retrieval.passage_reader import Sentence


def read(text: str, size: int) -> list[Sentence]:
    reader = ClaimReader()
    sentences = [s for start in range(0, len(text), size) for s in reader.feed(text[start : start + size])]
    return sentences + reader.finish()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_each_sentence_carries_the_number_before_it_whatever_the_pieces(size: int) -> None:
    text = "[1] The Fern runs 90 minutes. It weighs 8.2 kg. [3] It cannot fly.\nAsk us."
    assert [(s.text, s.number) for s in read(text, size)] == [
        ("The Fern runs 90 minutes.", 1),
        ("It weighs 8.2 kg.", 1),
        ("It cannot fly.", 3),
        ("Ask us.", 3),
    ]


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_text_without_a_marker_cites_nothing_and_is_not_lost(size: int) -> None:
    assert read("Hello! You are welcome", size) == [
        Sentence("Hello!", "", None),
        Sentence("You are welcome", " ", None),
    ]


def test_a_sentence_is_handed_out_before_the_next_one_is_finished() -> None:
    reader = ClaimReader()
    assert reader.feed("[1] It runs 90 minutes") == []
    assert reader.feed(". And") == [Sentence("It runs 90 minutes.", "", 1)]


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_brackets_that_are_no_marker_stay_in_the_text(size: int) -> None:
    assert (
        "".join(s.before + s.text for s in read("See a[i] and [note]. Done [", size)) == "See a[i] and [note]. Done ["
    )


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_number_of_a_list_item_belongs_to_its_sentence(size: int) -> None:
    assert [s.text for s in read("[1] 1. Press stop. 2. Lift it.", size)] == ["1. Press stop.", "2. Lift it."]


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize(
    "text",
    [
        "Steps:\n\n- stop\n- lift\n\nThen wait.",
        "| a | b |\n|---|---|\n| 1 | 2 |\n| 1 | 2 |",
        "Run this:\n```sh\nchip run\n  --now\n```\nThat is all.",
    ],
)
def test_lines_stay_lines(text: str, size: int) -> None:
    assert "".join(sentence.before + sentence.text for sentence in read(text, size)) == text


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_code_is_neither_cut_nor_read_for_markers(size: int) -> None:
    said = "[2] Read `args[0]. x` it`s so. Then:\n[1] ```py\nrow[1] = a. b\n```\nDone. [3] End."
    assert [(s.before + s.text, s.number) for s in read(said, size)] == [
        ("Read `args[0]. x` it`s so.", 2),
        (" Then:", 2),
        ("\n```py", 1),
        ("\nrow[1] = a. b", 1),
        ("\n```", 1),
        ("\nDone.", 1),
        ("End.", 3),
    ]
