"""A sentence is held against the evidence before anybody sees it."""

import pytest

from models.recipes.chip_nano.smalltalk import (
    CARE,
    GOODBYE,
    GREETING,
    OKAY,
    PERSON,
    PERSONAL,
    PRAISE,
    SORRY,
    THANKS,
    WELL,
    WHO,
)
from retrieval.english.dates import find_dates
from retrieval.english.sentences import split_sentences
from retrieval.factcheck.check import Support, check_claim, is_courtesy, judge_claim
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
    assert judgement.verdict is Support.CONTRADICTED
    assert judgement.reason == reason


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("The offer ends on 4 May 2024.", "The offer ends on 4 June 2024.", "date"),
        ("The offer ends on 4 May 2024.", "The offer ends on 5 May 2024.", "date"),
        ("The update came on 2026-01-31.", "The update came on 2026-02-28.", "date"),
        ("The sale begins in March.", "The sale begins in April.", "date"),
        ("In May a repair takes ten days.", "In July a repair takes ten days.", "date"),
        ("The office is closed on Monday.", "The office is closed on Tuesday.", "weekday"),
        ("The shop is open from Monday to Saturday.", "The shop is open from Monday to Friday.", "weekday"),
        ("Orders must be placed before 13:00.", "Orders must be placed after 13:00.", "before or after"),
        ("After the cleaning, remove the mop.", "Before cleaning, remove the mop.", "before or after"),
        ("Orders must be placed before 13:00.", "Orders must be placed before 14:00.", "number"),
        ("The shop opens at 8 am.", "The shop opens at 8 pm.", "number"),
    ],
)
def test_another_date_month_weekday_or_time_of_day_is_contradicted(text: str, line: str, reason: str) -> None:
    judgement = judge_claim(text, [EvidenceLine(1, line, "The shop", "a")])
    assert (judgement.verdict, judgement.reason) == (Support.CONTRADICTED, reason)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("The offer ends on 4 May 2024.", "The offer ends on 2024-05-04."),
        ("The offer ends on May 4, 2024.", "The offer ends on 4 May 2024."),
        ("The offer ends on 4 May 2024.", "The offer ends on May 4th, 2024."),
        ("The offer ends in May 2024.", "The offer ends on 4 May 2024."),
        ("The offer holds on 4 May.", "The offer holds on 4 and 5 May 2024."),
        ("The shop is open in July.", "The shop is open from May to August."),
        ("The shop is open on Wednesday.", "The shop is open Mon-Fri."),
        ("The shop is open on weekdays.", "The shop is open from Monday to Friday."),
        ("Robots may march on 4 May.", "Robots may march on 4 May."),
        ("You may use the shop in April.", "You may use the shop in April."),
        ("Clean it after use.", "Clean it before and after use."),
        ("The shop opens at 13:00.", "The shop opens at 1 pm."),
    ],
)
def test_the_same_time_written_otherwise_is_no_conflict(text: str, line: str) -> None:
    assert judge_claim(text, [EvidenceLine(1, line, "The shop", "a")]).reason in ("", "words", "garbled")


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("You may 4 times; the 2 may weigh more. May I? March on!", []),
        ("In May and in March", [5, 3]),
        ("from November to February", [11, 12, 1, 2]),
        ("2024-13-04 and TW-2024-05-04", []),
    ],
)
def test_a_verb_and_a_number_are_no_month(text: str, months: list[int]) -> None:
    assert [date.month for date in find_dates(text)] == months


def test_a_year_that_the_line_does_not_give_is_not_supported() -> None:
    lines = [EvidenceLine(1, "The offer ends on 4 May.", "The shop", "a")]
    assert judge_claim("The offer ends on 4 May 2024.", lines).verdict is not Support.SUPPORTED


def test_the_figure_of_another_model_is_not_supported() -> None:
    assert judge_claim("The Fern 4 runs for 65 minutes on a full charge.", LINES).verdict is not Support.SUPPORTED
    assert judge_claim("The Fern 4 Plus runs for 40 minutes on a full charge.", LINES).verdict is not Support.SUPPORTED


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
    said = [PERSON, GREETING, THANKS, GOODBYE, SORRY, PRAISE, WHO, WELL, OKAY, PERSONAL, CARE]
    for text in (sentence for answer in said for sentence in split_sentences(answer)):
        assert is_courtesy(text), text
    for text in ("I don't know.", "Happy to help!", "Let me know if you have any more questions.", "Good night!"):
        assert is_courtesy(text), text
    for text in (
        "Thanks to its 40 minutes it reaches every corner.",
        "The Fern 4 can fly.",
        "Sorry, the Fern 4 is dead.",
        "Thanks to its wings the mower can fly.",
        "Sorry, all robots are waterproof and can swim.",
        "Happy to help: the blade may be washed.",
    ):
        assert not is_courtesy(text), text
