"""Few are asked, by message, whether Chip helped; nobody twice in a month."""

import json
import time
from datetime import timedelta

import pytest

from bot import schedule
from bot.listeners.survey import HELPED, ask_those_drawn
from bot.views import wording
from feedback import surveys
from feedback.events import FeedbackKind, find_events
from feedback.tables import feedback_events
from tests.loop.conftest import CLEO, HELP, SAM, TEAM, Chip

RUNTIME = "@Chip How long does the Tansy 4 run on one charge?"


def later(chip: Chip) -> None:
    """Let Chip's clock show half an hour more."""
    assert chip.services is not None
    clock = chip.services.clock
    object.__setattr__(chip.services, "clock", lambda: clock() + timedelta(minutes=30))


def test_the_asker_is_asked_by_message_once_a_month_and_the_answer_is_kept(chip: Chip) -> None:
    reply = chip.reply_at(HELP, chip.ask(CLEO, RUNTIME, HELP))
    chip.settle()
    assert chip.services is not None
    assert ask_those_drawn(chip.services, 1.0) == 0, "the conversation may not be over yet"
    later(chip)

    assert ask_those_drawn(chip.services, 1.0) == 1

    asked = chip.wait_for_said("D0CLEO", wording.SURVEY)
    assert "How long does the Tansy 4 run" in json.dumps(asked.blocks)
    chip.ask(CLEO, "@Chip Can the Tansy 4 fly?", HELP)
    later(chip)
    assert ask_those_drawn(chip.services, 1.0) == 0

    assert chip.workspace.visit(CLEO).click(chip.show(CLEO, asked), "D0CLEO", HELPED["partly"])

    chip.wait_for_said("D0CLEO", wording.SURVEY_THANKS)
    with chip.core.db.read() as connection:
        (event,) = find_events(connection, feedback_events.c.kind == FeedbackKind.SURVEY.value)
    assert (event.reply_id, event.person, event.value) == (reply.id, CLEO, {"helped": "partly"})


def test_no_share_asks_nobody_and_a_small_one_few(chip: Chip) -> None:
    chip.ask(SAM, RUNTIME, HELP)
    later(chip)
    assert chip.services is not None
    assert surveys.draw(chip.core.db, TEAM, share=0.0, now=chip.services.clock()) == []
    drawn = sum(surveys._is_drawn(f"T1:C1:{number}.000100", 0.02) for number in range(10_000))
    assert 150 < drawn < 250


def test_the_schedule_asks_those_who_are_drawn(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    chip.ask(CLEO, RUNTIME, HELP)
    chip.settle()
    chip.stop()
    monkeypatch.setattr(schedule, "SURVEY_SECONDS", 0.1)
    slack = chip.core.settings.slack.model_copy(update={"survey_share": 1.0})
    object.__setattr__(chip.core, "settings", chip.core.settings.model_copy(update={"slack": slack}))
    chip.start()
    assert chip.said("D0CLEO") == []
    later(chip)

    assert "How long does the Tansy 4 run" in json.dumps(chip.wait_for_said("D0CLEO", wording.SURVEY).blocks)
    time.sleep(0.5)  # in which the schedule looks a few times more
    assert len(chip.said("D0CLEO")) == 1
