"""A retrain's step and the time left are told in words, and one message in the channel changes with them."""

from typing import Any

from bot.learning.step_note import EVERY_SECONDS, StepNote
from bot.learning.steps import Steps
from bot.views import wording
from retrain.run import Progress

EARLIER = {"curate": 2.0, "rehearse": 30.0, "train": 60.0, "evaluate": 60.0}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Slack:
    """The two calls that the note makes."""

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.changed: list[str] = []

    def chat_postMessage(self, *, channel: str, text: str) -> dict[str, Any]:  # noqa: ARG002, N802
        self.posted.append(text)
        return {"ts": f"{len(self.posted)}.0"}

    def chat_update(self, *, channel: str, ts: str, text: str) -> None:  # noqa: ARG002
        self.changed.append(text)


def test_the_time_left_is_what_the_steps_took_before_and_the_pace_of_this_one() -> None:
    clock = Clock()
    steps = Steps(lambda: EARLIER, timer=clock)
    steps.note(Progress("rehearse", "Asking", 0.0))
    assert steps.describe() == "step 2 of 5: Asking, about 2 minutes left"
    steps.note(Progress("train", "Training: 1 of 4 lessons learned", 0.0))
    clock.now += 60.0
    steps.note(Progress("train", "Training: 2 of 4 lessons learned", 0.25))
    assert steps.describe() == "step 3 of 5: Training: 2 of 4 lessons learned, about 4 minutes left"
    steps.end()
    assert steps.describe() == ""


def test_nothing_is_guessed_at_a_first_training() -> None:
    steps = Steps(dict)
    steps.note(Progress("train", "Training", 0.5))
    assert steps.describe() == "step 3 of 5: Training"


def test_one_message_is_changed_every_few_seconds_and_said_to_be_over() -> None:
    clock, slack = Clock(), Slack()
    steps = Steps(dict, StepNote(slack, "C1", clock).show)  # type: ignore[arg-type]  # the two calls of it
    steps.note(Progress("curate", "Choosing", 0.0))
    assert slack.posted == [], "what ends at once is not told"
    steps.note(Progress("rehearse", "Asking", 0.0))
    steps.note(Progress("train", "Training", 0.1))
    clock.now += EVERY_SECONDS
    steps.note(Progress("train", "Training", 0.2))
    steps.end()
    assert slack.posted == [wording.RETRAIN_STEP.format(step="step 2 of 5: Asking")]
    assert slack.changed == [wording.RETRAIN_STEP.format(step="step 3 of 5: Training"), wording.RETRAIN_OVER]
