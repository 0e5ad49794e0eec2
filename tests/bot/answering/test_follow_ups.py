"""Whom a message in an answered thread is meant for, by who spoke last and how it is put."""

from datetime import UTC, datetime

import pytest

from bot.answering.follow_ups import Talk, is_for_chip
from feedback.conversation import Message

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def talk(*speakers: str) -> Talk:
    """Return a thread in which these spoke, oldest first; Cleo asked."""
    turns = [
        Message("T", "C", "1.0", f"1.{n}", who, "assistant" if who == "Chip" else "user", "…", NOW)
        for n, who in enumerate(speakers)
    ]
    return Talk(turns, {"Cleo"}, {"Cleo Bright", "Sam"})


ANSWERED, DISCUSSED = talk("Cleo", "Chip"), talk("Cleo", "Chip", "Sam")


@pytest.mark.parametrize(
    ("text", "person", "thread", "expected"),
    [
        ("My order is 4711", "Cleo", ANSWERED, True),
        ("And the other one?", "Cleo", ANSWERED, True),
        ("sam, can that be?", "Cleo", ANSWERED, False),
        ("Bright, is that so?", "Sam", ANSWERED, False),
        ("Nadia, can you take this?", "Cleo", ANSWERED, False),
        ("@nadia look at this", "Cleo", ANSWERED, False),
        ("Batteries, how long do they last?", "Cleo", ANSWERED, True),
        ("Chip, are you sure?", "Sam", DISCUSSED, True),
        ("How long does it charge?", "Sam", ANSWERED, True),
        ("What is your number?", "Sam", ANSWERED, False),
        ("I have one too.", "Sam", ANSWERED, False),
        ("How long does it charge?", "Sam", DISCUSSED, False),
        ("It is in the shed.", "Cleo", DISCUSSED, False),
        ("Do you need a picture?", "Cleo", DISCUSSED, False),
        ("How long does it charge?", "Cleo", DISCUSSED, True),
        ("How long does it charge?", "Cleo", talk("Sam", "Cleo"), False),
    ],
)
def test_a_message_is_for_chip_or_for_the_people(text: str, person: str, thread: Talk, expected: bool) -> None:
    assert is_for_chip(text, person, thread) is expected
