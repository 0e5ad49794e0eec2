"""Follow-up questions made to stand on their own."""

import pytest

from retrieval.asked.standalone import standalone_question
from retrieval.english.names import find_names
from retrieval.passage import Turn

THREAD = [
    Turn("user", "How long does the battery of the Moss 2 last?"),
    Turn("assistant", "The Moss 2 runs for 90 minutes on a full charge."),
]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("and the Pro?", ["battery", "Pro"]),
        ("what about the Pebble 3?", ["battery", "Pebble 3"]),
        ("how much does it weigh?", ["weigh", "Moss 2"]),
        ("Is that covered by the warranty?", ["warranty", "Moss 2"]),
        ("in winter?", ["battery", "winter"]),
    ],
)
def test_a_follow_up_gets_what_it_is_about(question: str, words: list[str]) -> None:
    standalone = standalone_question(question, THREAD)
    assert all(word in standalone for word in words)


@pytest.mark.parametrize(
    "question",
    [
        "How much does the Pebble 3 weigh?",
        "Where can I download an invoice?",
        "Does the Heron 1 keep its recordings on the device?",
        "",
        "How do I return a robot?",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert standalone_question(question, THREAD) == question


def test_without_a_thread_nothing_changes() -> None:
    assert standalone_question("and the Pro?", []) == "and the Pro?"


def test_the_last_name_is_what_it_means() -> None:
    thread = [*THREAD, Turn("user", "And how wide does the Otter L clean?"), Turn("assistant", "55 cm.")]
    assert "Otter L" in standalone_question("does it have lights?", thread)


def test_a_chain_of_follow_ups_keeps_the_first_question() -> None:
    thread = [*THREAD, Turn("user", "and the Pro?"), Turn("assistant", "150 minutes.")]
    standalone = standalone_question("and the Pebble 3?", thread)
    assert "battery" in standalone
    assert "Pebble 3" in standalone


def test_names_are_capitalised_runs_with_their_numbers() -> None:
    assert find_names("Is the Moss 2 Pro louder than the Heron 1?") == ["Moss 2 Pro", "Heron 1"]
    assert find_names("Robots are nice. Thanks") == []
