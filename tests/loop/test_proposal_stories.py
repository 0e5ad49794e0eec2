"""What people answered, and what nobody wrote under a thumbs-down, becomes a proposal in general words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.commands.review import build_proposer
from bot.learning import proposing
from bot.learning.gaps import find_missing
from bot.views import blocks, review_view, wording
from feedback import corrections
from feedback.decisions import list_decisions
from feedback.forgetting import forget_message, forget_person
from feedback.proposals import find_proposals
from tests.loop.conftest import ADA, CLEO, DMS, HELP, ONLY_SOCKET, SAM, STAFF, TEAM, Chip
from tests.loop.desk import OPERA, ask_for_a_person, claim
from tests.loop.reviewing import field_of, open_review, text_of, wait_for

pytestmark = ONLY_SOCKET

RUNTIME = "How long does the Tansy 4 run on one charge?"
ASKED = "@Chip Which shop in Vienna repairs the Tansy 4? I am Cleo Curtis, order number 4471-22913."
REPAIRED = "Hi Cleo, any shop with the Tansy sign repairs it."


@pytest.fixture
def over_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread is over, and a thumb is bare, without any wait."""
    monkeypatch.setattr(proposing, "QUIET", timedelta())
    monkeypatch.setattr(proposing, "BARE_FOR", timedelta())


def propose(chip: Chip) -> None:
    chip.settle()
    assert chip.services is not None
    build_proposer(chip.services).propose()


def answer_in_a_ticket(chip: Chip, question: str, answer: str) -> None:
    _, card = ask_for_a_person(chip, question)
    claim(chip, card)
    chip.workspace.visit(SAM).post(STAFF, answer, card.ts)
    chip.workspace.wait_for(lambda: any(one.text == answer for one in corrections.find_pending(chip.core.db)))
    chip.settle()


def dislike(chip: Chip, question: str) -> str:
    message = chip.ask(CLEO, question)
    chip.settle()
    reply = chip.reply_at(DMS[CLEO], message)
    assert chip.workspace.visit(CLEO).click(message, DMS[CLEO], blocks.VOTE, f"down:{reply.id}")
    chip.settle()
    return reply.id


def test_a_tickets_answer_is_served_in_general_words_without_names(chip: Chip) -> None:
    answer_in_a_ticket(chip, ASKED, REPAIRED)
    view = open_review(chip, SAM, "answered this in a ticket")
    assert "Which shop in Vienna repairs the Tansy 4?" in text_of(view)
    assert "Any shop with the Tansy sign repairs it." in text_of(view)
    for private in ("Cleo,", "Curtis", "4471"):
        assert private not in text_of(view)
    assert chip.workspace.visit(SAM).submit_view({}) == {}
    wait_for(chip, SAM, wording.REVIEW_NOTHING)

    (held,) = corrections.approved(chip.core.db)
    assert (held.person, held.text) == (SAM, "Any shop with the Tansy sign repairs it.")
    assert held.question == "Which shop in Vienna repairs the Tansy 4?"
    said = chip.ask(ADA, f"@Chip {held.question}", HELP)["markdown"]
    assert held.text in said
    assert "Cleo" not in said
    assert [(one.kind, one.outcome, one.by) for one in list_decisions(chip.core.db, TEAM, 9)] == [
        ("ticket", "approved", SAM)
    ]


def test_an_answer_that_still_names_one_case_cannot_be_approved(chip: Chip) -> None:
    answer_in_a_ticket(chip, ASKED, "Please ring +44 20 7946 0958, Maria answers there.")
    view = open_review(chip, SAM, "answered this in a ticket")
    assert "7946" not in text_of(view)
    sam, block = chip.workspace.visit(SAM), field_of(view)
    assert sam.submit_view({}) == {block: wording.REVIEW_UNFINISHED.format(placeholder="[phone 1]")}
    assert corrections.approved(chip.core.db) == []
    asked = field_of(view, review_view.QUESTION_BLOCK)
    assert sam.submit_view({block: {"text": "Please ring the shop."}, asked: {"text": "Who repairs it?"}}) == {}
    wait_for(chip, SAM, f"Changed and approved by <@{SAM}>")
    assert [(one.question, one.text) for one in corrections.approved(chip.core.db)] == [
        ("Who repairs it?", "Please ring the shop.")
    ]


def test_several_that_ask_the_same_are_proposed_once(chip: Chip) -> None:
    answer_in_a_ticket(chip, "@Chip Which shop in Vienna repairs the Tansy 4?", "Any shop with the Tansy sign.")
    again = chip.reply_at("D0CLEO", chip.ask(CLEO, "In Vienna, which shop repairs the Tansy 4?"))
    text = "The one at the station."
    corrections.record_correction(chip.core.db, reply_id=again.id, person=CLEO, role="customer", text=text)
    view = open_review(chip, SAM, "1 item waits")
    assert wording.REVIEW_ALIKE.format(count=1) in text_of(view)
    assert "The one at the station." in text_of(view)
    assert chip.workspace.visit(SAM).submit_view({}) == {}
    wait_for(chip, SAM, wording.REVIEW_NOTHING)
    assert corrections.find_pending(chip.core.db) == []
    assert [one.text for one in corrections.approved(chip.core.db)] == ["Any shop with the Tansy sign."]


def talk_it_over(chip: Chip) -> str:
    """Let Cleo ask in a channel, Sam answer beside Chip, and Cleo say thanks; return the ts of Sam's message."""
    question = chip.workspace.visit(CLEO).post(HELP, "@Chip Which shop in Vienna repairs the Tansy 4?")
    chip.workspace.visit(CLEO).wait_for_message(HELP, lambda message: "bot_id" in message, question)
    chip.settle()
    said = chip.workspace.visit(SAM).post(HELP, f"<@{CLEO}> Any shop with the Tansy sign repairs it.", question)
    chip.settle()
    chip.workspace.visit(CLEO).post(HELP, f"<@{SAM}> Thank you!", question)
    chip.settle()
    return said


def test_what_staff_answered_in_a_thread_is_proposed(chip: Chip) -> None:
    talk_it_over(chip)
    propose(chip)
    propose(chip)
    view = open_review(chip, SAM, f"<@{SAM}>* (staff) answered this in a thread")
    assert "1 item waits" in text_of(view)
    assert chip.workspace.visit(SAM).submit_view({}) == {}
    wait_for(chip, SAM, wording.REVIEW_NOTHING)
    (held,) = corrections.approved(chip.core.db)
    assert held.text == "Any shop with the Tansy sign repairs it."


def test_a_deleted_message_takes_its_proposal_along(chip: Chip) -> None:
    said = talk_it_over(chip)
    propose(chip)
    (pending,) = corrections.find_pending(chip.core.db)
    forget_message(chip.core.db, TEAM, HELP, said)
    assert corrections.find_pending(chip.core.db) == []
    assert find_proposals(chip.core.db, [pending.id]) == {}


def test_who_is_forgotten_takes_what_became_of_their_words_along(chip: Chip) -> None:
    talk_it_over(chip)
    propose(chip)
    view = open_review(chip, ADA, "1 item waits")
    assert chip.workspace.visit(ADA).submit_view({field_of(view): {"text": "Any shop with the sign."}}) == {}
    wait_for(chip, ADA, wording.REVIEW_NOTHING)
    assert [one.person for one in corrections.approved(chip.core.db)] == [ADA]
    forget_person(chip.core.db, TEAM, SAM)
    assert corrections.approved(chip.core.db) == []


@pytest.mark.usefixtures("over_at_once")
def test_a_bare_thumbs_down_leads_to_what_the_documents_say(chip: Chip) -> None:
    chip.engine.queue.append("[1] The Tansy 4 runs for 55 minutes on one charge.")
    dislike(chip, RUNTIME)
    propose(chip)
    view = open_review(chip, SAM, wording.REVIEW_DISLIKED)
    assert "The Tansy 4 runs for 55 minutes on one charge." in text_of(view)
    assert chip.workspace.visit(SAM).submit_view({field_of(view): {"text": "55 minutes, if it is new."}}) == {}
    wait_for(chip, SAM, wording.REVIEW_NOTHING)
    assert [(one.person, one.text) for one in corrections.approved(chip.core.db)] == [
        (SAM, "55 minutes, if it is new.")
    ]
    propose(chip)
    assert corrections.find_pending(chip.core.db) == []


@pytest.mark.usefixtures("over_at_once")
def test_a_thumbs_down_with_a_correction_is_not_bare(chip: Chip) -> None:
    reply_id = dislike(chip, RUNTIME)
    corrections.record_correction(chip.core.db, reply_id=reply_id, person=CLEO, role="customer", text="75 minutes.")
    propose(chip)
    assert [one.person for one in corrections.find_pending(chip.core.db)] == [CLEO]


@pytest.mark.usefixtures("over_at_once")
def test_a_thumbs_down_where_the_documents_say_nothing_is_a_gap(chip: Chip) -> None:
    dislike(chip, RUNTIME)
    assert chip.services is not None
    prepare = chip.services.prepare_lesson
    replace(build_proposer(chip.services), prepare=lambda _asked, audience: prepare(OPERA, audience)).propose()
    assert corrections.find_pending(chip.core.db) == []
    assert [gap.question for gap in find_missing(chip.core.db, chip.core.knowledge).gaps] == [RUNTIME]
