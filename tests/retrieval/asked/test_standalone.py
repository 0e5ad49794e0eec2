"""Follow-up questions made to stand on their own."""

import pytest

from retrieval.asked.standalone import resolve_follow_up
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
    standalone = resolve_follow_up(question, THREAD).question
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
    assert resolve_follow_up(question, THREAD).question == question


def test_without_a_thread_nothing_changes() -> None:
    assert resolve_follow_up("and the Pro?", []).question == "and the Pro?"


def test_the_last_name_is_what_it_means() -> None:
    thread = [*THREAD, Turn("user", "And how wide does the Otter L clean?"), Turn("assistant", "55 cm.")]
    assert "Otter L" in resolve_follow_up("does it have lights?", thread).question


def test_a_chain_of_follow_ups_keeps_the_first_question() -> None:
    thread = [*THREAD, Turn("user", "and the Pro?"), Turn("assistant", "150 minutes.")]
    standalone = resolve_follow_up("and the Pebble 3?", thread).question
    assert "battery" in standalone
    assert "Pebble 3" in standalone


def test_names_are_capitalised_runs_with_their_numbers() -> None:
    assert find_names("Is the Moss 2 Pro louder than the Heron 1?") == ["Moss 2 Pro", "Heron 1"]
    assert find_names("Robots are nice. Thanks") == []


@pytest.mark.parametrize(
    ("before", "follow_up", "whole"),
    [
        (
            "How long does the Moss 2 run on one charge?",
            "And the Moss 2 Pro?",
            "How long does the Moss 2 Pro run on one charge?",
        ),
        ("How long does the Moss 2 run?", "and the Pro?", "How long does the Moss 2 Pro run?"),
        ("What does the Moss 2 weigh?", "and the Heron 1?", "What does the Heron 1 weigh?"),
        ("What does F-310 mean?", "what about F-301?", "What does F-301 mean?"),
        ("Do you deliver to Sweden?", "and to Norway?", "Do you deliver to Norway?"),
        ("What was new in version 3.4.1?", "and in 3.5.0?", "What was new in version 3.5.0?"),
        ("how heavy is the moss 2?", "and the moss 3?", "how heavy is the moss 3?"),
        ("How much is the F-310?", "And what does the F-301 cost?", "what does the F-301 cost?"),
    ],
)
def test_a_follow_up_that_names_another_thing_asks_about_that(before: str, follow_up: str, whole: str) -> None:
    titles = ["Moss 2", "Moss 2 Pro"]
    assert (
        resolve_follow_up(follow_up, [Turn("user", before), Turn("assistant", "Yes.")], lambda: titles).question
        == whole
    )


def test_a_follow_up_with_a_verb_of_its_own_asks_something_else_of_the_same_thing() -> None:
    standalone = resolve_follow_up("And how long does it take to charge?", THREAD).question
    assert "charge" in standalone
    assert "Moss 2" in standalone
    assert "last" not in standalone
