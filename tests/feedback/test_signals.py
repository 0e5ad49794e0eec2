"""What counts as asking again."""

import pytest

from feedback.signals import are_alike


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
