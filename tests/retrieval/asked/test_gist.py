"""What a message asks is found in reports of codes, in pasted logs and in long stories."""

import pytest

from retrieval.asked.acronyms import expand_acronyms, find_long_form
from retrieval.asked.gist import find_gist
from retrieval.asked.listing import asks_what_chip_knows, find_kind


def knows(word: str) -> bool:
    return word.lower() in {"f", "310", "err", "77"}


@pytest.mark.parametrize(
    "message",
    [
        "The display shows F-310",
        "I get F-310.",
        "F-310 on my mixer, help",
        "f310 keeps coming up",
        "Help! Error F-310!!",
        "It stopped, F-310. What now?",
        "F-310",
        "\n".join(f"2026-03-0{n % 9 + 1} 10:00 INFO ready" for n in range(30))
        + "\n2026-03-09 10:01 ERROR F-310 raised",
    ],
)
def test_a_report_of_a_known_code_asks_what_it_means(message: str) -> None:
    assert find_gist(message, knows).lower().replace("-", "") == "what does f310 mean?"


@pytest.mark.parametrize(
    "message",
    ["How much is the F-310?", "price of 6610-B", "Thanks, bye", "I see Q-999", "It cost 300 dollars in 2019"],
)
def test_other_messages_stay_as_they_are(message: str) -> None:
    assert find_gist(message, knows) == message


def test_the_question_at_the_end_of_a_long_story_is_what_is_asked() -> None:
    story = "We bought the mixer in spring and were happy with it for many weeks. " * 8
    assert find_gist(f"{story}How long is the warranty?", knows) == "How long is the warranty?"


def test_an_acronym_is_told_in_full_where_a_title_spells_it_out() -> None:
    titles = ["Terms of delivery", "Rapid exchange programme"]
    told = expand_acronyms("What does REP cost?", lambda: titles, lambda _: None)
    assert told == "What does REP (Rapid exchange programme) cost?"
    assert expand_acronyms("What does USB cost?", lambda: titles, lambda _: None) == "What does USB cost?"


def test_an_acronym_is_told_in_full_where_a_sentence_spells_it_out() -> None:
    texts = ["The first response target is two hours.", "Ask for frost resistant tubes.", "A fast rail trip is fun."]
    assert find_long_form("FRT", texts) == "first response target"
    assert find_long_form("RT", texts) is None
    told = expand_acronyms("How long is the FRT?", list, lambda short: find_long_form(short, texts[:1]))
    assert told == "How long is the FRT (first response target)?"


def test_a_whole_kind_is_told_from_some_of_it() -> None:
    assert find_kind("Which mixers do you sell?") == find_kind("List all mixers") == {"mixer"}
    assert find_kind("Which mixers are quiet?") == frozenset()
    assert asks_what_chip_knows("What can you help me with?")
    assert not asks_what_chip_knows("What can I do about F-310?")


@pytest.mark.parametrize("message", ["型号T150的保修期是多久？", "部品番号A7の交換間隔は何か月ですか？"])
def test_a_question_in_another_script_reports_no_code(message: str) -> None:
    assert find_gist(message, lambda _: True) == message
