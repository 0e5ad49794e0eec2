"""People of other organisations in a channel that is shared with them (Slack Connect): they are customers, always."""

import json
from typing import Any

import pytest

from bot.views import blocks, wording
from bot.workspace.people import Channel, Person
from bot.workspace.workspace import Workspace
from feedback import conversation, replies, votes
from feedback.consent import record_consent
from feedback.events import Role
from retrain.curate import Privacy, curate
from retrain.settings import CurateSettings
from tests.loop.conftest import ADA, SAM, STAFF, TEAM, Chip

VIC, THEIRS, SHARED = "U0VIC", "T0THEIRS", "C0SHARED"
RUNTIME = "How long does the Tansy 4 run on one charge?"
CREDIT = "What goodwill credit may support agents grant for a late delivery?"
ANSWER = "The Tansy 4 runs for 55 minutes on one charge. [1]"


@pytest.fixture
def chip(chip: Chip) -> Chip:
    """Chip with a channel that is shared with Vic, who is an admin at home."""

    def share(workspace: Workspace) -> None:
        workspace.directory.add_person(Person(VIC, "vic", "Vic Visitor", "admin", "#888888", team_id=THEIRS))
        members = frozenset({VIC, SAM, ADA, "U0CHIP"})
        workspace.directory.add_channel(Channel(SHARED, "with-theirs", members, shared_with=(THEIRS,)))

    chip.workspace.inside(share)
    return chip


def test_a_question_from_another_organisation_is_streamed_to_them_and_kept_under_our_team(chip: Chip) -> None:
    message = chip.ask(VIC, f"@Chip {RUNTIME}", SHARED)
    chip.settle()

    assert message["markdown"] == ANSWER
    (call,) = chip.workspace.calls("chat.startStream")
    assert (call.arguments["recipient_user_id"], call.arguments["recipient_team_id"]) == (VIC, THEIRS)
    assert len(chip.said(SHARED)) == 1
    reply = chip.reply_at(SHARED, message)
    assert (reply.team, reply.asker_role) == (TEAM, "customer")
    assert len(conversation.find_thread(chip.core.db, TEAM, SHARED, message["thread_ts"])) == 2


def reads_nothing_of_staffs(chip: Chip, message: dict[str, Any]) -> bool:
    """Return whether neither the model nor the asker got to read a passage for staff."""
    prompts = [request.messages[-1].content for request in chip.engine.requests]
    return not any("45 euros" in text for text in [*prompts, json.dumps(message)])


def test_who_is_an_admin_at_home_is_a_customer_here(chip: Chip) -> None:
    message = chip.ask(VIC, f"@Chip {CREDIT}", SHARED)
    assert chip.services is not None
    assert chip.services.directory.role(VIC) is Role.CUSTOMER
    assert reads_nothing_of_staffs(chip, message)


def test_our_staff_get_no_staff_passage_where_others_read(chip: Chip) -> None:
    assert reads_nothing_of_staffs(chip, chip.ask(SAM, f"@Chip {CREDIT}", SHARED))


def test_a_staff_channel_that_is_shared_is_one_no_longer(chip: Chip) -> None:
    chip.ask(SAM, f"@Chip {CREDIT}", STAFF)

    def share(workspace: Workspace) -> None:
        channel = workspace.directory.channels[STAFF]
        shared = Channel(STAFF, channel.name, channel.members | {VIC}, is_private=True, shared_with=(THEIRS,))
        workspace.directory.add_channel(shared)
        workspace.push_event({"type": "channel_shared", "connected_team_id": THEIRS, "channel": STAFF})

    chip.workspace.inside(share)
    chip.settle()
    assert not reads_nothing_of_staffs(chip, {})
    chip.engine.requests.clear()
    assert reads_nothing_of_staffs(chip, chip.ask(SAM, f"@Chip {CREDIT}", STAFF))


def test_their_votes_and_calls_for_a_person_count_and_their_follow_up_is_answered(chip: Chip) -> None:
    message = chip.ask(VIC, f"@Chip {RUNTIME}", SHARED)
    reply = chip.reply_at(SHARED, message)
    vic = chip.workspace.visit(VIC)
    vic.react(SHARED, message["ts"], "+1")
    chip.workspace.wait_for(lambda: votes.verdicts(chip.core.db, reply.id) == {VIC: votes.Vote.UP})
    assert vic.click(message, SHARED, blocks.ASK_PERSON)
    card = chip.wait_for_said(STAFF, f"<@{VIC}> asks for a person* (customer)")
    assert "Vic Visitor" in json.dumps(card.blocks)
    chip.wait_for_said(SHARED, wording.PERSON_ASKED)
    chip.ask(VIC, "And how long does it charge?", SHARED, message["thread_ts"])
    assert "80 minutes" in chip.engine.requests[-1].messages[-1].content
    chip.settle()


def test_their_edit_is_offered_a_new_answer_and_their_deletion_is_forgotten(chip: Chip) -> None:
    message = chip.ask(VIC, f"@Chip {RUNTIME}", SHARED)
    reply = chip.reply_at(SHARED, message)
    vic = chip.workspace.visit(VIC)
    vic.edit(SHARED, message["thread_ts"], f"@Chip {CREDIT}")
    assert chip.wait_for_said(SHARED, wording.EDITED).ephemeral_to == VIC
    vic.delete(SHARED, message["thread_ts"])
    chip.workspace.wait_for(lambda: not replies.find_replies(chip.core.db, [reply.id])[reply.id].question)
    chip.settle()


@pytest.mark.parametrize(("guests", "learned"), [(False, 0), (True, 1)])
def test_their_words_are_learned_only_where_an_admin_said_so_for_them_too(
    chip: Chip, guests: bool, learned: int
) -> None:
    reply = chip.reply_at(SHARED, chip.ask(VIC, f"@Chip {RUNTIME}", SHARED))
    votes.record_button(chip.core.db, reply_id=reply.id, person=SAM, role="staff", verdict="up")
    decided = record_consent(chip.core.db, TEAM, by=ADA, is_on=True, guests=guests)
    curated = curate(chip.core.db, CurateSettings(), seed=1, heldout=[], privacy=Privacy(covers=decided.covers))
    assert len(curated.lessons) == learned
    chip.settle()
