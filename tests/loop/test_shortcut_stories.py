"""What the menu of a message offers: to correct an answer, to ask why it was given, and to teach Chip a thread."""

import json
from pathlib import Path

from bot.views import blocks, teaching, why_view, wording
from bot.workspace.block_kit import find_problems
from feedback import corrections, measures
from retrain import registry
from retrain.data.version import freeze_version
from retrain.examples import Example
from retrain.explanation import explain
from retrieval.passage import Audience, Scope
from tests.loop.adapters import write_adapter
from tests.loop.conftest import ADA, CLEO, HELP, SAM, STAFF, Chip
from tests.retrain.feedback_rows import build_prompt

RUNTIME = "How long does the Tansy 4 run on one charge?"
CAKE = "Which cake does the Tansy 4 bring along?"


def test_an_answer_is_corrected_from_its_menu(chip: Chip) -> None:
    message = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    reply = chip.reply_at(HELP, message)
    sam = chip.workspace.visit(SAM)

    assert sam.shortcut(HELP, message["ts"], teaching.CORRECT_SHORTCUT)

    assert sam.wait_for_view()["title"]["text"] == wording.CORRECTION_TITLE
    assert sam.submit_view({blocks.CORRECTION_BLOCK: "75 minutes."}) == {}
    chip.wait_for_said(HELP, wording.CORRECTION_LEARNED)
    assert [one.reply_id for one in corrections.approved(chip.core.db)] == [reply.id]


def test_a_message_that_is_no_answer_cannot_be_corrected(chip: Chip) -> None:
    sam = chip.workspace.visit(SAM)
    ts = sam.post(HELP, "Who brings cake?")
    assert sam.shortcut(HELP, ts, teaching.CORRECT_SHORTCUT)
    assert chip.wait_for_said(HELP, wording.NO_ANSWER_OF_MINE).ephemeral_to == SAM
    assert sam.view() is None


def test_what_staff_answered_among_themselves_is_taught_and_answers_the_next_who_asks(chip: Chip) -> None:
    cleo, sam = chip.workspace.visit(CLEO), chip.workspace.visit(SAM)
    root = cleo.post(HELP, CAKE)
    answer = sam.post(HELP, "It brings a cheesecake.", root)

    assert sam.shortcut(HELP, answer, teaching.TEACH_SHORTCUT)
    view = sam.wait_for_view()
    shown = [block["element"].get("initial_value") for block in view["blocks"] if block["type"] == "input"]
    assert shown == [CAKE, "It brings a cheesecake."]
    assert sam.submit_view({}) == {}

    chip.wait_for_said(HELP, wording.CORRECTION_LEARNED)
    assert measures.summary(chip.core.db).replies == 0
    assert "cheesecake" in chip.ask(SAM, CAKE)["markdown"]


def test_teaching_a_thread_that_chip_answered_corrects_its_answer(chip: Chip) -> None:
    message = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    sam = chip.workspace.visit(SAM)
    said = sam.post(HELP, "No, 75 minutes.", message["thread_ts"])
    chip.settle()
    assert sam.shortcut(HELP, said, teaching.TEACH_SHORTCUT)
    sam.wait_for_view()
    assert sam.submit_view({teaching.ANSWER_BLOCK: "It runs for 75 minutes."}) == {}

    chip.wait_for_said(HELP, wording.CORRECTION_LEARNED)
    (held,) = corrections.approved(chip.core.db)
    assert (held.reply_id, held.text) == (chip.reply_at(HELP, message).id, "It runs for 75 minutes.")


def test_a_customer_cannot_teach(chip: Chip) -> None:
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post(HELP, CAKE)
    assert cleo.shortcut(HELP, ts, teaching.TEACH_SHORTCUT)
    assert chip.wait_for_said(HELP, wording.TEACH_STAFF).ephemeral_to == CLEO
    assert cleo.view() is None


def test_staff_see_what_an_answer_rests_on_down_to_the_lessons_of_its_adapter(chip: Chip) -> None:
    learned = [
        Example(build_prompt(question), target, "correction", 1.0, question)
        for question, target in ((RUNTIME, "It runs for 55 minutes."), (CAKE, "None."))
    ]
    frozen = freeze_version(learned, chip.core.runs_folder, {}, {}, "2026-11-01")
    adapter = write_adapter(
        chip.core.adapters_folder, "A1", chip.engine.base_id, ruling="promoted", dataset_hash=frozen.sha256
    )
    registry.promote(chip.core.db, adapter, by=ADA, reason="It is better.")
    chip.engine.use_adapter(adapter)
    message = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    sam = chip.workspace.visit(SAM)

    assert sam.shortcut(HELP, message["ts"], why_view.WHY_SHORTCUT)
    told = wait_for_explanation(chip, SAM)

    assert "sure that the best passage answers it" in told
    assert "✓ Tansy 4 › Battery – 0." in told, "what is cited, with how near it is"
    assert "• Returns" in told, "what was only offered"
    assert f"the adapter A1 on the base {chip.engine.base_id}" in told
    assert f"2 corrections (data set {frozen.path.parent.name})" in told
    assert "passed; answered since" in told
    assert told.index(RUNTIME, told.index(wording.WHY_NEAREST)) < told.index(CAKE), "the nearest lesson comes first"


def test_a_customer_sees_the_cited_documents_and_nothing_else(chip: Chip) -> None:
    message = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    assert chip.workspace.visit(CLEO).shortcut(HELP, message["ts"], why_view.WHY_SHORTCUT)
    told = wait_for_explanation(chip, CLEO)
    assert wording.WHY_FROM in told
    assert "Tansy 4 › Battery" in told
    assert not [word for word in ("sure", "0.", "base", "Returns") if word in told]


def test_what_staff_may_not_read_is_not_named_and_the_bare_base_is(chip: Chip) -> None:
    message = chip.ask(SAM, f"@Chip {RUNTIME}", STAFF)
    reply = chip.reply_at(STAFF, message)
    view = why_view.build_full(
        explain(chip.core.db, chip.core.knowledge, Path(), Path(), reply, Scope(frozenset({Audience.PUBLIC})))
    )
    assert wording.WHY_HIDDEN in str(view)
    assert "Goodwill" not in str(view)
    assert wording.WHY_BASE.format(base=chip.engine.base_id) in str(view)
    assert find_problems(view["blocks"], "modal") == []


def test_of_an_answer_that_staff_approved_no_model_is_named(chip: Chip) -> None:
    sam = chip.workspace.visit(SAM)
    root = chip.workspace.visit(CLEO).post(HELP, CAKE)
    assert sam.shortcut(HELP, sam.post(HELP, "It brings a cheesecake.", root), teaching.TEACH_SHORTCUT)
    sam.wait_for_view()
    assert sam.submit_view({}) == {}
    chip.wait_for_said(HELP, wording.CORRECTION_LEARNED)
    message = chip.ask(SAM, f"@Chip {CAKE}", HELP)
    assert sam.shortcut(HELP, message["ts"], why_view.WHY_SHORTCUT)
    told = wait_for_explanation(chip, SAM)
    assert wording.WHY_APPROVED in told
    assert wording.WHY_RECITED in told
    assert "0%" not in told


def test_why_is_asked_of_answers_only(chip: Chip) -> None:
    sam = chip.workspace.visit(SAM)
    ts = sam.post(HELP, "Who brings cake?")
    assert sam.shortcut(HELP, ts, why_view.WHY_SHORTCUT)
    assert chip.wait_for_said(HELP, wording.NO_ANSWER_OF_MINE).ephemeral_to == SAM


def wait_for_explanation(chip: Chip, person: str) -> str:
    visitor = chip.workspace.visit(person)

    def find() -> str:
        shown = json.dumps(visitor.view() or {}, ensure_ascii=False)
        return shown if wording.WHY in shown and wording.WHY_LOADING not in shown else ""

    return chip.workspace.wait_for(find)
