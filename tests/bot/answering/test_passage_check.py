"""A base that reads passages is shown as far as they support it; exact values must stand in them."""

import pytest

from bot.answering.passage_check import PassageCheck
from bot.answering.shown_answer import ShownAnswer, read_sentences
from retrieval.passage import EvidenceLine
from retrieval.prompt import REFUSAL

PUMP = EvidenceLine(
    1,
    "The pump runs for 90 minutes on one charge. It needs no foot valve.\nTo open it:\n```bash\npumpctl open\n```",
    "Tarn 40 › Use",
    "p1",
)
RETURNS = EvidenceLine(2, "Goods can be returned within 30 days. Send them to the depot in Bergen.", "Returns", "p2")
CHECK = PassageCheck([PUMP, RETURNS])


def check(text: str, cited: EvidenceLine | None = None) -> tuple[bool, int | None]:
    checked = CHECK.check(text, cited, "", ())
    return checked.text is not None, checked.line.number if checked.line else None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("The pump runs for 90 minutes on one charge.", 1),
        ("It runs for 90 minutes.", 1),
        ("Yes, goods can be returned within 30 days.", 2),
        ("```bash\npumpctl open\n```", 1),
    ],
)
def test_what_a_passage_says_is_shown_with_that_passage(text: str, number: int) -> None:
    assert check(text, RETURNS) == (True, number)
    assert check(text) == (True, number)


@pytest.mark.parametrize(
    "text",
    [
        "The pump runs for 95 minutes on one charge.",
        "It is a robot that is designed to help people in need.",
        "Goods can be returned within 30 days with the code RET-4.",
        "```bash\npumpctl close\n```",
        "```\n```",
        "You can change the colour of your account in the settings.",
    ],
)
def test_what_no_passage_says_is_withheld_whatever_it_cites(text: str) -> None:
    assert check(text, PUMP) == (False, None)
    assert check(text) == (False, None)


@pytest.mark.parametrize("text", [REFUSAL, "Hello! What can I help you with?"])
def test_courtesies_and_refusals_need_no_passage(text: str) -> None:
    assert check(text) == (True, None)


def test_a_lesson_needs_no_passage() -> None:
    lesson = "The kit comes in blue and weighs nothing."
    assert CHECK.check(lesson, None, "", [lesson]).text == lesson


def test_a_lesson_that_a_passage_holds_names_it() -> None:
    lesson = "Goods can be returned within 30 days."
    assert CHECK.check(lesson, None, "", [lesson]).line == RETURNS


def show(text: str) -> ShownAnswer:
    shown = ShownAnswer([PUMP, RETURNS], reads_passages=True)
    for sentence in read_sentences([text], cites_after=True):
        shown.add(sentence, milliseconds=lambda: 1.0)
    return shown


def test_a_passage_is_cited_once_for_what_follows_each_other() -> None:
    shown = show("It runs for 90 minutes. [1] It needs no foot valve. [1] Send them to the depot in Bergen. [2]")
    assert shown.text == "It runs for 90 minutes. It needs no foot valve. Send them to the depot in Bergen."
    assert [line.number for line in shown.cited] == [1, 2]


def test_a_lead_in_is_shown_with_what_it_leads_to_and_not_alone() -> None:
    assert show("To open it:\n```bash\npumpctl open\n```\n").text == "To open it:\n```bash\npumpctl open\n```"
    alone = show("To open it:\n```bash\npumpctl close\n```\n")
    assert alone.text == ""
    assert alone.withheld == 1
