"""Staff review what waits: one item after another in one window, with what the documents say beside it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.learning.review import Kind
from bot.listeners.review import decide
from bot.views import home, review_view, wording
from feedback import corrections, votes
from feedback.forgetting import forget_person
from feedback.history.imports import NewPair, Status, Use, find_pair, record_import, record_pairs
from retrain.data.verdicts import weigh
from retrain.settings import CurateSettings
from retrieval.passage import Audience, VerifiedAnswer
from tests.loop.conftest import ADA, CLEO, HELP, SAM, STAFF, TEAM, Chip
from tests.loop.reviewing import field_of, open_review, text_of, wait_for
from tests.loop.test_home_stories import open_home

RUNTIME = "How long does the Tansy 4 run on one charge?"
RETURNS = "How long may a robot be sent back?"


def add_correction(chip: Chip, text: str = "75 minutes.", person: str = CLEO) -> corrections.Correction:
    reply = chip.reply_at("D0CLEO", chip.ask(CLEO, RUNTIME))
    return corrections.record_correction(chip.core.db, reply_id=reply.id, person=person, role="customer", text=text)


def add_import(chip: Chip, answer: str = "Within 30 days of delivery.", name: str = "old") -> None:
    import_id = record_import(chip.core.db, by=ADA, source=f"{name}.csv", digest=name, used_as=Use.REVIEW)
    pair = NewPair(f"{RETURNS} ({name})", answer, name, "p1", "p2", "customer", None)
    record_pairs(chip.core.db, import_id, [pair])


def test_an_empty_queue_says_so(chip: Chip) -> None:
    view = open_review(chip, SAM, wording.REVIEW_NOTHING)
    assert view["submit"] is None


def test_customers_do_not_review(chip: Chip) -> None:
    assert chip.workspace.visit(CLEO).command(HELP, "/chip review")
    chip.wait_for_said(HELP, "is for staff")
    assert chip.workspace.visit(CLEO).view() is None


def test_one_item_follows_another_in_one_window_with_the_documents_beside_it(chip: Chip) -> None:
    add_correction(chip)
    add_import(chip)
    sam = chip.workspace.visit(SAM)

    first = open_review(chip, SAM, "2 items wait")
    shown = text_of(first)
    assert f"<@{CLEO}>* (customer)" in shown
    assert "> The Tansy 4 runs for 55 minutes on one charge." in shown
    assert wording.REVIEW_CONTRADICTED in shown
    assert sam.submit_view({}) == {}

    second = wait_for(chip, SAM, "imported from old.csv")
    assert second["id"] == first["id"]
    assert f"Approved by <@{SAM}>, 20" in text_of(second)
    assert sam.submit_view({field_of(second): {"text": "Within 30 days, free of charge."}}) == {}

    last = wait_for(chip, SAM, wording.REVIEW_NOTHING)
    assert f"Changed and approved by <@{SAM}>" in text_of(last)
    held = {one.text for one in corrections.approved(chip.core.db)}
    assert held == {"75 minutes.", "Within 30 days, free of charge."}
    assert find_pair(chip.core.db, 1).decided_by == SAM
    chip.settle()
    assert "75 minutes." in chip.ask(CLEO, RUNTIME)["markdown"]


def test_a_changed_correction_holds_as_staffs_and_the_customers_is_rejected(chip: Chip) -> None:
    waiting = add_correction(chip)
    view = open_review(chip, SAM, "1 item waits")
    assert chip.workspace.visit(SAM).submit_view({field_of(view): {"text": "It runs for 55 minutes."}}) == {}
    wait_for(chip, SAM, "Changed and approved")

    assert [(one.text, one.person) for one in corrections.approved(chip.core.db)] == [("It runs for 55 minutes.", SAM)]
    found = corrections.find_correction(chip.core.db, waiting.id)
    assert found is not None
    assert (found.state, found.decided_by) == (corrections.State.REJECTED, SAM)


def test_what_is_skipped_still_waits_and_what_is_rejected_is_used_for_nothing(chip: Chip) -> None:
    add_correction(chip)
    add_import(chip)
    sam = chip.workspace.visit(SAM)
    assert sam.click_in_view(open_review(chip, SAM, "75 minutes."), review_view.SKIP)
    assert sam.click_in_view(wait_for(chip, SAM, "old.csv"), review_view.REJECT)
    assert f"Rejected by <@{SAM}>" in text_of(wait_for(chip, SAM, wording.REVIEW_END.format(waiting=1)))

    assert find_pair(chip.core.db, 1).status is Status.REJECTED
    assert len(corrections.find_pending(chip.core.db)) == 1
    assert corrections.approved(chip.core.db) == []


def test_an_empty_answer_is_refused_in_the_window(chip: Chip) -> None:
    add_correction(chip)
    view = open_review(chip, SAM, "75 minutes.")
    field = field_of(view)
    assert chip.workspace.visit(SAM).submit_view({field: {"text": "  "}}) == {field: wording.REVIEW_EMPTY}
    assert len(corrections.find_pending(chip.core.db)) == 1


def test_two_admins_at_once_decide_an_item_only_once(chip: Chip) -> None:
    add_correction(chip)
    add_import(chip)
    theirs = open_review(chip, ADA, "75 minutes.")
    mine = open_review(chip, SAM, "75 minutes.")
    assert chip.workspace.visit(ADA).click_in_view(theirs, review_view.REJECT)
    wait_for(chip, ADA, "old.csv")

    assert chip.workspace.visit(SAM).submit_view({}, mine["id"]) == {}

    assert wording.REVIEW_TAKEN.format(person=ADA) in text_of(wait_for(chip, SAM, "old.csv"))
    assert corrections.approved(chip.core.db) == []


def test_an_item_whose_author_is_forgotten_meanwhile_is_gone(chip: Chip) -> None:
    add_correction(chip)
    open_review(chip, SAM, "75 minutes.")
    forget_person(chip.core.db, TEAM, CLEO)
    assert chip.workspace.visit(SAM).submit_view({}) == {}
    assert wording.REVIEW_GONE in text_of(wait_for(chip, SAM, wording.REVIEW_NOTHING))
    assert corrections.approved(chip.core.db) == []


def test_the_longest_answer_fits_the_window(chip: Chip) -> None:
    add_import(chip, "&<>" * 1000 + "!" * 500)
    view = open_review(chip, SAM, "old.csv")
    assert wording.REVIEW_CUT.format(limit=3000) in text_of(view)
    assert chip.workspace.visit(SAM).submit_view({}) == {}
    wait_for(chip, SAM, wording.REVIEW_NOTHING)
    assert [len(one.text) for one in corrections.approved(chip.core.db)] == [3000]


def test_who_is_staff_no_more_decides_nothing(chip: Chip) -> None:
    add_correction(chip)
    view = open_review(chip, SAM, "75 minutes.")
    chip.workspace.change_person(SAM, role="customer")
    chip.settle()
    assert chip.services is not None
    body = {"user": {"id": SAM}, "view": view, "trigger_id": "t"}
    shown = decide(chip.services, body, approved=False)
    assert wording.STAFF_ONLY.format(command="review") in text_of(shown)
    assert len(corrections.find_pending(chip.core.db)) == 1


def test_home_opens_the_review_and_what_was_decided_elsewhere_is_not_decided_again(chip: Chip) -> None:
    waiting = add_correction(chip)
    ada = chip.workspace.visit(ADA)
    assert ada.click_in_view(open_home(chip, ADA), home.REVIEW)
    view = wait_for(chip, ADA, "75 minutes.")
    corrections.decide(chip.core.db, waiting.id, by=SAM, role="staff", approved=False)
    assert ada.submit_view({}, view["id"]) == {}
    assert wording.REVIEW_TAKEN.format(person=SAM) in text_of(wait_for(chip, ADA, wording.REVIEW_NOTHING))
    assert corrections.approved(chip.core.db) == []


def vote(chip: Chip, reply_id: str, people: int, verdict: str, prefix: str = "U1") -> None:
    for number in range(people):
        votes.record_button(
            chip.core.db, reply_id=reply_id, person=f"{prefix}{number}", role="customer", verdict=verdict
        )


def test_the_heaviest_item_comes_first(chip: Chip) -> None:
    add_correction(chip, "An hour.")
    disputed = chip.reply_at("D0CLEO", chip.ask(CLEO, RETURNS))
    vote(chip, disputed.id, 3, "up")
    vote(chip, disputed.id, 3, "down", "U2")
    first = open_review(chip, SAM, "2 items wait")
    assert "3 up, 3 down" in text_of(first)
    assert chip.workspace.visit(SAM).click_in_view(first, review_view.SKIP)
    wait_for(chip, SAM, "An hour.")


@pytest.mark.parametrize("approves", [True, False])
def test_staff_settle_what_people_disagree_about(chip: Chip, approves: bool) -> None:
    reply = chip.reply_at("D0CLEO", chip.ask(CLEO, RETURNS))
    vote(chip, reply.id, 2, "up")
    vote(chip, reply.id, 1, "down", "U2")
    view = open_review(chip, SAM, "2 up, 1 down (1 answers to this question)")
    sam = chip.workspace.visit(SAM)
    if approves:
        assert sam.submit_view({field_of(view): {"text": "Within 30 days."}}) == {}
    else:
        assert sam.click_in_view(view, review_view.REJECT)
    wait_for(chip, SAM, wording.REVIEW_NOTHING)
    held = [one.text for one in corrections.approved(chip.core.db)]
    assert held == (["Within 30 days."] if approves else [])
    assert (votes.verdicts(chip.core.db, reply.id).get(SAM) is votes.Vote.DOWN) is not approves


@pytest.mark.parametrize("counts", [True, False])
def test_a_crowd_of_votes_counts_once_staff_say_so(chip: Chip, counts: bool) -> None:
    reply = chip.reply_at("D0CLEO", chip.ask(CLEO, RETURNS))
    vote(chip, reply.id, 12, "up")
    assert list(weigh(chip.core.db, CurateSettings()).ups) == [0]
    view = open_review(chip, SAM, "Several people voted 12 times within")
    sam = chip.workspace.visit(SAM)
    assert sam.submit_view({}) == {} if counts else sam.click_in_view(view, review_view.REJECT)
    wait_for(chip, SAM, wording.REVIEW_NOTHING)
    assert list(weigh(chip.core.db, CurateSettings()).ups) == [12 if counts else 0]


def approve_answer(chip: Chip, text: str) -> corrections.Correction:
    reply = chip.reply_at("D0SAM", chip.ask(SAM, RUNTIME))
    return corrections.record_correction(chip.core.db, reply_id=reply.id, person=SAM, role="staff", text=text)


def make_answer(correction_id: str) -> VerifiedAnswer:
    at = datetime(2026, 11, 29, tzinfo=UTC)
    return VerifiedAnswer(correction_id, RUNTIME, "55 minutes.", SAM, at, Audience.CUSTOMER, ())


def look_for_contradictions(chip: Chip) -> None:
    assert chip.services is not None
    chip.services.doubts.refresh()


def test_an_approved_answer_that_the_documents_deny_is_kept_or_withdrawn(chip: Chip) -> None:
    approve_answer(chip, "The Tansy 4 runs for 75 minutes on one charge.")
    look_for_contradictions(chip)
    view = open_review(chip, ADA, "something contradicts it now")
    assert "55 minutes" in text_of(view)
    assert chip.workspace.visit(ADA).click_in_view(view, review_view.REJECT)
    wait_for(chip, ADA, wording.REVIEW_NOTHING)
    assert corrections.approved(chip.core.db) == []


def test_of_two_approved_answers_that_contradict_the_earlier_is_shown(chip: Chip) -> None:
    asked = "How many euros does a Tansy club membership cost?"
    for text in ("A membership costs 20 euros.", "A membership costs 30 euros."):
        reply = chip.reply_at("D0SAM", chip.ask(SAM, asked))
        corrections.record_correction(chip.core.db, reply_id=reply.id, person=SAM, role="staff", text=text)
    look_for_contradictions(chip)
    view = open_review(chip, ADA, "something contradicts it now")
    assert field_of(view)
    assert "30 euros" in text_of(view)
    assert chip.workspace.visit(ADA).submit_view({field_of(view): {"text": "A membership costs 35 euros."}}) == {}
    wait_for(chip, ADA, wording.REVIEW_NOTHING)
    assert corrections.approved(chip.core.db)[-1].text == "A membership costs 35 euros."


def test_an_answer_whose_documents_changed_waits_until_it_is_kept(chip: Chip) -> None:
    held = approve_answer(chip, "55 minutes.")
    assert chip.services is not None
    doubts = replace(chip.services.doubts, find_outdated=lambda: [make_answer(held.id)])
    doubts.refresh()
    (item,) = doubts.list_items()
    assert (item.kind, item.id, item.text) == (Kind.OUTDATED, held.id, "55 minutes.")


def test_who_decided_what_is_listed(chip: Chip) -> None:
    add_correction(chip)
    add_import(chip)
    sam = chip.workspace.visit(SAM)
    assert sam.click_in_view(open_review(chip, SAM, "75 minutes."), review_view.REJECT)
    view = wait_for(chip, SAM, "old.csv")
    assert sam.submit_view({field_of(view): {"text": "In 30 days."}}) == {}
    wait_for(chip, SAM, wording.REVIEW_NOTHING)

    assert sam.command(STAFF, "/chip review log")
    said = chip.wait_for_said(STAFF, wording.REVIEW_LOG).text
    assert f"<@{SAM}> rejected (correction): {RUNTIME}" in said
    assert f"<@{SAM}> changed and approved (imported): {RETURNS}" in said
