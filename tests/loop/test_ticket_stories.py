"""Somebody asks for a person, and a person answers: the card, the claim, the answer in both threads, the rows."""

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from bot import schedule
from bot.listeners import forgetting
from bot.tickets import desk
from bot.views import blocks, ticket_card, wording
from bot.workspace.board import Message
from bot.workspace.workspace import Workspace
from feedback import corrections, tickets
from feedback.tickets import TicketState
from tests.loop.conftest import ADA, ADMIN, CLEO, HELP, SAM, STAFF, TEAM, Chip, show
from tests.loop.desk import OPERA, ask_for_a_person, claim, find_ticket, in_thread, press
from tests.loop.reviewing import open_card, wait_for

RUNTIME = "@Chip How long does the Tansy 4 run on one charge?"


def test_the_card_shows_who_asks_the_conversation_what_was_found_and_where(chip: Chip) -> None:
    message, card = ask_for_a_person(chip, RUNTIME)

    said = show(card)
    assert f"<@{CLEO}> asks for a person* (customer) in <#{HELP}>" in said
    assert ">*Cleo:* How long does the Tansy 4 run on one charge?" in said
    assert ">*Chip:* The Tansy 4 runs for 55 minutes" in said
    assert "What I found: Tansy 4 › Battery" in said
    assert f"/archives/{HELP}/p" in said
    assert chip.wait_for_said(HELP, wording.PERSON_ASKED).thread_ts == message["thread_ts"]


def test_pressing_twice_makes_one_card_and_says_that_somebody_was_asked(chip: Chip) -> None:
    message, _ = ask_for_a_person(chip)
    chip.workspace.visit(CLEO).click(message, HELP, blocks.ASK_PERSON)

    told = chip.wait_for_said(HELP, wording.PERSON_ASKED_ALREADY)
    assert told.ephemeral_to == CLEO
    assert len(chip.said(STAFF)) == 1


def test_the_claimants_words_reach_the_asker_become_a_correction_and_close_the_card(chip: Chip) -> None:
    message, card = ask_for_a_person(chip)
    claim(chip, card)

    chip.workspace.visit(SAM).post(STAFF, "We don't sell operas, but https://example.com does.", card.ts)

    closed = chip.wait_for_said(STAFF, "Answered by")
    assert closed.ts == card.ts
    chip.settle()
    answers = [said for said in in_thread(chip, HELP, message["thread_ts"]) if "operas" in said]
    assert len(answers) == 1
    assert "*Sam* from the team answers:" in answers[0]
    assert "<https://example.com>" in answers[0]
    (waiting,) = corrections.find_pending(chip.core.db)
    assert (waiting.person, waiting.text) == (SAM, "We don't sell operas, but https://example.com does.")
    assert find_ticket(chip, card).state is TicketState.ANSWERED
    assert ">*Sam:* We don't sell operas" in show(closed)
    assert tickets.find_waiting(chip.core.db, TEAM) == []


def test_what_is_written_before_a_claim_or_as_a_note_or_by_others_stays_among_staff(chip: Chip) -> None:
    message, card = ask_for_a_person(chip)
    sam, ada = chip.workspace.visit(SAM), chip.workspace.visit(ADA)
    sam.post(STAFF, "What an odd question.", card.ts)
    assert chip.wait_for_said(STAFF, wording.TICKET_CLAIM_FIRST).ephemeral_to == SAM
    claim(chip, card)
    sam.post(STAFF, "note: does anybody know?", card.ts)
    ada.post(STAFF, "Tell them no.", card.ts)
    chip.settle()

    said = "\n".join(in_thread(chip, HELP, message["thread_ts"]))
    for kept in ("odd question", "does anybody", "Tell them no"):
        assert kept not in said
    assert find_ticket(chip, card).state is TicketState.CLAIMED


def test_while_a_person_helps_the_conversation_goes_to_them_and_chip_is_silent(chip: Chip) -> None:
    message, card = ask_for_a_person(chip)
    claim(chip, card)
    asked = len(chip.engine.requests)

    chip.workspace.visit(CLEO).post(HELP, "@here It is <urgent>", message["thread_ts"])

    forwarded = chip.wait_for_said(STAFF, "It is &lt;urgent&gt;")
    assert forwarded.thread_ts == card.ts
    assert "<!here" not in show(forwarded)
    chip.settle()
    assert len(chip.engine.requests) == asked


BLOCKS = {"text": "", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "It is urgent"}}]}
FORWARDED = {"text": "see", "attachments": [{"is_share": True, "text": "It is urgent", "fallback": "[Monday] it"}]}


@pytest.mark.parametrize("parts", [BLOCKS, FORWARDED])
def test_words_that_stand_in_blocks_or_are_forwarded_are_carried_both_ways(chip: Chip, parts: dict[str, Any]) -> None:
    message, card = ask_for_a_person(chip)
    claim(chip, card)
    for person, channel, thread_ts in ((CLEO, HELP, message["thread_ts"]), (SAM, STAFF, card.ts)):
        root = chip.workspace.visit(person).post(channel, "a place in time")
        place = {"channel": channel, "ts": root, "event_ts": root, "thread_ts": thread_ts}
        event = {"type": "message", "user": person, "channel_type": "channel", **place, **parts}
        chip.workspace.inside(partial(Workspace.push_event, event=event))
        chip.settle()

    assert "It is urgent" in "".join(in_thread(chip, STAFF, card.ts))
    assert "It is urgent" in "".join(in_thread(chip, HELP, message["thread_ts"])[1:])
    assert find_ticket(chip, card).state is TicketState.ANSWERED


def test_after_the_answer_chip_answers_in_the_thread_again_and_knows_what_was_said(chip: Chip) -> None:
    message, card = ask_for_a_person(chip)
    claim(chip, card)
    chip.workspace.visit(SAM).post(STAFF, "The Zauberflöte.", card.ts)
    chip.wait_for_said(STAFF, "Answered by")
    chip.settle()

    chip.ask(CLEO, "And how long does the Tansy 4 charge?", HELP, message["thread_ts"])

    assert "The Zauberflöte." in [turn.content for turn in chip.engine.requests[-1].messages]


def test_a_second_claim_comes_too_late_and_a_ticket_given_back_can_be_taken(chip: Chip) -> None:
    _, card = ask_for_a_person(chip)
    shown = chip.show(ADA, card)
    claim(chip, card, SAM)
    assert chip.workspace.visit(SAM).click(chip.show(SAM, card), STAFF, ticket_card.RELEASE)
    chip.wait_for_said(STAFF, wording.TICKET_OPEN)
    claim(chip, card, SAM)
    with pytest.raises(Exception, match="unknown_action"):
        chip.workspace.visit(ADA).click(shown, STAFF, ticket_card.CLAIM)
    assert chip.services is not None
    assert chip.services.tickets.claim(find_ticket(chip, card).id, ADA) == wording.TICKET_TAKEN
    assert find_ticket(chip, card).claimed_by == SAM


def test_a_customer_in_the_staff_channel_cannot_answer(chip: Chip) -> None:
    chip.workspace.invite(CLEO, STAFF)
    _, card = ask_for_a_person(chip)
    press(chip, CLEO, card, ticket_card.CLAIM)
    assert chip.wait_for_said(STAFF, wording.TICKET_STAFF_ONLY).ephemeral_to == CLEO
    assert find_ticket(chip, card).state is TicketState.OPEN


def test_a_card_closed_without_an_answer_lets_the_next_call_open_a_new_one(chip: Chip) -> None:
    message, card = ask_for_a_person(chip)
    press(chip, SAM, card, ticket_card.DISMISS)
    chip.wait_for_said(STAFF, "without an answer.")

    chip.workspace.visit(CLEO).click(message, HELP, blocks.ASK_PERSON)

    chip.workspace.wait_for(lambda: len([m for m in chip.workspace.messages(STAFF) if m.bot_id]) == 2)
    assert corrections.approved(chip.core.db) == []


def answer_card(chip: Chip, text: str) -> Message:
    """Let Sam answer Cleo's call for a person; return the card, which asks whether others may get the answer."""
    _, card = ask_for_a_person(chip)
    claim(chip, card)
    chip.workspace.visit(SAM).post(STAFF, text, card.ts)
    answered = chip.wait_for_said(STAFF, "May I give this answer to others")
    assert corrections.approved(chip.core.db) == []
    return answered


def test_an_answer_serves_others_once_staff_approved_it(chip: Chip) -> None:
    card = answer_card(chip, "In the catalogue.")
    open_card(chip, SAM, card, f"<@{SAM}>* (staff) answered this in a ticket")
    assert chip.workspace.visit(SAM).submit_view({}) == {}

    decided = chip.wait_for_said(STAFF, "I give this answer to others who ask the same.")
    assert decided.ts == card.ts
    assert "actions" not in [block["type"] for block in decided.blocks]
    wait_for(chip, SAM, wording.REVIEW_NOTHING)
    assert "In the catalogue." in chip.ask(SAM, OPERA, HELP)["markdown"]


def test_an_answer_for_one_person_serves_nobody_else(chip: Chip) -> None:
    card = answer_card(chip, "In the catalogue.")
    press(chip, SAM, card, ticket_card.KEEP_OUT)
    decided = chip.wait_for_said(STAFF, "for this person only.")
    assert "actions" not in [block["type"] for block in decided.blocks]
    assert corrections.approved(chip.core.db) == []
    assert "In the catalogue." not in chip.ask(SAM, OPERA, HELP)["markdown"]


def test_a_card_that_nobody_answers_is_brought_up_again_and_again(chip: Chip) -> None:
    _, card = ask_for_a_person(chip)
    assert chip.services is not None
    reminders = chip.services.tickets.reminders
    assert reminders.send() == 0
    object.__setattr__(reminders, "after", timedelta(0))

    assert reminders.send() == 1

    reminder = chip.wait_for_said(STAFF, "nobody has taken this yet")
    assert (reminder.thread_ts, reminder.subtype) == (card.ts, "thread_broadcast")
    claim(chip, card)
    assert reminders.send() == 1
    chip.wait_for_said(STAFF, f"for your answer, <@{SAM}>")


def test_a_card_that_slack_refused_is_posted_with_the_next_reminder(chip: Chip) -> None:
    message = chip.ask(CLEO, OPERA, HELP)
    chip.settle()
    chip.workspace.faults.fail("chat.postMessage", "internal_error", status=500, times=2)
    chip.workspace.visit(CLEO).click(message, HELP, blocks.ASK_PERSON)
    chip.wait_for_said(HELP, "under the reference E")
    assert chip.said(STAFF) == []
    assert chip.services is not None
    object.__setattr__(chip.services.tickets.reminders, "after", timedelta(0))

    assert chip.services.tickets.reminders.send() == 1

    chip.wait_for_said(STAFF, f"<@{CLEO}> asks for a person")


def test_an_answer_that_does_not_arrive_is_told_to_whoever_wrote_it(chip: Chip) -> None:
    _, card = ask_for_a_person(chip)
    claim(chip, card)
    chip.workspace.remove("U0CHIP", HELP)

    chip.workspace.visit(SAM).post(STAFF, "The Zauberflöte.", card.ts)

    chip.wait_for_said(STAFF, "did not arrive")
    assert find_ticket(chip, card).state is TicketState.CLAIMED


def test_staff_may_ask_chip_in_the_thread_of_a_card(chip: Chip) -> None:
    _, card = ask_for_a_person(chip)
    claim(chip, card)
    chip.workspace.visit(SAM).post(STAFF, RUNTIME, card.ts)
    chip.wait_for_said(STAFF, "55 minutes")
    chip.settle()
    assert find_ticket(chip, card).state is TicketState.CLAIMED
    assert chip.said(ADMIN) == []
    assert json.dumps(chip.said(HELP)).count("55 minutes") == 0


@pytest.mark.parametrize("harm", ["deleted", "forgotten"])
def test_a_card_does_not_go_on_quoting_what_was_forgotten(chip: Chip, harm: str) -> None:
    message, card = ask_for_a_person(chip)
    claim(chip, card)
    chip.workspace.visit(SAM).post(STAFF, "The Zauberflöte.", card.ts)
    chip.wait_for_said(STAFF, "Answered by")
    chip.settle()
    if harm == "deleted":
        chip.workspace.visit(CLEO).delete(HELP, message["thread_ts"])
    else:
        assert chip.services is not None
        forgetting.forget_person(chip.services, CLEO)

    def shown() -> str:
        return next(show(m) for m in chip.workspace.messages(STAFF) if m.ts == card.ts)

    chip.workspace.wait_for(lambda: "opera" not in shown())
    assert ">*Sam:* The Zauberflöte." in shown()
    assert ("*Somebody asks for a person*" in shown()) == (harm == "forgotten")
    chip.settle()


@pytest.mark.parametrize("is_done", [False, True], ids=["refused", "done but not told"])
@pytest.mark.parametrize("writer", [CLEO, SAM])
def test_words_that_slack_could_not_take_for_a_while_arrive_once(
    patient_chip: Chip, writer: str, is_done: bool
) -> None:
    chip, faults = patient_chip, patient_chip.workspace.faults
    message, card = ask_for_a_person(chip)
    claim(chip, card)
    chip.settle()
    if is_done:
        faults.lose_answer("chat.postMessage")
        faults.fail("conversations.replies", "service_unavailable", status=503)
    else:
        faults.fail("chat.postMessage", "service_unavailable", status=503, times=2)
    places = [(HELP, message["thread_ts"]), (STAFF, card.ts)]
    here, there = places if writer == CLEO else places[::-1]

    chip.workspace.visit(writer).post(here[0], "The Zauberflöte.", here[1])

    chip.workspace.wait_for(lambda: any("Zauberflöte" in said for said in in_thread(chip, *there)))
    chip.settle()
    assert sum("Zauberflöte" in said for said in in_thread(chip, *there)) == 1
    assert find_ticket(chip, card).state is (TicketState.CLAIMED if writer == CLEO else TicketState.ANSWERED)
    assert len(corrections.find_pending(chip.core.db)) == (writer == SAM)


def test_words_that_never_reach_staff_are_told_to_whoever_wrote_them(chip: Chip) -> None:
    message, card = ask_for_a_person(chip)
    claim(chip, card)
    chip.workspace.remove("U0CHIP", STAFF)

    chip.workspace.visit(CLEO).post(HELP, "It is urgent.", message["thread_ts"])

    told = chip.wait_for_said(HELP, wording.TICKET_NOT_CARRIED)
    assert (told.ephemeral_to, told.thread_ts) == (CLEO, message["thread_ts"])
    chip.settle()


def test_the_schedule_reminds_of_a_card_that_waits(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    chip.stop()
    monkeypatch.setattr(schedule, "TICKET_SECONDS", 0.1)
    chip.start()
    _, card = ask_for_a_person(chip)
    assert len(chip.said(STAFF)) == 1
    assert chip.services is not None
    object.__setattr__(chip.services.tickets.reminders, "after", timedelta(seconds=1))

    reminder = chip.wait_for_said(STAFF, "nobody has taken this yet")

    assert (reminder.thread_ts, reminder.subtype) == (card.ts, "thread_broadcast")
    claim(chip, card)
    chip.wait_for_said(STAFF, f"for your answer, <@{SAM}>")


def call_from(chip: Chip, count: int) -> list[dict[str, Any]]:
    """Let Cleo call for a person in so many threads."""
    messages = []
    for number in range(count):
        message = chip.ask(CLEO, f"{OPERA} {number}", HELP)
        chip.settle()
        assert chip.workspace.visit(CLEO).click(message, HELP, blocks.ASK_PERSON)
        chip.settle()
        messages.append(message)
    return messages


def test_one_person_has_a_few_calls_open_and_is_told_to_wait_there(chip: Chip) -> None:
    messages = call_from(chip, desk.MOST_OPEN + 2)
    waiting = tickets.find_waiting(chip.core.db, TEAM)
    assert [ticket.thread_ts for ticket in waiting] == [m.get("thread_ts", m["ts"]) for m in messages[: desk.MOST_OPEN]]
    told = [call.arguments["text"] for call in chip.workspace.calls("chat.postEphemeral")]
    assert told[-1] == wording.PERSON_ASKED_OFTEN.format(count=desk.MOST_OPEN)


def test_staff_are_reminded_of_several_calls_in_one_message(chip: Chip) -> None:
    call_from(chip, 3)
    before = len(chip.workspace.messages(STAFF))
    assert chip.services is not None
    object.__setattr__(chip.services.tickets.reminders, "after", timedelta(0))
    assert chip.services.tickets.reminders.send() == 3
    (reminder,) = chip.workspace.messages(STAFF)[before:]
    assert "3 calls for a person wait" in show(reminder)
    assert show(reminder).count("nobody has taken it yet") == 3
