"""The same question in other words is found, and a different number is a different question."""

import numpy as np
import pytest

from retrain.data.duplicates import find_groups
from retrain.rewording import reword


@pytest.mark.parametrize(
    "other",
    [
        "how long does the Heron take to charge??",
        "Hi, how long does a Heron take to charge please",
        "Heron take charge long",
    ],
)
def test_rewordings_by_letters_are_one_group(other: str) -> None:
    groups = find_groups(["How long does the Heron take to charge?", other, "Where is the on switch?"])
    assert groups[0] == groups[1] != groups[2]


@pytest.mark.parametrize(
    ("one", "other"),
    [("What does error E42 mean?", "What does error E43 mean?"), ("Is the Heron 1 loud?", "Is the Heron 2 loud?")],
)
def test_another_number_is_another_question_by_letters_and_by_meaning(one: str, other: str) -> None:
    alike = np.ones((2, 1), np.float32)
    assert len(set(find_groups([one, other], alike).tolist())) == 2


def test_questions_of_one_meaning_are_one_group() -> None:
    vectors = np.array([[1.0, 0.0], [0.95, 0.312], [0.0, 1.0]], np.float32)
    groups = find_groups(["Where is my parcel?", "When will the package come?", "Can I pay by card?"], vectors)
    assert groups[0] == groups[1] != groups[2]


def test_nothing_to_compare() -> None:
    assert find_groups([]).tolist() == []


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("How do I clean the blade of the Moss 2?", "What must I do to clean the blade of the Moss 2?"),
        ("can i return it after 30 days", "Is it possible to return it after 30 days?"),
        ("What is the warranty?", "Tell me what the warranty is."),
        ("How many batteries does it have?", "What number of batteries does it have?"),
    ],
)
def test_a_question_is_asked_in_other_words(question: str, other: str) -> None:
    assert other in reword(question)
    assert question not in reword(question)


def test_what_no_template_fits_is_left_alone() -> None:
    assert reword("E42 blinks and it is raining") == []
