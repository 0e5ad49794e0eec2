"""The short torture: what must hold however often the process is killed."""

from pathlib import Path

import pytest

from tests.loop.torture import Transport, torture


@pytest.mark.slow
@pytest.mark.parametrize(("transport", "questions", "kills"), [("socket", 40, 4), ("http", 20, 2)])
def test_every_question_has_one_answer_and_every_verdict_is_kept_through_kills_and_lost_acks(
    tmp_path: Path, transport: Transport, questions: int, kills: int
) -> None:
    outcome = torture(tmp_path, questions=questions, kills=kills, seed=1, transport=transport)

    assert outcome.faults == []
    assert (outcome.questions, outcome.verdicts, outcome.kills) == (questions, questions, kills)
    assert outcome.redelivered > 0
