"""What Chip could not answer is reported, without personal data, until somebody answers it."""

import json
from pathlib import Path

from bot.learning.gaps import build_missing_rows, find_missing
from bot.views import blocks, wording
from retrieval.reading.documents import Rules
from retrieval.sources.folder import list_folder
from tests.loop.conftest import ADA, CLEO, DMS, SAM, Chip


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


def test_an_answer_of_staffs_is_reported_once_a_document_answers_too(chip: Chip, tmp_path: Path) -> None:
    question = "Which colours does the swimming pool cover come in?"
    message = chip.ask(SAM, question)
    assert chip.reply_at(DMS[SAM], message).refused
    sam = chip.workspace.visit(SAM)
    sam.click(message, DMS[SAM], blocks.VOTE, f"down:{chip.reply_at(DMS[SAM], message).id}")
    sam.wait_for_view()
    sam.submit_view({blocks.CORRECTION_BLOCK: "It comes in blue."})
    chip.wait_for_said(DMS[SAM], wording.CORRECTION_LEARNED)
    assert "It comes in blue." in json.dumps(chip.ask(ADA, question))

    knowledge = chip.core.knowledge
    (tmp_path / "late").mkdir()
    page = "# Pool covers\nThe swimming pool cover comes in two colours: green and grey.\n"
    (tmp_path / "late" / "covers.md").write_text(page)
    try:
        knowledge.sync("late", list_folder(tmp_path / "late", Rules(), prefix="late:"))
        rows = build_missing_rows(find_missing(chip.core.db, knowledge))
        assert ("Verified answers to review" in dict(rows), question in str(rows)) == (True, True)
        shown = json.dumps(chip.ask(ADA, question))
        assert ("green and grey" in shown, "It comes in blue." in shown) == (True, False)
    finally:
        knowledge.forget("late")
