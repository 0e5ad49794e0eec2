"""Somebody asks for a person, and a person answers: the card, the claim, the answer in both threads, the rows."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import tickets as desk
from bot import wiring
from bot.listeners import forgetting
from bot.slack import files as slack_files
from bot.slack.lost_streams import find_lost_stream
from bot.views import blocks, ticket_card, wording
from bot.workspace.board import Message, SharedFile
from bot.workspace.manifest import load_manifest
from bot.workspace.workspace import Workspace
from feedback import corrections, tickets
from feedback.tickets import TicketState
from tests.loop.conftest import ADA, ADMIN, CLEO, HELP, SAM, STAFF, TEAM, Chip, show

RUNTIME = "@Chip How long does the Tansy 4 run on one charge?"
OPERA = "@Chip Which opera is the most famous in Vienna?"
ANSWER = "We don't sell operas, but <https://example.com|the State Opera> does."


def ask_for_a_person(chip: Chip, question: str = OPERA) -> tuple[dict[str, Any], Message]:
    """Let Cleo ask in #help and press the button; return the answer's message and the card."""
    message = chip.ask(CLEO, question, HELP)
    chip.settle()
    assert chip.workspace.visit(CLEO).click(message, HELP, blocks.ASK_PERSON)
    card = chip.wait_for_said(STAFF, f"<@{CLEO}> asks for a person")
    chip.workspace.wait_for(lambda: tickets.find_by_card(chip.core.db, STAFF, card.ts))
    return message, card


def press(chip: Chip, person: str, card: Message, button: str) -> None:
    assert chip.workspace.visit(person).click(chip.show(person, card), STAFF, button)


def claim(chip: Chip, card: Message, person: str = SAM) -> None:
    press(chip, person, card, ticket_card.CLAIM)
    chip.wait_for_said(STAFF, f"<@{person}> answers.")


def find_ticket(chip: Chip, card: Message) -> tickets.Ticket:
    ticket = tickets.find_by_card(chip.core.db, STAFF, card.ts)
    assert ticket is not None
    return ticket


def in_thread(chip: Chip, channel: str, thread_ts: str) -> list[str]:
    return [show(m) for m in chip.workspace.messages(channel) if m.bot_id and m.thread_ts == thread_ts]


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


@pytest.mark.parametrize(("button", "texts"), [(ticket_card.USE, ["In the catalogue."]), (ticket_card.KEEP_OUT, [])])
def test_an_answer_serves_others_only_when_staff_say_so(chip: Chip, button: str, texts: list[str]) -> None:
    _, card = ask_for_a_person(chip)
    claim(chip, card)
    chip.workspace.visit(SAM).post(STAFF, "In the catalogue.", card.ts)
    answered = chip.wait_for_said(STAFF, "May I give this answer to others")
    assert corrections.approved(chip.core.db) == []

    press(chip, SAM, answered, button)

    decided = chip.wait_for_said(
        STAFF, "I give this answer to others who ask the same." if texts else "for this person only."
    )
    assert decided.ts == card.ts
    assert "actions" not in [block["type"] for block in decided.blocks]
    assert [correction.text for correction in corrections.approved(chip.core.db)] == texts
    again = chip.ask(SAM, OPERA, HELP)
    assert ("In the catalogue." in again["markdown"]) == bool(texts)


def test_a_card_that_nobody_answers_is_brought_up_again_and_again(chip: Chip) -> None:
    _, card = ask_for_a_person(chip)
    assert chip.services is not None
    desk = chip.services.tickets
    assert desk.remind() == 0
    object.__setattr__(desk, "remind_after", timedelta(0))

    assert desk.remind() == 1

    reminder = chip.wait_for_said(STAFF, "nobody has taken this yet")
    assert (reminder.thread_ts, reminder.subtype) == (card.ts, "thread_broadcast")
    claim(chip, card)
    assert desk.remind() == 1
    chip.wait_for_said(STAFF, f"for your answer, <@{SAM}>")


def test_a_card_that_slack_refused_is_posted_with_the_next_reminder(chip: Chip) -> None:
    message = chip.ask(CLEO, OPERA, HELP)
    chip.settle()
    chip.workspace.faults.fail("chat.postMessage", "internal_error", status=500, times=2)
    chip.workspace.visit(CLEO).click(message, HELP, blocks.ASK_PERSON)
    chip.wait_for_said(HELP, "under the reference E")
    assert chip.said(STAFF) == []
    assert chip.services is not None
    object.__setattr__(chip.services.tickets, "remind_after", timedelta(0))

    assert chip.services.tickets.remind() == 1

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


ELSEWHERE = SharedFile("F1", "photo.png", "https://files.example/photo.png", "image/png")
PHOTO = b"\x89PNG of a Tansy 4"


def upload(chip: Chip, name: str = "photo.png", content: bytes = PHOTO) -> SharedFile:
    """Return a file that the workspace holds, not shared yet."""

    def store(workspace: Workspace) -> SharedFile:
        stored = workspace.files.fill(workspace.files.announce(name, len(content)).id, content)
        address = f"{workspace.base_url}/files/{stored.id}/photo.png"
        return SharedFile(stored.id, name, address, stored.mimetype, len(content))

    return chip.workspace.inside(store)


def share_a_file(
    chip: Chip, person: str, channel: str, thread_ts: str, text: str = "", file: SharedFile = ELSEWHERE
) -> str:
    """Share a file in a thread as the person; return the message's ts."""

    def post(workspace: Workspace) -> str:
        ts = workspace.timeline.next_ts()
        message = Message(channel, ts, person, text, thread_ts=thread_ts, subtype="file_share", files=(file,))
        return workspace.board.post(message).ts

    return chip.workspace.inside(post)


@pytest.mark.parametrize("text", ["", "Look at this."])
def test_staff_are_told_of_a_file_and_where_it_is(chip: Chip, text: str) -> None:
    message, card = ask_for_a_person(chip)
    claim(chip, card)

    ts = share_a_file(chip, CLEO, HELP, message["thread_ts"], text)

    told = chip.wait_for_said(STAFF, "A file came with it")
    assert (told.thread_ts, f"/archives/{HELP}/p{ts.replace('.', '')}" in told.text) == (card.ts, True)
    assert ("\n>" in told.text, text in told.text) == (bool(text), True)
    chip.settle()


def test_staff_are_told_that_a_file_in_direct_messages_is_out_of_their_reach(chip: Chip) -> None:
    message = chip.ask(CLEO, OPERA)
    chip.settle()
    assert chip.workspace.visit(CLEO).click(message, "D0CLEO", blocks.ASK_PERSON)
    card = chip.wait_for_said(STAFF, f"<@{CLEO}> asks for a person")
    claim(chip, card)

    share_a_file(chip, CLEO, "D0CLEO", message["thread_ts"])

    chip.wait_for_said(STAFF, wording.TICKET_FILE_PRIVATE.format(person=CLEO))
    chip.settle()


@pytest.mark.parametrize("text", ["", "Look at this."])
def test_a_claimant_is_told_that_a_file_was_not_carried_over(chip: Chip, text: str) -> None:
    message, card = ask_for_a_person(chip)
    claim(chip, card)

    share_a_file(chip, SAM, STAFF, card.ts, text)

    told = chip.wait_for_said(STAFF, wording.TICKET_FILE_LEFT.format(person=CLEO))
    assert told.ephemeral_to == SAM
    chip.settle()
    answers = [said for said in in_thread(chip, HELP, message["thread_ts"]) if "from the team answers" in said]
    assert [text in said for said in answers] == ([True] if text else [])
    assert find_ticket(chip, card).state is (TicketState.ANSWERED if text else TicketState.CLAIMED)


def claim_for(chip: Chip, writer: str) -> tuple[Message, tuple[str, str], tuple[str, str]]:
    """Ask and claim; return the card, and the threads, by channel and ts, where the writer writes and is read."""
    message, card = ask_for_a_person(chip)
    claim(chip, card)
    chip.settle()
    asked, answered = (HELP, message["thread_ts"]), (STAFF, card.ts)
    return (card, asked, answered) if writer == CLEO else (card, answered, asked)


def find_files(chip: Chip, channel: str, thread_ts: str) -> list[tuple[SharedFile, bytes | None]]:
    """Return the files that Chip shared in a thread, with their bytes."""
    messages = [m for m in chip.workspace.messages(channel) if m.bot_id and m.thread_ts == thread_ts]

    def read(workspace: Workspace) -> list[tuple[SharedFile, bytes | None]]:
        return [(file, workspace.files.get(file.id).content) for message in messages for file in message.files]

    return chip.workspace.inside(read)


@pytest.mark.parametrize("text", ["", "Look at this."])
@pytest.mark.parametrize("writer", [CLEO, SAM])
def test_a_file_reaches_the_other_side_once_though_the_words_with_it_are_late(
    patient_chip: Chip, writer: str, text: str
) -> None:
    chip = patient_chip
    card, here, there = claim_for(chip, writer)
    chip.workspace.faults.fail("chat.postMessage", "service_unavailable", status=503, times=2 if text else 0)
    name = f"../\u202e{'x' * 200}.png"

    share_a_file(chip, writer, *here, text, upload(chip, name))

    chip.workspace.wait_for(lambda: find_files(chip, *there))
    chip.settle()
    ((file, content),) = find_files(chip, *there)
    assert content == PHOTO
    assert file.title == "x" * 96 + ".png"
    said = "\n".join([*in_thread(chip, *there), *in_thread(chip, *here)])
    assert said.count("Look at this.") == bool(text)
    assert "not carry" not in said
    assert find_ticket(chip, card).state is (TicketState.ANSWERED if writer == SAM and text else TicketState.CLAIMED)


@pytest.mark.parametrize("writer", [CLEO, SAM])
@pytest.mark.parametrize("harm", ["gone", "no scope", "too large", "larger than it says", "refused"])
def test_a_file_that_cannot_be_carried_over_is_told_of_and_the_words_with_it_arrive(
    chip: Chip, monkeypatch: pytest.MonkeyPatch, writer: str, harm: str
) -> None:
    _card, here, there = claim_for(chip, writer)
    file = upload(chip)
    if harm == "gone":
        chip.workspace.delete_file(file.id)
    elif harm == "no scope":
        token = chip.workspace.bot_token
        scopes = load_manifest().bot_scopes - {"files:read"}
        chip.workspace.inside(lambda w: w.tokens.update({token: replace(w.tokens[token], scopes=scopes)}))
    elif harm == "refused":
        chip.workspace.faults.fail("files.completeUploadExternal", "restricted_action")
    else:
        monkeypatch.setattr(slack_files, "CARRIED_BYTES", len(PHOTO) - 1)
        file = replace(file, size=0) if harm == "larger than it says" else file

    share_a_file(chip, writer, *here, "Look at this.", file)

    chip.wait_for_said(STAFF, wording.TICKET_FILE_LEFT.format(person=CLEO) if writer == SAM else "A file came with it")
    chip.settle()
    assert sum("Look at this." in said for said in in_thread(chip, *there)) == 1
    assert find_files(chip, *there) == []
    assert len(chip.workspace.calls("files.getUploadURLExternal")) == (harm == "refused")


STEPS = {
    "files": ("unavailable", 503),
    "files.getUploadURLExternal": ("service_unavailable", 503),
    "upload": ("unavailable", 503),
    "files.completeUploadExternal": ("ratelimited", 200),
}


@pytest.mark.parametrize("writer", [CLEO, SAM])
@pytest.mark.parametrize("step", STEPS)
def test_a_file_that_slack_does_not_take_at_once_arrives_once_and_nobody_is_told_otherwise(
    patient_chip: Chip, writer: str, step: str
) -> None:
    chip = patient_chip
    _card, here, there = claim_for(chip, writer)
    error, status = STEPS[step]
    chip.workspace.faults.fail(step, error, status)

    share_a_file(chip, writer, *here, "Look at this.", upload(chip))

    chip.workspace.wait_for(lambda: any("Look at this." in said for said in in_thread(chip, *there)))
    chip.settle()
    assert [content for _, content in find_files(chip, *there)] == [PHOTO]
    said = "\n".join([*in_thread(chip, *there), *in_thread(chip, *here)])
    assert sum("Look at this." in one for one in in_thread(chip, *there)) == 1
    assert "not carry" not in said


@pytest.mark.parametrize("writer", [CLEO, SAM])
def test_a_file_that_slack_shares_without_a_word_is_not_shared_again(patient_chip: Chip, writer: str) -> None:
    chip = patient_chip
    _card, here, there = claim_for(chip, writer)
    chip.workspace.faults.lose_answer("files.completeUploadExternal")

    share_a_file(chip, writer, *here, "Look at this.", upload(chip))

    chip.workspace.wait_for(lambda: any("Look at this." in said for said in in_thread(chip, *there)))
    chip.settle()
    assert [content for _, content in find_files(chip, *there)] == [PHOTO]


def test_words_do_not_wait_forever_for_a_file_that_slack_does_not_hand_out(
    patient_chip: Chip, monkeypatch: pytest.MonkeyPatch
) -> None:
    chip = patient_chip
    message, card = ask_for_a_person(chip)
    claim(chip, card)
    chip.settle()
    monkeypatch.setattr(desk, "FILES_WITHIN", timedelta(seconds=0.2))
    chip.workspace.faults.fail("files", "unavailable", status=503, times=999)

    share_a_file(chip, SAM, STAFF, card.ts, "Look at this.", upload(chip))

    chip.wait_for_said(STAFF, wording.TICKET_FILE_LEFT.format(person=CLEO))
    chip.settle()
    assert sum("Look at this." in said for said in in_thread(chip, HELP, message["thread_ts"])) == 1


def test_a_file_that_was_carried_over_is_not_taken_for_a_stream_that_was_lost(chip: Chip) -> None:
    message, card = ask_for_a_person(chip)
    claim(chip, card)
    share_a_file(chip, CLEO, HELP, message["thread_ts"], file=upload(chip))
    chip.workspace.wait_for(lambda: find_files(chip, STAFF, card.ts))
    chip.settle()
    assert chip.services is not None

    lost = find_lost_stream(
        chip.services.client, chip.core.db, chip.services.bot_user, (STAFF, card.ts), card.ts, "Hello"
    )

    assert lost is None


def test_the_schedule_reminds_of_a_card_that_waits(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    chip.stop()
    monkeypatch.setattr(wiring, "TICKET_SECONDS", 0.1)
    chip.start()
    _, card = ask_for_a_person(chip)
    assert len(chip.said(STAFF)) == 1
    assert chip.services is not None
    object.__setattr__(chip.services.tickets, "remind_after", timedelta(seconds=1))

    reminder = chip.wait_for_said(STAFF, "nobody has taken this yet")

    assert (reminder.thread_ts, reminder.subtype) == (card.ts, "thread_broadcast")
    claim(chip, card)
    chip.wait_for_said(STAFF, f"for your answer, <@{SAM}>")
