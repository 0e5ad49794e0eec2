"""A file is shared while a person helps, and it or word of it reaches the other side."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.slack import files as slack_files
from bot.slack.lost_streams import find_lost_stream
from bot.tickets import crossing
from bot.views import blocks, wording
from bot.workspace.board import Message, SharedFile
from bot.workspace.manifest import load_manifest
from bot.workspace.workspace import Workspace
from feedback.tickets import TicketState
from tests.loop.conftest import CLEO, HELP, SAM, STAFF, Chip
from tests.loop.desk import OPERA, ask_for_a_person, claim, find_ticket, in_thread

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
    monkeypatch.setattr(crossing, "FILES_WITHIN", timedelta(seconds=0.2))
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
