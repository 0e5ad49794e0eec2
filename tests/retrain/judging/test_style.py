"""An answer keeps the style in which people taught it."""

import pytest

from retrain.evaluate import Answer, HeldOutQuestion, judge
from retrain.judging.style import leaves_style
from retrieval.passage import Audience

STEPS = "To reset it:\n1. Switch it off.\n2. Wait a minute.\n3. Switch it on."


@pytest.mark.parametrize(
    ("said", "taught", "leaves"),
    [
        (STEPS, STEPS, False),
        ("- Switch it off.\n- Switch it on.", STEPS, False),
        ("Switch it off, wait a minute, and switch it on.", STEPS, True),
        ("It takes 90 minutes.", "Charging takes 90 minutes.", False),
        ("It takes very long. " * 20, "Charging takes 90 minutes.", True),
        ("word " * 60, "word " * 40, False),
    ],
)
def test_steps_stay_a_list_and_length_stays_alike(said: str, taught: str, leaves: bool) -> None:
    assert leaves_style(said, taught) is leaves


def test_only_what_somebody_taught_has_a_style_and_a_refusal_leaves_none() -> None:
    def build(target: str) -> HeldOutQuestion:
        return HeldOutQuestion("q", "How?", Audience.CUSTOMER, (("off",),), answerable=True, target=target)

    asked = [build(""), build(STEPS), build(STEPS)]
    answers = [Answer("Switch it off.", 1.0), Answer("Switch it off.", 1.0), Answer("I don't know.", 1.0)]
    assert [one.off_style for one in judge(asked, answers, [], [], 1.0).questions] == [None, True, False]
