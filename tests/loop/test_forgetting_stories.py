"""What people take back or change: edits, deletions, the wish to be forgotten, the end of an installation."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.commands import consent
from bot.listeners import forgetting
from bot.listeners.asking import edits
from bot.listeners.asking.edits import ANSWER_EDIT
from bot.views import blocks, wording
from bot.workspace.forms import build_api_message
from bot.workspace.workspace import Workspace
from feedback import choices, conversation, corrections, replies, tables, votes
from feedback.consent import OFF, find_consent, record_consent
from feedback.database import Database
from feedback.forgetting import forget_older, forget_person
from feedback.tables import METADATA, feedback_events, inbox
from feedback.traces import search
from retrain import registry
from retrain.curate import curate
from retrain.examples import DATASET, freeze_dataset
from retrain.proof import FOLDER
from retrain.settings import CurateSettings
from tests.fakes import Slowly
from tests.loop.adapters import write_adapter
from tests.loop.conftest import ADA, ADMIN, CLEO, DMS, HELP, SAM, TEAM, Chip

RUNTIME = "How long does the Tansy 4 run on one charge?"
CHARGING = "In how many minutes does the battery of the Tansy 4 charge?"


def count_rows(db: Database) -> dict[str, int]:
    with db.read() as connection:
        counts = {name: len(connection.execute(table.select()).all()) for name, table in METADATA.tables.items()}
    return {name: count for name, count in counts.items() if count}


def test_an_edit_of_an_answered_question_offers_a_new_answer_to_its_asker(chip: Chip) -> None:
    first = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    cleo = chip.workspace.visit(CLEO)
    cleo.edit(HELP, first["thread_ts"], f"@Chip {CHARGING}")
    offer = chip.wait_for_said(HELP, wording.EDITED)
    chip.settle()

    assert offer.ephemeral_to == CLEO
    assert len(chip.engine.requests) == 1
    shown = chip.show(CLEO, offer)
    assert cleo.click(shown, HELP, ANSWER_EDIT)
    chip.settle()
    assert cleo.click(shown, HELP, ANSWER_EDIT)
    chip.settle()
    given = replies.find_replies_to(chip.core.db, TEAM, HELP, first["thread_ts"])
    assert [reply.question for reply in given] == [RUNTIME, CHARGING]
    assert [len(request.messages) for request in chip.engine.requests] == [2, 2]  # the old answer is no earlier turn


def test_an_edit_while_the_answer_is_made_offers_a_new_one_too(chip: Chip) -> None:
    chip.engine.queue.append(Slowly(("It runs ", "for 55 minutes."), 0.3))
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post(DMS[CLEO], RUNTIME)
    chip.workspace.wait_for(lambda: chip.engine.requests)
    cleo.edit(DMS[CLEO], ts, CHARGING)

    chip.wait_for_said(DMS[CLEO], wording.EDITED)
    chip.settle()


def test_an_edit_of_what_chip_never_took_up_offers_nothing(chip: Chip) -> None:
    sam = chip.workspace.visit(SAM)
    ts = sam.post(HELP, "Lunch?")
    sam.edit(HELP, ts, "Lunch at one?")
    chip.settle()

    assert chip.said(HELP) == []


def test_an_edit_that_adds_the_mention_is_answered(chip: Chip) -> None:
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post(HELP, RUNTIME)
    cleo.edit(HELP, ts, f"@Chip {RUNTIME}")

    assert "55 minutes" in cleo.wait_for_reply(HELP, ts)["markdown"]
    chip.settle()
    assert chip.services is not None
    assert len(chip.said(HELP)) == 1

    edits.handle_change(chip.services, _find_change(chip.core.db))  # whichever comes first, edit or mention
    assert len(chip.said(HELP)) == 1


def test_a_deleted_question_loses_its_words_everywhere_and_keeps_its_votes(chip: Chip) -> None:
    message = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    reply = chip.reply_at(HELP, message)
    votes.record_button(chip.core.db, reply_id=reply.id, person=SAM, role="staff", verdict="up")
    chip.ask(CLEO, "And how long does it charge?", HELP, message["thread_ts"])
    chip.settle()
    chip.workspace.visit(CLEO).delete(HELP, message["thread_ts"])
    chip.workspace.wait_for(lambda: not _find(chip, reply.id).question)
    chip.settle()

    assert RUNTIME not in [m.text for m in conversation.find_thread(chip.core.db, TEAM, HELP, message["thread_ts"])]
    with chip.core.db.read() as connection:
        kept = [json.dumps(dict(row._mapping), default=str) for row in connection.execute(tables.replies.select())]
    assert not any(RUNTIME in row for row in kept)
    assert votes.verdicts(chip.core.db, reply.id) == {SAM: votes.Vote.UP}


def test_who_asks_to_be_forgotten_leaves_no_words_and_others_keep_theirs(chip: Chip) -> None:
    mine = chip.reply_at(DMS[CLEO], chip.ask(CLEO, RUNTIME))
    others = chip.reply_at(DMS[SAM], chip.ask(SAM, CHARGING))
    for person, reply in ((CLEO, mine), (SAM, others)):
        votes.record_button(chip.core.db, reply_id=reply.id, person=person, role="staff", verdict="up")
    chip.settle()
    assert chip.services is not None
    assert forgetting.forget_person(chip.services, CLEO)[0] == 1

    assert RUNTIME not in _dump(chip.core.db)
    assert CHARGING in _dump(chip.core.db)
    assert votes.verdicts(chip.core.db, mine.id) == {}
    assert votes.verdicts(chip.core.db, others.id) == {SAM: votes.Vote.UP}


@pytest.mark.parametrize(
    "event", [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U0CHIP"]}}]
)
def test_a_workspace_that_removes_chip_leaves_nothing_but_its_consent(chip: Chip, event: dict[str, object]) -> None:
    message = chip.ask(CLEO, RUNTIME)
    reply = chip.reply_at(DMS[CLEO], message)
    votes.record_button(chip.core.db, reply_id=reply.id, person=CLEO, role="customer", verdict="up")
    record_consent(chip.core.db, TEAM, by="U0ADA", is_on=True)
    chip.settle()
    chip.workspace.inside(lambda workspace: workspace.push_event(event))

    chip.workspace.wait_for(lambda: count_rows(chip.core.db) == {"consents": 1})


def test_a_revoked_token_of_a_person_forgets_nothing(chip: Chip) -> None:
    chip.ask(CLEO, RUNTIME)
    chip.workspace.inside(
        lambda workspace: workspace.push_event({"type": "tokens_revoked", "tokens": {"oauth": [CLEO], "bot": []}})
    )
    chip.settle()
    assert count_rows(chip.core.db)["replies"] == 1


def test_a_reply_knows_the_role_of_its_asker(chip: Chip) -> None:
    assert chip.reply_at(DMS[CLEO], chip.ask(CLEO, RUNTIME)).asker_role == "customer"
    assert chip.reply_at(DMS[SAM], chip.ask(SAM, RUNTIME)).asker_role == "staff"


def test_nothing_of_a_real_workspace_is_learned_until_somebody_decides(chip: Chip) -> None:
    assert chip.core.consent_unasked.is_on
    slack = chip.core.settings.slack.model_copy(update={"bot_token": "x", "app_token": "y", "signing_secret": "z"})
    object.__setattr__(chip.core, "settings", chip.core.settings.model_copy(update={"slack": slack}))
    assert chip.core.consent_unasked == OFF


def _find(chip: Chip, reply_id: str) -> replies.Reply:
    found = replies.find_reply(chip.core.db, reply_id)
    assert found is not None
    return found


def _dump(db: Database) -> str:
    with db.read() as connection:
        rows = [row for table in METADATA.tables.values() for row in connection.execute(table.select())]
    return json.dumps([dict(row._mapping) for row in rows], default=str)


def test_the_log_stays_closed_after_something_was_erased(chip: Chip) -> None:
    assert chip.services is not None
    forgetting.forget_person(chip.services, CLEO)
    reply = chip.reply_at(DMS[SAM], chip.ask(SAM, RUNTIME))
    votes.record_button(chip.core.db, reply_id=reply.id, person=SAM, role="staff", verdict="up")
    with pytest.raises(Exception, match="append-only"), chip.core.db.begin() as connection:
        connection.execute(feedback_events.delete())


def test_learning_is_turned_on_by_an_admin_who_saw_the_notice_and_it_is_recorded(chip: Chip) -> None:
    ada = chip.workspace.visit(ADA)
    assert ada.command(ADMIN, "/chip learning on #help")
    notice = chip.wait_for_said(ADMIN, "Slack's API terms restrict")
    assert find_consent(chip.core.db, TEAM) is None
    assert ada.click(chip.show(ADA, notice), ADMIN, consent.LEARN)

    decided = find_consent(chip.core.db, TEAM)
    assert decided is not None
    assert (decided.is_on, decided.guests, decided.channels, decided.by) == (True, False, (HELP,), ADA)
    chip.wait_for_said(ADMIN, f"<@{ADA}> decided about learning")
    assert ada.command(ADMIN, "/chip learning off")
    chip.wait_for_said(ADMIN, wording.LEARNING_IS_OFF)
    off = find_consent(chip.core.db, TEAM)
    assert off is not None
    assert not off.is_on
    chip.settle()


def test_guests_words_are_a_decision_of_their_own(chip: Chip) -> None:
    ada = chip.workspace.visit(ADA)
    assert ada.command(ADMIN, "/chip learning on")
    notice = chip.wait_for_said(ADMIN, "Slack's API terms restrict")
    assert ada.click(chip.show(ADA, notice), ADMIN, consent.LEARN_GUESTS)
    decided = find_consent(chip.core.db, TEAM)
    assert decided is not None
    assert (decided.guests, decided.channels) == (True, ())
    chip.settle()


def test_forget_me_asks_once_more_and_then_forgets(chip: Chip) -> None:
    chip.ask(CLEO, RUNTIME)
    chip.settle()
    cleo = chip.workspace.visit(CLEO)
    assert cleo.command(DMS[CLEO], "/chip forget me")
    asked = chip.wait_for_said(DMS[CLEO], "This cannot be undone")
    assert RUNTIME in _dump(chip.core.db)
    assert cleo.click(chip.show(CLEO, asked), DMS[CLEO], consent.FORGET)
    said = chip.wait_for_said(DMS[CLEO], f"<@{CLEO}> is forgotten: 1 questions")
    assert "found none (report F" in said.text
    chip.settle()
    assert RUNTIME not in _dump(chip.core.db)


@pytest.mark.parametrize(("person", "text"), [(CLEO, "/chip forget @Sam"), (SAM, "/chip forget @Cleo")])
def test_only_admins_may_have_others_forgotten(chip: Chip, person: str, text: str) -> None:
    assert chip.workspace.visit(person).command(DMS[person], text)
    chip.wait_for_said(DMS[person], wording.ADMINS_ONLY.format(command="forget @person"))
    chip.settle()


def learn(chip: Chip, adapter_id: str) -> Path:
    """Let an adapter serve that learned what feedback holds now; return its dataset."""
    run = chip.core.runs_folder / f"T{adapter_id}"
    run.mkdir(parents=True)
    dataset = freeze_dataset(curate(chip.core.db, CurateSettings(), seed=1, heldout=[]).examples, run, {})
    base_id = chip.engine.base_id
    adapter = write_adapter(chip.core.adapters_folder, adapter_id, base_id, dataset_hash=dataset.sha256)
    registry.promote(chip.core.db, adapter, by="test", reason="test")
    chip.engine.use_adapter(adapter)
    return run / DATASET


def test_forget_me_reaches_what_was_trained_on_and_the_adapter_that_learned_it(chip: Chip) -> None:
    reply = chip.reply_at(DMS[CLEO], chip.ask(CLEO, RUNTIME))
    corrections.record_correction(chip.core.db, reply_id=reply.id, person=SAM, role="staff", text="75 minutes.")
    dataset = learn(chip, "A1")
    assert RUNTIME in dataset.read_text()
    cleo = chip.workspace.visit(CLEO)
    assert cleo.command(DMS[CLEO], "/chip forget me")
    asked = chip.wait_for_said(DMS[CLEO], "This cannot be undone")
    assert cleo.click(chip.show(CLEO, asked), DMS[CLEO], consent.FORGET)

    chip.wait_for_said(ADMIN, "to be forgotten and is deleted; *the base quoting-base* answers from now on")
    chip.settle()
    assert RUNTIME not in dataset.read_text()
    assert chip.engine.adapter_id() is None
    assert registry.list_adapters(chip.core.adapters_folder) == []
    assert CLEO not in json.dumps([r.asker for r in replies.find_replies(chip.core.db, [reply.id]).values()])


def test_a_deleted_question_is_no_longer_served_as_verified_nor_kept_as_learned(chip: Chip) -> None:
    message = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    reply = chip.reply_at(HELP, message)
    corrections.record_correction(chip.core.db, reply_id=reply.id, person=SAM, role="staff", text="75 minutes.")
    assert chip.core.serve_corrections()
    dataset = learn(chip, "A1")
    chip.workspace.visit(CLEO).delete(HELP, message["thread_ts"])

    chip.wait_for_said(ADMIN, "answers from now on")
    chip.settle()
    assert RUNTIME not in dataset.read_text()
    assert "75 minutes" not in chip.ask(SAM, RUNTIME)["markdown"]


def test_what_a_kill_left_of_forgetting_is_done_at_the_next_start(chip: Chip) -> None:
    reply = chip.reply_at(DMS[CLEO], chip.ask(CLEO, RUNTIME))
    votes.record_button(chip.core.db, reply_id=reply.id, person=SAM, role="staff", verdict="up")
    dataset = learn(chip, "A1")
    chip.settle()
    chip.stop()
    forget_person(chip.core.db, TEAM, CLEO)  # and no more: here the kill comes
    chip.start()

    chip.wait_for_said(ADMIN, "answers from now on")
    assert RUNTIME not in dataset.read_text()


def test_the_end_of_an_installation_leaves_no_dataset_and_no_adapter(chip: Chip) -> None:
    reply = chip.reply_at(DMS[CLEO], chip.ask(CLEO, RUNTIME))
    votes.record_button(chip.core.db, reply_id=reply.id, person=SAM, role="staff", verdict="up")
    dataset = learn(chip, "A1")
    chip.settle()
    chip.workspace.inside(lambda workspace: workspace.push_event({"type": "app_uninstalled"}))
    chip.workspace.wait_for(lambda: not registry.list_adapters(chip.core.adapters_folder))
    assert dataset.read_text() == ""
    assert chip.engine.adapter_id() is None


@pytest.mark.parametrize("goes", ["the person", "the question"])
def test_the_card_about_a_correction_quotes_nothing_that_is_forgotten(chip: Chip, goes: str) -> None:
    message = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    reply = chip.reply_at(HELP, message)
    cleo = chip.workspace.visit(CLEO)
    cleo.click(message, HELP, blocks.VOTE, f"down:{reply.id}")
    cleo.wait_for_view()
    assert cleo.submit_view({blocks.CORRECTION_BLOCK: "It runs for 75 minutes."}) == {}
    card = chip.wait_for_said(ADMIN, "waits for approval")
    assert RUNTIME in json.dumps(card.blocks)
    chip.settle()
    assert chip.services is not None
    if goes == "the person":
        chip.workspace.faults.fail("chat.update", times=2)
        forgetting.forget_person(chip.services, CLEO)
        assert RUNTIME in json.dumps(chip.wait_for_said(ADMIN, "waits for approval").blocks)
        forgetting.empty_cards(chip.services)
    else:
        cleo.delete(HELP, message["thread_ts"])

    emptied = chip.wait_for_said(ADMIN, wording.CORRECTION_FORGOTTEN)
    chip.settle()
    assert emptied.ts == card.ts
    assert [block["type"] for block in emptied.blocks] == ["section"]
    assert "75 minutes" not in json.dumps([one.blocks for one in chip.workspace.messages(ADMIN)])
    assert count_rows(chip.core.db).get("correction_cards") is None
    assert corrections.find_pending(chip.core.db) == []


def test_who_is_forgotten_stays_out_of_the_training_as_they_wished(chip: Chip) -> None:
    assert chip.services is not None
    choices.choose_training(chip.core.db, TEAM, CLEO, allowed=False)
    forgetting.forget_person(chip.services, CLEO)
    assert not choices.may_train_on(chip.core.db, TEAM, CLEO)


def _find_change(db: Database) -> dict[str, Any]:
    with db.read() as connection:
        payloads = connection.execute(select(inbox.c.payload)).scalars().all()
    (change,) = [p for p in payloads if p.get("event", {}).get("subtype") == "message_changed"]
    return dict(change)


def test_an_admin_has_somebody_forgotten_and_others_keep_their_words(chip: Chip) -> None:
    mine = chip.reply_at(DMS[CLEO], chip.ask(CLEO, RUNTIME))
    chip.ask(SAM, CHARGING)
    votes.record_button(chip.core.db, reply_id=mine.id, person=CLEO, role="customer", verdict="up")
    chip.settle()
    ada = chip.workspace.visit(ADA)
    assert ada.command(ADMIN, "/chip forget @Cleo")
    asked = chip.wait_for_said(ADMIN, wording.FORGET_SURE.format(person=CLEO))
    assert asked.ephemeral_to == ADA
    assert RUNTIME in _dump(chip.core.db)

    assert ada.click(chip.show(ADA, asked), ADMIN, consent.FORGET)

    assert chip.wait_for_said(ADMIN, f"<@{CLEO}> is forgotten: 1 questions").ephemeral_to == ADA
    chip.settle()
    assert RUNTIME not in _dump(chip.core.db)
    assert CHARGING in _dump(chip.core.db)
    assert votes.verdicts(chip.core.db, mine.id) == {}


def test_who_is_no_admin_any_more_has_nobody_forgotten_by_the_button_that_they_still_see(chip: Chip) -> None:
    chip.ask(CLEO, RUNTIME)
    ada = chip.workspace.visit(ADA)
    assert ada.command(ADMIN, "/chip forget @Cleo")
    asked = chip.wait_for_said(ADMIN, "This cannot be undone")
    chip.workspace.change_person(ADA, role="agent")
    chip.settle()

    assert ada.click(chip.show(ADA, asked), ADMIN, consent.FORGET)

    chip.wait_for_said(ADMIN, wording.ADMINS_ONLY.format(command="forget @person"))
    assert RUNTIME in _dump(chip.core.db)
    chip.settle()


@pytest.mark.parametrize("whose", ["the question", "the edited question", "the answer"])
def test_a_link_that_slack_unfurls_is_no_edit(chip: Chip, whose: str) -> None:
    answer = chip.ask(CLEO, f"@Chip {RUNTIME} https://example.com/tansy-4", HELP)
    asked = answer["thread_ts"]
    if whose == "the edited question":
        chip.workspace.visit(CLEO).edit(HELP, asked, f"@Chip {CHARGING} https://example.com/tansy-4")
        chip.wait_for_said(HELP, wording.EDITED)
    chip.settle()
    said = chip.said(HELP)
    thread = conversation.find_thread(chip.core.db, TEAM, HELP, asked)

    unfurl(chip, answer["ts"] if whose == "the answer" else asked)
    chip.settle()

    assert chip.said(HELP) == said
    assert len(chip.engine.requests) == 1
    assert conversation.find_thread(chip.core.db, TEAM, HELP, asked) == thread


def unfurl(chip: Chip, ts: str) -> None:
    """Let Slack add what stands behind a link to a message, of which the app hears as of a change."""

    def add(workspace: Workspace) -> None:
        before = build_api_message(workspace.board.get(HELP, ts), workspace.board)
        attachment = {"id": 1, "from_url": "https://example.com/tansy-4", "title": "Tansy 4", "text": "Can it fly?"}
        now = workspace.timeline.next_ts()
        event = {"type": "message", "subtype": "message_changed", "hidden": True, "ts": now, "event_ts": now}
        event |= {"message": before | {"attachments": [attachment]}, "previous_message": before}
        workspace.push_event(event | {"channel": HELP, "channel_type": "channel"})

    chip.workspace.inside(add)


def test_not_a_byte_is_left_of_who_is_forgotten_and_a_report_proves_it(chip: Chip) -> None:
    marks = ["run on one charge of last winter", "it hums like a 1974 Hoover"]
    mine = chip.reply_at(DMS[CLEO], chip.ask(CLEO, f"How long does the Tansy 4 {marks[0]}?"))
    others = chip.ask(SAM, f"@Chip {RUNTIME}", HELP)
    chip.ask(CLEO, f"@Chip And how long does it charge, for {marks[1]}?", HELP, others["thread_ts"])
    corrections.record_correction(chip.core.db, reply_id=mine.id, person=SAM, role="staff", text="75 minutes.")
    dataset = learn(chip, "A1")
    chip.settle()
    data = chip.core.settings.data
    found = search(data, marks).found
    assert found.keys() >= {str(dataset.relative_to(data))}, dataset.read_text()
    assert {name.partition("-")[0] for name in found} >= {"chip.db"}
    assert chip.services is not None

    _, proof = forgetting.forget_person(chip.services, CLEO)
    chip.settle()

    assert search(data, marks).found == {}
    assert proof.found == {}
    assert (proof.rows["messages"], proof.rows["replies"], proof.dataset_rows > 0) == (2, 2, True)
    report = (data / FOLDER / f"{proof.id}.json").read_text()
    assert CLEO not in report
    assert json.loads(report)["serving"] == "A1"
    assert chip.said(HELP), "Slack's own messages are Slack's"


def test_old_conversations_lose_their_words_where_that_is_set(chip: Chip) -> None:
    reply = chip.reply_at(DMS[CLEO], chip.ask(CLEO, RUNTIME))
    taught = chip.reply_at(DMS[SAM], chip.ask(SAM, CHARGING))
    corrections.record_correction(chip.core.db, reply_id=taught.id, person=SAM, role="staff", text="80 minutes.")
    chip.settle()
    now = chip.core.db.clock()
    assert forget_older(chip.core.db, now - timedelta(days=1)) == 0
    assert _find(chip, reply.id).question == RUNTIME
    assert forget_older(chip.core.db, now + timedelta(seconds=1)) == 1
    assert _find(chip, reply.id).question == ""
    assert _find(chip, taught.id).question == CHARGING, "what staff approved goes on being served"
