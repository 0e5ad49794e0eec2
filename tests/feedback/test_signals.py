"""What counts as asking again and as asking for a person."""

import pytest

from feedback.signals import are_alike, wants_person


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("How long does the Tansy 4 run?", "how long will the tansy 4 run", True),
        ("How long does the Tansy 4 run?", "How long does the Tansy 5 run?", False),
        ("What does it cost?", "What does it weigh?", False),
        ("How is it?", "Where is it?", False),
        ("Can I return it?", "can i please return it??", True),
    ],
)
def test_questions_are_alike_by_their_telling_words(one: str, other: str, alike: bool) -> None:
    assert are_alike(one, other) is alike


@pytest.mark.parametrize(
    "text",
    [
        "I want to talk to a human",
        "can somebody connect me with an agent",
        "please get me a real person",
        "Let me speak to someone from support",
        "live agent!",
    ],
)
def test_a_wish_for_a_person_is_heard(text: str) -> None:
    assert wants_person(text)


@pytest.mark.parametrize("text", ["Can a person lift the robot?", "Is it safe for humans?", "What does an agent earn?"])
def test_a_question_about_people_is_no_wish_for_one(text: str) -> None:
    assert not wants_person(text)
