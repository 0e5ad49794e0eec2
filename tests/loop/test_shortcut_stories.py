"""What the menu of a message offers: to correct an answer, and to teach Chip a thread."""

from bot.views import blocks, teaching, wording
from feedback import corrections, measures
from tests.loop.conftest import CLEO, HELP, SAM, Chip

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
