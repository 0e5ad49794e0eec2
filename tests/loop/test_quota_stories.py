"""Stories of limits: who asked enough is told so, gets a person all the same, and takes nothing from the others."""

import pytest

from config.settings import LimitSettings, Settings
from tests.loop.conftest import CLEO, HELP, ONLY_SOCKET, SAM, STAFF, Chip, show

QUESTION = "How long does the Tansy 4 run on one charge?"
pytestmark = ONLY_SOCKET


@pytest.fixture
def chip_settings(chip_settings: Settings, limits: LimitSettings) -> Settings:
    return chip_settings.model_copy(update={"limits": limits})


@pytest.mark.parametrize("limits", [LimitSettings(person_per_minute=1)])
def test_one_person_who_asks_too_much_is_told_when_to_ask_again(chip: Chip) -> None:
    assert "55 minutes" in str(chip.ask(CLEO, QUESTION))
    assert "as many as I may answer. Please ask in" in str(chip.ask(CLEO, "Can the Tansy 4 fly?"))
    assert "55 minutes" in str(chip.ask(SAM, QUESTION))
    chip.settle()


@pytest.mark.parametrize("limits", [LimitSettings(workspace_per_day=1)])
def test_who_wants_a_person_gets_one_however_much_was_asked(chip: Chip) -> None:
    chip.ask(SAM, QUESTION)
    assert "within a day" in str(chip.ask(CLEO, QUESTION))
    assert "I have asked a colleague" in str(chip.ask(CLEO, "I want to talk to a human please."))
    assert any("asks for a person" in show(message) for message in chip.workspace.messages(STAFF))
    chip.settle()


@pytest.mark.parametrize("limits", [LimitSettings(workspace_per_day=1)])
def test_a_restart_forgets_no_quota(chip: Chip) -> None:
    chip.ask(CLEO, QUESTION)
    chip.settle()
    chip.stop()
    chip.start()
    assert "within a day" in str(chip.ask(CLEO, QUESTION))


@pytest.mark.parametrize("limits", [LimitSettings(workspace_per_day=1)])
def test_a_question_in_private_counts_too(chip: Chip) -> None:
    chip.workspace.visit(CLEO).command(HELP, f"/chip ask {QUESTION}")
    chip.wait_for_said(HELP, "55 minutes")
    assert "within a day" in str(chip.ask(CLEO, QUESTION))


@pytest.mark.parametrize("limits", [LimitSettings(calls_per_day=1)])
def test_one_person_calls_for_a_colleague_only_so_often(chip: Chip) -> None:
    chip.ask(CLEO, "I want to talk to a human please.")
    said = chip.ask(CLEO, "Please let me talk to a person.")
    assert "as often as one person may" in str(said)
    assert sum("asks for a person" in show(message) for message in chip.workspace.messages(STAFF)) == 1
