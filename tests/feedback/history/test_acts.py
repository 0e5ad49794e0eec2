"""What a message does in a conversation, in wordings that no data set of the benchmarks holds."""

import pytest

from feedback.history.acts import asks_back, is_holding
from feedback.history.mail_text import strip_mail
from feedback.history.pairs import points_back


@pytest.mark.parametrize(
    "text",
    [
        "In which building?",
        "For what model",
        "Now you have to tell us the serial number",
        "Sure. I'd be glad to help you set it up. Which firmware does it run?",
        "Confirm please: a new filter for the K-4.",
    ],
)
def test_an_answer_that_only_wants_details_is_none(text: str) -> None:
    assert asks_back(text)


@pytest.mark.parametrize(
    "text",
    [
        "In which case it is free.",
        "You have to tell the desk first, then the door opens.",
        "At what time it opens depends on the season.",
        "I'm glad to help: press reset for five seconds.",
    ],
)
def test_an_answer_that_says_something_is_one(text: str) -> None:
    assert not asks_back(text)


@pytest.mark.parametrize(
    ("text", "is_put_off"),
    [
        ("Hold the power button for ten seconds.", False),
        ("Hold down reset until the light blinks.", False),
        ("Wait for the green light, then press start.", False),
        ("Please wait until the tank is empty.", False),
        ("Hold on.", True),
        ("Please hold the line.", True),
        ("Sure, please hold while I ask the workshop.", True),
        ("Wait a moment please.", True),
        ("Please wait.", True),
        ("Please wait 2 minutes while I look it up.", True),
        ("Hold 5 seconds, then let go.", False),
    ],
)
def test_an_instruction_to_hold_or_wait_for_something_is_an_answer(text: str, is_put_off: bool) -> None:
    assert is_holding(text) is is_put_off


@pytest.mark.parametrize(
    ("question", "follows"),
    [
        ("I'd take the cheapest one. What does shipping cost?", True),
        ("I don't. Which do you suggest for a small garden?", True),
        ("Do you have anything else with a heater?", True),
        ("I do not see the menu on my K-2. What now?", False),
        ("Where is the one-way valve of the K-2?", False),
    ],
)
def test_a_question_that_needs_what_was_said_before_is_told_apart(question: str, follows: bool) -> None:
    assert points_back(question) is follows


def test_a_line_that_begins_with_thanks_is_no_signature() -> None:
    quoted = "\n\nOn Mon, 05 Jan 2026 at 08:00, Anna wrote:\n> Try the reset button."
    assert strip_mail(f"Thanks, I also need a new filter.\n\nBest,\nTom{quoted}") == "Thanks, I also need a new filter."
