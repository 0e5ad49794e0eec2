"""A sentence is held against the evidence before anybody sees it."""

import pytest

from retrieval.factcheck import Verdict, check_claim, is_courtesy, judge_claim
from retrieval.passage import EvidenceLine

LINES = (
    EvidenceLine(1, "The Fern 4 runs for 40 minutes on a full charge.", "Fern 4 trimmer › Specifications", "a"),
    EvidenceLine(
        2, "The Fern 4 Plus runs for 65 minutes on a full charge.", "Fern 4 Plus trimmer › Specifications", "b"
    ),
    EvidenceLine(3, "The blade must not be washed, because it rusts.", "Fern 4 trimmer › Care", "c"),
    EvidenceLine(4, "Error F12 means that the blade is stuck.", "Error codes of the Fern models", "d"),
    EvidenceLine(5, "The warranty for all trimmers lasts 4 years.", "Warranty", "e"),
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("The Fern 4 runs for 40 minutes on a full charge.", 1),
        ("The Fern 4 Plus runs for 65 minutes.", 2),
        ("Yes, your Fern 4 runs for 40 minutes on a full charge.", 1),
        ("The blade must not be washed.", 3),
        ("Error F12 means that the blade is stuck.", 4),
        ("The warranty lasts 4 years.", 5),
    ],
)
def test_what_a_line_says_is_supported_and_cites_that_line(text: str, number: int) -> None:
    for cited in (None, 1, 5):
        checked = check_claim(text, LINES, cited=cited)
        assert checked.text == text
        assert checked.line is not None
        assert checked.line.number == number


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The Fern 4 runs for 45 minutes on a full charge.", "number"),
        ("The Fern 4 runs for 40 hours on a full charge.", "unit"),
        ("The Fern 9 runs for 40 minutes on a full charge.", "name"),
        ("The blade must be washed, because it rusts.", "negation"),
        ("Error F13 means that the blade is stuck.", "code"),
        ("The warranty for all trimmers lasts 5 years.", "number"),
    ],
)
def test_a_sentence_that_differs_in_one_fact_is_contradicted_for_that_reason(text: str, reason: str) -> None:
    judgement = judge_claim(text, LINES)
    assert judgement.verdict is Verdict.CONTRADICTED
    assert judgement.reason == reason


def test_the_figure_of_another_model_is_not_supported() -> None:
    assert judge_claim("The Fern 4 runs for 65 minutes on a full charge.", LINES).verdict is not Verdict.SUPPORTED
    assert judge_claim("The Fern 4 Plus runs for 40 minutes on a full charge.", LINES).verdict is not Verdict.SUPPORTED


@pytest.mark.parametrize(
    "text", ["The Fern 4 can fly over the fence.", "Trimmers were invented by a famous painter.", "Yes.", "", "…", "🙂"]
)
def test_what_no_line_says_is_withheld(text: str) -> None:
    assert check_claim(text, LINES, cited=1).text is None


def test_a_garbled_copy_takes_the_words_of_the_line_that_it_cites() -> None:
    checked = check_claim("The Fern 4 runs for 4 minutes on a full charge.", LINES, cited=1)
    assert checked.text == LINES[0].text
    assert checked.line == LINES[0]
    assert checked.reason == "number"


@pytest.mark.parametrize(
    "text",
    [
        "The bladeade must not be washed, because it rus.",
        "The blade must not be washed and washed, because it rusts.",
        "The Monday must not be washed, because it rusts.",
    ],
)
def test_a_copy_that_stutters_or_has_a_word_that_is_none_takes_the_words_of_its_line(text: str) -> None:
    checked = check_claim(text, LINES, cited=3)
    assert (checked.text, checked.reason) == (LINES[2].text, "garbled")


def test_words_added_to_a_true_sentence_are_not_shown() -> None:
    checked = check_claim("The warranty for all trimmers lasts 4 years and covers theatre tickets.", LINES, cited=5)
    assert checked.text == LINES[4].text


def test_without_evidence_nothing_is_supported() -> None:
    assert judge_claim("The Fern 4 runs for 40 minutes.", ()).reason == "no evidence"


def test_courtesies_need_no_document_and_facts_are_no_courtesy() -> None:
    for text in ("Hello! What can I help you with?", "You're welcome! Is there anything else?", "I don't know."):
        assert is_courtesy(text)
    for text in (
        "Thanks to its 40 minutes it reaches every corner.",
        "The Fern 4 can fly.",
        "Sorry, the Fern 4 is dead.",
    ):
        assert not is_courtesy(text)
