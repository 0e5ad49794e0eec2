"""The short torture: what must hold however often the process is killed."""

from pathlib import Path

import pytest

from tests.loop.torture import torture


@pytest.mark.slow
def test_every_question_has_one_answer_and_every_verdict_is_kept_through_kills_and_lost_acks(tmp_path: Path) -> None:
    outcome = torture(tmp_path, questions=40, kills=4, seed=1)

    assert outcome.faults == []
    assert (outcome.questions, outcome.verdicts, outcome.kills) == (40, 40, 4)
    assert outcome.redelivered > 0
