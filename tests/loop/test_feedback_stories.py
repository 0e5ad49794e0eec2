"""Votes, corrections and calls for a person by the front door, and the rows that they leave."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from bot.views import blocks, review_view, wording
from feedback import consent, corrections, signals, votes
from feedback.corrections import State
from feedback.events import FeedbackKind, FeedbackSource, find_events
from feedback.tables import feedback_events
from feedback.votes import Vote
from tests.loop.conftest import ADA, ADMIN, CLEO, HELP, SAM, STAFF, TEAM, Chip
from tests.loop.reviewing import open_card

RUNTIME = "@Chip How long does the Tansy 4 run on one charge?"
RIGHT = "The Tansy 4 runs for 75 minutes when the grass is dry."


def ask_in_help(chip: Chip) -> tuple[dict[str, Any], str]:
    """Let Cleo ask in #help; return the answer's message and its reply's id."""
    message = chip.ask(CLEO, RUNTIME, HELP)
    chip.settle()
    return message, chip.reply_at(HELP, message).id


def kinds(chip: Chip, kind: FeedbackKind) -> list[Any]:
    with chip.core.db.read() as connection:
        return find_events(connection, feedback_events.c.kind == kind.value)


def find_button(message: dict[str, Any], action: str) -> dict[str, Any]:
    rows = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]
    return next(button for row in rows for button in row if button["action_id"].startswith(action))


def wait_for_verdicts(chip: Chip, reply_id: str, expected: dict[str, Vote]) -> None:
    chip.workspace.wait_for(lambda: votes.verdicts(chip.core.db, reply_id) == expected)


def test_a_press_on_good_answer_is_a_vote_and_is_thanked_for_in_private(chip: Chip) -> None:
    message, reply_id = ask_in_help(chip)

    assert chip.workspace.visit(CLEO).click(message, HELP, blocks.VOTE, f"up:{reply_id}")

    wait_for_verdicts(chip, reply_id, {CLEO: Vote.UP})
    thanks = chip.wait_for_said(HELP, wording.VOTE_UP)
    assert (thanks.ephemeral_to, thanks.thread_ts) == (CLEO, message["thread_ts"])
    assert chip.workspace.visit(CLEO).view() is None


def test_a_press_on_bad_answer_opens_the_question_what_it_should_have_said(chip: Chip) -> None:
    message, reply_id = ask_in_help(chip)
    cleo = chip.workspace.visit(CLEO)

    assert cleo.click(message, HELP, blocks.VOTE, f"down:{reply_id}")

    view = cleo.wait_for_view()
    assert view["title"]["text"] == wording.CORRECTION_TITLE
    assert "How long does the Tansy 4 run on one charge?" in json.dumps(view["blocks"])
    wait_for_verdicts(chip, reply_id, {CLEO: Vote.DOWN})


def test_the_last_press_of_a_person_is_their_verdict(chip: Chip) -> None:
    message, reply_id = ask_in_help(chip)
    cleo = chip.workspace.visit(CLEO)
    for verdict in ("up", "down", "up"):
        cleo.click(message, HELP, blocks.VOTE, f"{verdict}:{reply_id}")

    wait_for_verdicts(chip, reply_id, {CLEO: Vote.UP})
    assert len(kinds(chip, FeedbackKind.VOTE)) == 3


def test_reactions_with_tones_and_aliases_become_one_verdict_for_each_person(chip: Chip) -> None:
    message, reply_id = ask_in_help(chip)
    cleo, sam, ada = (chip.workspace.visit(person) for person in (CLEO, SAM, ADA))

    cleo.react(HELP, message["ts"], "thumbsup::skin-tone-4")
    cleo.react(HELP, message["ts"], "tada")
    sam.react(HELP, message["ts"], "+1")
    ada.react(HELP, message["ts"], "eyes")
    wait_for_verdicts(chip, reply_id, {CLEO: Vote.UP, SAM: Vote.UP})

    sam.react(HELP, message["ts"], "thumbsdown")
    wait_for_verdicts(chip, reply_id, {CLEO: Vote.UP, SAM: Vote.DOWN})
    chip.settle()


def test_taking_back_the_last_emoji_takes_back_the_verdict(chip: Chip) -> None:
    message, reply_id = ask_in_help(chip)
    cleo = chip.workspace.visit(CLEO)
    cleo.react(HELP, message["ts"], "+1::skin-tone-2")
    wait_for_verdicts(chip, reply_id, {CLEO: Vote.UP})

    cleo.react(HELP, message["ts"], "+1::skin-tone-2", on=False)

    wait_for_verdicts(chip, reply_id, {})
    assert len(kinds(chip, FeedbackKind.VOTE)) == 2
    chip.settle()


def test_a_thumbs_down_emoji_offers_the_correction_by_a_button(chip: Chip) -> None:
    message, reply_id = ask_in_help(chip)
    cleo = chip.workspace.visit(CLEO)

    cleo.react(HELP, message["ts"], "-1")
    offer = chip.wait_for_said(HELP, wording.ASK_CORRECTION)
    assert offer.ephemeral_to == CLEO
    assert cleo.click(chip.show(CLEO, offer), HELP, blocks.WRITE_CORRECTION)

    cleo.wait_for_view()
    assert cleo.submit_view({blocks.CORRECTION_BLOCK: RIGHT}) == {}
    (pending,) = corrections.find_pending(chip.core.db)
    assert (pending.reply_id, pending.text) == (reply_id, RIGHT)
    chip.wait_for_said(HELP, wording.CORRECTION_WAITS)


def correct(chip: Chip, person: str, text: str = RIGHT) -> tuple[dict[str, Any], str]:
    """Let a person vote an answer down and correct it."""
    message, reply_id = ask_in_help(chip)
    visitor = chip.workspace.visit(person)
    visitor.click(message, HELP, blocks.VOTE, f"down:{reply_id}")
    visitor.wait_for_view()
    assert visitor.submit_view({blocks.CORRECTION_BLOCK: text}) == {}
    return message, reply_id


def test_a_correction_by_staff_holds_at_once(chip: Chip) -> None:
    _, reply_id = correct(chip, SAM)

    (held,) = corrections.approved(chip.core.db)
    assert (held.reply_id, held.person, held.text) == (reply_id, SAM, RIGHT)
    taken = chip.wait_for_said(HELP, wording.CORRECTION_LEARNED)
    assert taken.ephemeral_to == SAM
    assert chip.said(ADMIN) == []


@pytest.mark.parametrize(("is_on", "told"), [(True, wording.LEARNED_NEXT), (False, wording.NOT_LEARNED)])
def test_thanks_promise_training_only_where_consent_covers_it(chip: Chip, is_on: bool, told: str) -> None:
    consent.record_consent(chip.core.db, TEAM, by=ADA, is_on=is_on, guests=True)
    correct(chip, SAM)
    assert told in chip.wait_for_said(HELP, wording.CORRECTION_LEARNED).text


@pytest.mark.parametrize(
    ("question", "told"),
    [(RUNTIME, wording.LEARNED_NEXT), ("@Chip Do you sell coffee machines?", wording.NOT_LEARNED_FOR_STAFF)],
    ids=["a customers' document answers", "nothing answers staff"],
)
def test_thanks_promise_training_only_for_what_customers_may_read(chip: Chip, question: str, told: str) -> None:
    message = chip.ask(SAM, question, STAFF)
    sam = chip.workspace.visit(SAM)
    sam.click(message, STAFF, blocks.VOTE, f"down:{chip.reply_at(STAFF, message).id}")
    sam.wait_for_view()
    assert sam.submit_view({blocks.CORRECTION_BLOCK: RIGHT}) == {}
    assert told in chip.wait_for_said(STAFF, wording.CORRECTION_LEARNED).text


def test_a_training_without_consent_points_to_the_decision(chip: Chip) -> None:
    consent.record_consent(chip.core.db, TEAM, by=ADA, is_on=False)
    correct(chip, SAM)
    chip.wait_for_said(HELP, wording.NOT_LEARNED)
    assert chip.workspace.visit(ADA).command(HELP, "/chip retrain")
    chip.wait_for_said(ADMIN, "/chip learning on")


@pytest.mark.parametrize("state", [State.APPROVED, State.REJECTED])
def test_a_customers_correction_waits_until_an_admin_decides(chip: Chip, state: State) -> None:
    correct(chip, CLEO)
    card = chip.wait_for_said(ADMIN, "waits for approval")
    assert RIGHT in json.dumps(card.blocks)
    (pending,) = corrections.find_pending(chip.core.db)
    assert pending.state is State.WAITING

    ada, view = chip.workspace.visit(ADA), open_card(chip, ADA, card, RIGHT)
    if state is State.APPROVED:
        assert ada.submit_view({}) == {}
    else:
        assert ada.click_in_view(view, review_view.REJECT)
    updated = chip.workspace.wait_for(
        lambda: next((m for m in chip.workspace.messages(ADMIN) if f"by <@{ADA}>" in json.dumps(m.blocks)), None)
    )

    assert "actions" not in [block["type"] for block in updated.blocks]
    decided = corrections.find_correction(chip.core.db, pending.id)
    assert decided is not None
    assert (decided.state, decided.decided_by) == (state, ADA)


def test_a_customer_cannot_decide_about_a_correction(chip: Chip) -> None:
    chip.workspace.invite(CLEO, ADMIN)
    correct(chip, CLEO)
    card = chip.wait_for_said(ADMIN, "waits for approval")

    assert chip.workspace.visit(CLEO).click(chip.show(CLEO, card), ADMIN, review_view.OPEN)

    assert chip.wait_for_said(ADMIN, wording.NOT_STAFF).ephemeral_to == CLEO
    assert len(corrections.find_pending(chip.core.db)) == 1
    assert kinds(chip, FeedbackKind.DECISION) == []


def test_a_card_that_was_decided_opens_on_who_decided_it(chip: Chip) -> None:
    correct(chip, CLEO)
    card = chip.wait_for_said(ADMIN, "waits for approval")
    (pending,) = corrections.find_pending(chip.core.db)
    corrections.decide(chip.core.db, pending.id, by=SAM, role="staff", approved=False)
    open_card(chip, ADA, card, wording.REVIEW_TAKEN.format(person=SAM))


def test_an_empty_correction_is_an_error_under_its_field(chip: Chip) -> None:
    message, reply_id = ask_in_help(chip)
    cleo = chip.workspace.visit(CLEO)
    cleo.click(message, HELP, blocks.VOTE, f"down:{reply_id}")
    cleo.wait_for_view()

    assert cleo.submit_view({blocks.CORRECTION_BLOCK: " \n\u200b "}) == {
        blocks.CORRECTION_BLOCK: wording.CORRECTION_EMPTY
    }
    assert kinds(chip, FeedbackKind.CORRECTION) == []
    assert cleo.view() is not None


def test_asking_for_a_person_opens_a_card_for_staff_and_tells_the_asker(chip: Chip) -> None:
    message = chip.ask(CLEO, "@Chip Which opera is the most famous in Vienna?", HELP)
    reply_id = chip.reply_at(HELP, message).id

    assert chip.workspace.visit(CLEO).click(message, HELP, blocks.ASK_PERSON)

    card = chip.wait_for_said(STAFF, f"<@{CLEO}> asks for a person")
    assert "Which opera is the most famous in Vienna?" in json.dumps(card.blocks)
    assert f"/archives/{HELP}/p" in json.dumps(card.blocks)
    told = chip.wait_for_said(HELP, wording.PERSON_ASKED)
    assert told.thread_ts == message["thread_ts"]
    (escalation,) = kinds(chip, FeedbackKind.ESCALATION)
    assert (escalation.reply_id, escalation.person, escalation.role) == (reply_id, CLEO, "customer")


def test_without_a_staff_channel_the_asker_is_told_whom_to_contact(chip: Chip) -> None:
    for channel in (STAFF, ADMIN):
        chip.workspace.remove("U0CHIP", channel)
    chip.stop()
    chip.start()
    message, _ = ask_in_help(chip)

    chip.workspace.visit(CLEO).click(message, HELP, blocks.ASK_PERSON)

    chip.wait_for_said(HELP, wording.PERSON_NOWHERE)
    assert len(kinds(chip, FeedbackKind.ESCALATION)) == 1


def test_every_vote_points_at_a_reply_with_its_prompt(chip: Chip) -> None:
    message, reply_id = ask_in_help(chip)
    chip.workspace.visit(SAM).react(HELP, message["ts"], "+1")
    wait_for_verdicts(chip, reply_id, {SAM: Vote.UP})

    with chip.core.db.read() as connection:
        (row,) = connection.execute(select(feedback_events)).all()
    assert (row.reply_id, row.person, row.role, row.source) == (reply_id, SAM, "staff", "reaction")
    assert chip.reply_at(HELP, message).prompt


def open_modal(chip: Chip) -> tuple[str, Any]:
    message, reply_id = ask_in_help(chip)
    cleo = chip.workspace.visit(CLEO)
    cleo.click(message, HELP, blocks.VOTE, f"down:{reply_id}")
    cleo.wait_for_view()
    return reply_id, cleo


@pytest.mark.parametrize("reason", list(signals.Reason))
def test_the_reason_alone_is_enough_and_is_kept_with_the_reply(chip: Chip, reason: signals.Reason) -> None:
    reply_id, cleo = open_modal(chip)

    assert cleo.submit_view({blocks.REASON_BLOCK: reason.value}) == {}

    assert chip.wait_for_said(HELP, wording.REASON_TAKEN).ephemeral_to == CLEO
    (event,) = signals.find_reasons(chip.core.db)
    assert (event.reply_id, event.person, event.value) == (reply_id, CLEO, {"reason": reason.value})
    assert kinds(chip, FeedbackKind.CORRECTION) == []


def test_a_reason_and_what_would_have_been_right_are_both_kept(chip: Chip) -> None:
    reply_id, cleo = open_modal(chip)

    assert cleo.submit_view({blocks.REASON_BLOCK: "outdated", blocks.CORRECTION_BLOCK: RIGHT}) == {}

    (pending,) = corrections.find_pending(chip.core.db)
    assert (pending.reply_id, pending.text) == (reply_id, RIGHT)
    assert [event.value["reason"] for event in signals.find_reasons(chip.core.db)] == ["outdated"]


def test_asking_much_the_same_again_is_a_signal_about_the_first_answer(chip: Chip) -> None:
    _, first = ask_in_help(chip)
    chip.ask(CLEO, "@Chip Which opera is the most famous in Vienna?", HELP)
    again = chip.ask(CLEO, "@Chip how long can the tansy 4 run on one charge", HELP)
    chip.settle()

    (event,) = kinds(chip, FeedbackKind.REASKED)
    assert (event.reply_id, event.person) == (first, CLEO)
    assert event.value == {"again": chip.reply_at(HELP, again).id}


def test_a_question_that_also_asks_for_a_person_is_answered_and_offers_one_first(chip: Chip) -> None:
    told = f"{RUNTIME} It is for my garden. I would rather deal with a staff member."
    also = chip.ask(CLEO, told, HELP)
    only = chip.ask(CLEO, RUNTIME, HELP)
    chip.settle()

    (event,) = kinds(chip, FeedbackKind.ESCALATION)
    assert (event.reply_id, event.source) == (chip.reply_at(HELP, also).id, FeedbackSource.MESSAGE)
    styles = [find_button(message, blocks.ASK_PERSON).get("style") for message in (also, only)]
    assert styles == ["primary", None]


def test_asking_for_a_person_in_words_is_a_signal_of_the_answer_before(chip: Chip) -> None:
    answer = chip.ask(CLEO, RUNTIME)
    chip.settle()
    chip.workspace.visit(CLEO).post("D0CLEO", "I want to talk to a real person please", answer["thread_ts"])
    chip.wait_for_said("D0CLEO", wording.PERSON_ASKED)
    chip.settle()

    (event,) = kinds(chip, FeedbackKind.ESCALATION)
    assert (event.reply_id, event.source) == (chip.reply_at("D0CLEO", answer).id, FeedbackSource.MESSAGE)
