"""What Chip could not answer is reported, without personal data, until somebody answers it."""

from bot import blocks, wording
from bot.gaps import build_missing_rows, find_missing
from tests.loop.conftest import CLEO, DMS, SAM, Chip


def test_unanswered_questions_are_grouped_masked_and_gone_once_staff_answer(chip: Chip) -> None:
    chip.ask(CLEO, "Which colours does the swimming pool cover come in? Write to cleo@customer.example please.")
    message = chip.ask(SAM, "Which colours does the swimming pool cover come in?")
    chip.ask(SAM, "How long does the Tansy 4 run on one charge?")
    missing = find_missing(chip.core.db, chip.core.knowledge)
    assert sum(gap.count for gap in missing.gaps) == 2
    ((name, value),) = build_missing_rows(missing)
    assert name == "Not in the documents"
    assert "swimming pool cover" in value
    assert "cleo@customer.example" not in value

    reply = chip.reply_at(DMS[SAM], message)
    sam = chip.workspace.visit(SAM)
    sam.click(message, DMS[SAM], blocks.VOTE, f"down:{reply.id}")
    sam.wait_for_view()
    sam.submit_view({blocks.CORRECTION_BLOCK: "It comes in blue."})
    chip.wait_for_said(DMS[SAM], wording.CORRECTION_LEARNED)
    assert sum(gap.count for gap in find_missing(chip.core.db, chip.core.knowledge).gaps) == 1
