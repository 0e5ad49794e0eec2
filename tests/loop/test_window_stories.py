"""Slack refuses to open a window, and the person is told and loses nothing."""

import pytest

from bot.views import blocks, learning_view, rules_view, teaching, wording
from feedback import votes
from tests.loop.conftest import ADA, CLEO, HELP, SAM, Chip

RUNTIME = "How long does the Tansy 4 run on one charge?"
REFUSALS = ("expired_trigger_id", "internal_error")


@pytest.mark.parametrize("error", REFUSALS)
def test_a_modal_that_did_not_open_loses_no_vote_and_is_offered_again(chip: Chip, error: str) -> None:
    message = chip.ask(CLEO, RUNTIME)
    reply = chip.reply_at("D0CLEO", message)
    cleo = chip.workspace.visit(CLEO)
    chip.workspace.faults.fail("views.open", error)
    assert cleo.click(message, "D0CLEO", blocks.VOTE, f"down:{reply.id}")

    offer = chip.wait_for_said("D0CLEO", wording.ASK_CORRECTION)
    assert offer.ephemeral_to == CLEO
    assert votes.verdicts(chip.core.db, reply.id) == {CLEO: votes.Vote.DOWN}
    chip.workspace.faults.fail("views.open", error)
    assert cleo.click(chip.show(CLEO, offer), "D0CLEO", blocks.WRITE_CORRECTION)
    assert chip.wait_for_said("D0CLEO", wording.WINDOW_NOT_OPENED).ephemeral_to == CLEO
    assert cleo.click(chip.show(CLEO, offer), "D0CLEO", blocks.WRITE_CORRECTION)
    assert cleo.wait_for_view()["title"]["text"] == wording.CORRECTION_TITLE
    chip.settle()


@pytest.mark.parametrize("shortcut", [teaching.CORRECT_SHORTCUT, teaching.TEACH_SHORTCUT])
@pytest.mark.parametrize("error", REFUSALS)
def test_who_uses_a_shortcut_is_told_that_its_window_did_not_open(chip: Chip, shortcut: str, error: str) -> None:
    message = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    sam = chip.workspace.visit(SAM)
    chip.workspace.faults.fail("views.open", error)
    assert sam.shortcut(HELP, message["ts"], shortcut)

    told = chip.wait_for_said(HELP, wording.WINDOW_NOT_OPENED)
    assert (told.ephemeral_to, told.thread_ts) == (SAM, message["thread_ts"])
    assert sam.view() is None


@pytest.mark.parametrize("error", REFUSALS)
def test_an_admin_is_told_at_home_and_under_the_rules_that_the_window_did_not_open(chip: Chip, error: str) -> None:
    ada = chip.workspace.visit(ADA)
    ada.open_home()
    home = chip.workspace.wait_for(lambda: ada.home())
    chip.workspace.faults.fail("views.open", error)
    assert ada.click_in_view(home, learning_view.DECIDE)
    assert chip.wait_for_said("D0ADA", wording.WINDOW_NOT_OPENED).ephemeral_to is None

    assert ada.command(HELP, "/chip channels")
    rules = chip.wait_for_said(HELP, wording.RULES_BUTTON)
    chip.workspace.faults.fail("views.open", error)
    assert ada.click(chip.show(ADA, rules), HELP, rules_view.SET_RULES)
    assert chip.wait_for_said(HELP, wording.WINDOW_NOT_OPENED).ephemeral_to == ADA
    assert ada.view() is None
