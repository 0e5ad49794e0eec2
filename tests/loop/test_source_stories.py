"""What an answer cites opens: the passage itself, for whoever may read it."""

import json

import pytest

from bot.views import blocks, wording
from feedback import replies
from feedback.replies import SourceLine
from retrieval.passage import EvidenceLine
from tests.feedback.conftest import build_reply
from tests.loop.conftest import ADA, CLEO, HELP, SAM, STAFF, Chip

RUNTIME = "How long does the Tansy 4 run on one charge?"
CREDIT = "What goodwill credit may support agents grant for a late delivery?"
PASSAGE = "The Tansy 4 runs for 55 minutes on one charge. The battery of the Tansy 4 charges in 80 minutes."


def test_a_source_without_an_address_opens_with_its_passage_heading_and_file(chip: Chip) -> None:
    message = chip.ask(CLEO, RUNTIME)
    cleo = chip.workspace.visit(CLEO)
    assert cleo.click(message, "D0CLEO", blocks.OPEN_SOURCES)

    view = cleo.wait_for_view()
    heading, text, details = view["blocks"]
    assert view["title"]["text"] == wording.SOURCES
    assert heading["text"]["text"] == "*[1] Tansy 4 › Battery*"
    assert text["text"]["text"] == PASSAGE
    assert details["elements"][0]["text"] == "Tansy 4 · tansy-4.md"
    chip.settle()


def test_the_sources_of_a_private_answer_open_too(chip: Chip) -> None:
    ada = chip.workspace.visit(ADA)
    assert ada.command(HELP, f"/chip ask {CREDIT}")
    answer = chip.show(ADA, chip.wait_for_said(HELP, "45 euros"))
    assert ada.click(answer, HELP, blocks.OPEN_SOURCES)
    assert "45 euros" in json.dumps(ada.wait_for_view()["blocks"])
    chip.settle()


def test_a_source_opens_for_nobody_who_may_not_read_it(chip: Chip) -> None:
    message = chip.ask(SAM, f"@Chip {CREDIT}", STAFF)
    chip.workspace.invite(CLEO, STAFF)
    chip.settle()
    cleo, sam = chip.workspace.visit(CLEO), chip.workspace.visit(SAM)
    for visitor in (cleo, sam):
        assert visitor.click(message, STAFF, blocks.OPEN_SOURCES)

    assert "Support agents may grant a goodwill credit" in json.dumps(sam.wait_for_view()["blocks"])
    (block,) = cleo.wait_for_view()["blocks"]
    assert block["text"]["text"] == f"*[1]* {wording.SOURCE_NOT_YOURS}"
    chip.settle()


def test_a_source_that_is_gone_is_said_to_be(chip: Chip) -> None:
    replies.record_reply(
        chip.core.db, build_reply(reply_id="R1", evidence=(SourceLine(2, "Old.", "Tansy 3 › Battery", "Pgone"),))
    )
    cleo = chip.workspace.visit(CLEO)
    assert cleo.click(post(chip, "R1"), HELP, blocks.OPEN_SOURCES)
    (block,) = cleo.wait_for_view()["blocks"]
    assert block["text"]["text"] == f"*[2] Tansy 3 › Battery*\n{wording.SOURCE_GONE}"
    chip.settle()


def test_the_sources_of_an_answer_that_is_unknown_are_said_to_be(chip: Chip) -> None:
    cleo = chip.workspace.visit(CLEO)
    assert cleo.click(post(chip, "Rgone"), HELP, blocks.OPEN_SOURCES)
    assert chip.wait_for_said(HELP, wording.SOURCES_UNKNOWN).ephemeral_to == CLEO
    assert cleo.view() is None


@pytest.mark.parametrize("error", ["expired_trigger_id", "internal_error"])
def test_sources_that_did_not_open_are_said_to_have_not(chip: Chip, error: str) -> None:
    message = chip.ask(CLEO, RUNTIME)
    cleo = chip.workspace.visit(CLEO)
    chip.workspace.faults.fail("views.open", error)
    assert cleo.click(message, "D0CLEO", blocks.OPEN_SOURCES)
    assert chip.wait_for_said("D0CLEO", wording.WINDOW_NOT_OPENED).ephemeral_to == CLEO
    assert cleo.click(message, "D0CLEO", blocks.OPEN_SOURCES)
    assert cleo.wait_for_view()
    chip.settle()


def post(chip: Chip, reply_id: str) -> dict[str, object]:
    """Post the footer of an answer that cites one passage, as an earlier process left it; return the message."""
    assert chip.services is not None
    line = EvidenceLine(2, "Old.", "Tansy 3 › Battery", "Pgone")
    footer = blocks.build_answer_footer(reply_id, [line], offer_person=False)
    posted = chip.services.client.chat_postMessage(channel=HELP, text="old", blocks=footer)
    return chip.workspace.visit(CLEO).wait_for_message(HELP, lambda message: message["ts"] == posted["ts"])
