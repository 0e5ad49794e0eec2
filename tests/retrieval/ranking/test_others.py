"""What is asked of one thing is not answered with its neighbour, nor with what the question's own terms rule out."""

import pytest

from retrieval.english.identifiers import Identifier, Kind, find_codes, find_identifiers
from retrieval.ranking.bounds import find_ruled_out
from retrieval.ranking.direct import find_direct
from retrieval.ranking.features import Candidate
from retrieval.ranking.others import find_others, write_as_lines

LINES = [
    Candidate("Mixers › Bora 20", "The Bora 20 is not dishwasher safe."),
    Candidate("Mixers › Bora 20 Plus", "It may go into the dishwasher."),
    Candidate("Mixers › Bora 35", "The Bora 35 weighs 4 kg."),
    Candidate("Codes", "Code: F-310; Meaning: the lid is open"),
    Candidate("Codes", "Code: F-301; Meaning: the motor is hot"),
    Candidate("Parts", "Article: 6610-A; Price: 7 dollars"),
    Candidate("Releases › Version 3.4.1", "Mends a crash."),
    Candidate("Cleaning", "Wipe it with a wet cloth."),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("F-310 is shown", {Identifier(Kind.CODE, ("f", "310"))}),
        ("Price of 6610-A?", {Identifier(Kind.CODE, ("6610", "a"))}),
        ("new in v3.4.1", {Identifier(Kind.VERSION, ("3.4.1",))}),
        ("Is the Bora 20 Plus quiet?", {Identifier(Kind.MODEL, ("bora", "20", "plus"))}),
        ("Does the Ria Desk M fold?", {Identifier(Kind.MODEL, ("ria", "desk", "m"))}),
        ("the log says DRV_0042", {Identifier(Kind.CODE, ("drv", "0042"))}),
        ("0x80070005 again", {Identifier(Kind.CODE, ("0", "x", "80070005"))}),
        ("we get error code 1045", {Identifier(Kind.CODE, ("1045",))}),
        ("部品番号A7の交換", {Identifier(Kind.CODE, ("a", "7"))}),
        ("24-hour service in 12 months, 3rd floor", set()),
    ],
)
def test_identifiers_are_codes_versions_and_models(text: str, expected: set[Identifier]) -> None:
    assert find_identifiers(text) == expected


@pytest.mark.parametrize(
    ("question", "others"),
    [
        ("Is the Bora 20 dishwasher safe?", [1, 2]),
        ("is the bora 20 plus dishwasher safe", [0]),
        ("What does F310 mean?", [4, 5]),
        ("What does F 310 mean?", [4, 5]),
        ("How do I clean it?", []),
    ],
)
def test_lines_about_a_sibling_are_told(question: str, others: list[int]) -> None:
    found = find_others(question, LINES)
    assert [number for number, is_other in enumerate(found.lines) if is_other] == others
    assert not found.is_unknown


@pytest.mark.parametrize(
    "question",
    [
        "What is error 77?",
        "What is DRV_0043?",
        "How heavy is the Bora 50?",
        "bora 50 weight",
        "Price of 6610-C?",
        "What is F-999?",
        "New in 3.5.0?",
    ],
)
def test_what_no_line_holds_is_unknown(question: str) -> None:
    assert find_others(question, LINES).is_unknown


def test_a_model_of_a_family_that_the_documents_do_not_know_is_nobodys_sibling() -> None:
    assert not find_others("Does the app run on my Nexus 9?", LINES).is_unknown


def test_a_bare_number_is_the_one_code_that_ends_so() -> None:
    found = find_others("what is error 310", LINES)
    assert [number for number, is_other in enumerate(found.lines) if is_other] == [4, 5]
    assert not found.is_unknown


def test_small_words_before_a_number_are_no_code() -> None:
    lines = [Candidate("Sizes", "The A3 is a poster."), Candidate("Sizes", "The A4 is a letter.")]
    assert not find_others("Is there a 3 year warranty?", lines).lines.any()


def test_a_code_is_written_as_the_lines_write_it() -> None:
    lines = [Candidate("Parts", "Article: X1-20; Price: 7"), Candidate("Parts", "Article: X1-200; Price: 9")]
    assert write_as_lines("What does X1 20 cost?", lines) == "What does X1-20 cost?"
    assert write_as_lines("What does x1_20 cost?", lines) == "What does x1_20 cost?"
    assert find_codes("x1_20, X1-20, X120") == {"x120"}


@pytest.mark.parametrize(
    ("question", "direct"),
    [
        ("How much is the 6610-A?", [0]),
        ("What does 6610-A cost?", [0]),
        ("What does it cost to repair the 6610-A?", []),
        ("How heavy is the 6610-A?", []),
        ("What does F-310 mean?", [2]),
        ("How much is it?", []),
    ],
)
def test_a_row_that_says_what_is_asked_of_exactly_one_thing_is_direct(question: str, direct: list[int]) -> None:
    rows = [
        Candidate("Parts", "Part: Belt; Article: 6610-A; Price: 7 dollars"),
        Candidate("Parts", "Part: Belt, wide; Article: 6610-B; Price: 9 dollars"),
        Candidate("Codes", "Code: F-310; Meaning: the lid is open"),
    ]
    assert [number for number, is_direct in enumerate(find_direct(question, rows)) if is_direct] == direct


@pytest.mark.parametrize(
    ("question", "ruled_out"),
    [
        ("Which rental costs less than 20 dollars?", [1]),
        ("Is there anything over 20 dollars?", [0]),
        ("Which rental costs less than 5 dollars?", [0, 1]),
        ("Which rental is the cheapest?", [1]),
        ("Which rental takes less than 2 hours?", []),
        ("What does a rental cost?", []),
    ],
)
def test_what_is_beyond_a_limit_or_not_the_extreme_is_ruled_out(question: str, ruled_out: list[int]) -> None:
    rows = [
        Candidate("Rentals", "Rental: Mini; Price: 9 dollars"),
        Candidate("Rentals", "Rental: Maxi; Price: 40 dollars"),
        Candidate("Shipping", "Orders below 50 dollars are shipped by mail."),
    ]
    assert [number for number, is_out in enumerate(find_ruled_out(question, rows)) if is_out] == ruled_out


def test_what_a_line_denies_is_ruled_out_only_where_its_page_affirms_it_of_another() -> None:
    lines = [
        Candidate("Approvals", "The Bora 20 is approved for boats."),
        Candidate("Approvals", "The Bora 35 is not approved for boats."),
        Candidate("Approvals", "No approval for boats is needed on a lake."),
        Candidate("Warranty", "Boats are not covered."),
    ]
    assert list(find_ruled_out("Which mixers are approved for boats?", lines)) == [False, True, False, False]
    assert list(find_ruled_out("Which mixers are not approved for boats?", lines)) == [True, False, False, False]
    assert not find_ruled_out("Is the Bora 35 approved for boats?", lines).any()


def test_what_holds_for_later_ones_too_is_not_ruled_out() -> None:
    lines = [Candidate("App", "The app needs Version 3.2.0 or later.")]
    assert not find_others("Does it run with 3.4.1?", lines).lines.any()


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        ("Which tariff covers 7 desks?", [1]),
        ("We have 2 desks, which tariff fits?", [0]),
        ("We have 90 desks, which tariff fits?", []),
        ("Which tariff is the cheapest?", [0]),
        ("Which tariff is the most expensive?", [2]),
        ("Which tariff answers fastest?", [2]),
    ],
)
def test_bounds_and_extremes_decide_among_rows(question: str, kept: list[int]) -> None:
    rows = [
        Candidate("Tariffs", "Tariff: One; Desks: up to 4 desks; Answer: 3 days; Price: 20 dollars"),
        Candidate("Tariffs", "Tariff: Two; Desks: up to 9 desks; Answer: 2 days; Price: 50 dollars"),
        Candidate("Tariffs", "Tariff: Ten; Desks: up to 80 desks; Answer: 6 hours; Price: 300 dollars"),
    ]
    assert [number for number, is_out in enumerate(find_ruled_out(question, rows)) if not is_out] == kept


def test_who_asks_which_do_not_gets_no_line_that_denies_nothing() -> None:
    lines = [Candidate("Shops", "Repairs bicycles."), Candidate("Shops", "Repairs no bicycles.")]
    assert list(find_ruled_out("Which shop does not repair bicycles?", lines)) == [True, False]
    assert not find_ruled_out("What happens if I do not pay?", lines).any()
    beside = [
        Candidate("Mixers", "The mixer is washable and needs no oil."),
        Candidate("M", "It is small, not washable."),
    ]
    assert list(find_ruled_out("Which mixers are not washable?", beside)) == [True, False]


def test_the_latest_version_is_the_highest_by_its_numbers() -> None:
    lines = [Candidate(f"News › Version {version}", "Adds something.") for version in ("3.9.0", "3.10.0", "3.8.4")]
    assert list(find_ruled_out("What is the latest version?", lines)) == [True, False, True]
