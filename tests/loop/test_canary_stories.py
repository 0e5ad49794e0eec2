"""An adapter on trial with some of the people: who gets it, what an admin sees, and how it ends."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from bot.core import now_utc
from bot.engine.port import Lane
from bot.learning.canary import Trials
from bot.views import report as report_view
from bot.views import wording
from feedback.events import FeedbackKind, FeedbackSource, Role, Said, append_event
from feedback.tables import canaries, replies
from retrain import registry
from retrain.canary import log
from retrain.canary.arms import is_candidates
from retrain.report import RetrainReport
from tests.loop.adapters import write_adapter
from tests.loop.conftest import ADA, ADMIN, CLEO, DMS, HELP, STAFF, TEAM, Chip
from tests.loop.test_command_stories import run
from tests.loop.test_home_stories import open_home, text_of

RUNTIME = "How long does the Tansy 4 run on one charge?"
numbers = itertools.count()


needs_adapter = pytest.mark.usefixtures("trials")


@pytest.fixture
def trials(chip: Chip) -> Trials:
    write_adapter(chip.core.adapters_folder, "A1", chip.engine.base_id)
    assert chip.services is not None
    return chip.services.trials


def begin_earlier(chip: Chip, share: float = 0.5) -> log.Canary:
    """Begin a trial three days ago."""
    before = now_utc() - timedelta(days=3)
    row = {"id": "Y1", "at": before, "adapter_id": "A1", "base_id": chip.engine.base_id, "control_id": None}
    with chip.core.db.begin() as connection:
        connection.execute(insert(canaries).values(**row, share=share, by=ADA, reason=""))
    assert chip.services is not None
    chip.services.trials.follow()
    running = log.find_running(chip.core.db, chip.engine.base_id)
    assert running is not None
    return running


def have(chip: Chip, canary: log.Canary, many: int, *, bad_with_it: int, bad_without: int) -> None:
    """Have conversations of which in each arm so many of a hundred go badly."""
    for arm, place in zip(draw_arms(canary, many), itertools.count()):
        thread, is_tried = arm
        at = now_utc() - timedelta(days=2)
        reply_id = f"R{thread}"
        texts: dict[str, object] = dict.fromkeys(
            ("question_ts", "audience", "question", "query", "answer", "shown", "prompt"), "x"
        )
        row = texts | {"id": reply_id, "team": TEAM, "channel": HELP, "thread_ts": thread, "asker": CLEO}
        row |= {"base_id": chip.engine.base_id, "finish": "stop", "prompt_tokens": 9, "completion_tokens": 9}
        said = Said(reply_id, CLEO, Role.CUSTOMER, FeedbackKind.VOTE, FeedbackSource.BUTTON, {"verdict": "down"}, at=at)
        with chip.core.db.begin() as connection:
            connection.execute(
                insert(replies).values(**row, refused=False, messages=[], evidence={}, total_ms=9, created_at=at)
            )
            if place * 37 % 100 < (bad_with_it if is_tried else bad_without):
                append_event(connection, chip.core.db, said)


def draw_arms(canary: log.Canary, many: int) -> Iterator[tuple[str, bool]]:
    for _ in range(many):
        thread = f"{(canary.began_at + timedelta(seconds=next(numbers) + 1)).timestamp():.6f}"
        yield thread, is_candidates(canary, TEAM, HELP, thread)


@needs_adapter
def test_a_share_of_the_threads_gets_the_candidate_and_keeps_it(chip: Chip) -> None:
    before = chip.reply_at(DMS[CLEO], chip.ask(CLEO, RUNTIME))
    assert "answers 50% of the new" in run(chip, ADA, "/chip canary A1 50", ADMIN, "I end it by myself")
    assert chip.wait_for_said(ADMIN, f"(by <@{ADA}>)").ephemeral_to is None
    assert chip.reply_at(DMS[CLEO], chip.ask(CLEO, "And to charge?", thread_ts=before.thread_ts)).adapter_id is None

    spoke: set[str | None] = set()
    while len(spoke) < 2:
        first = chip.reply_at(DMS[CLEO], chip.ask(CLEO, RUNTIME))
        second = chip.reply_at(DMS[CLEO], chip.ask(CLEO, "And to charge?", thread_ts=first.thread_ts))
        running = log.find_running(chip.core.db, chip.engine.base_id)
        assert running is not None
        is_its = is_candidates(running, TEAM, DMS[CLEO], first.thread_ts)
        assert first.adapter_id == second.adapter_id == ("A1" if is_its else None)
        spoke.add(first.adapter_id)


@needs_adapter
def test_status_home_and_the_command_tell_how_it_goes(chip: Chip) -> None:
    run(chip, ADA, "/chip canary", ADMIN, "No adapter is being tried")
    have(chip, begin_earlier(chip, 0.25), 40, bad_with_it=20, bad_without=20)
    for said in (
        run(chip, ADA, "/chip canary", ADMIN, "On trial"),
        run(chip, ADA, "/chip status", STAFF, "On trial"),
        text_of(open_home(chip, ADA)),
    ):
        assert "A1 answers 25% of the new conversations since" in said
        assert "with what serves, went badly" in said
        assert "of the way to ending it" in said
    run(chip, ADA, "/chip canary 40", ADMIN, "answers 40% of the new conversations")
    run(chip, ADA, "/chip canary 90", ADMIN, "at most 50%")
    run(chip, ADA, "/chip canary off", ADMIN, "an admin ended it")
    assert chip.engine.adapter_id(Lane.CANARY) is None
    assert "On trial" not in text_of(open_home(chip, ADA))


@needs_adapter
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("/chip canary A9", "There is no adapter A9"),
        ("/chip canary A1 lots", "/chip canary <adapter> 25".replace("<", "&lt;").replace(">", "&gt;")),
        ("/chip canary A2", "did not pass the gate"),
        ("/chip canary off", "No adapter is being tried"),
    ],
)
def test_what_cannot_be_tried_is_refused_in_a_sentence(chip: Chip, text: str, answer: str) -> None:
    write_adapter(chip.core.adapters_folder, "A2", chip.engine.base_id, passed=False, ruling="refused")
    run(chip, ADA, text, ADMIN, answer)
    assert chip.engine.swaps == []


@needs_adapter
def test_the_button_beside_let_it_answer_begins_a_trial(chip: Chip) -> None:
    assert chip.services is not None
    base_id = chip.engine.base_id
    report = RetrainReport("T1", "command", ADA, now_utc(), "not judged", ("Too few.",), base_id, None, adapter_id="A1")
    chip.services.learning.report(report)
    message = chip.wait_for_said(ADMIN, wording.SERVE_BUTTON)
    chip.workspace.visit(ADA).click(chip.show(ADA, message), ADMIN, report_view.TRY, value="A1")
    chip.wait_for_said(ADMIN, "is tried: it answers 25% of the new conversations")
    assert chip.engine.adapter_id(Lane.CANARY) == "A1"
    assert registry.live(chip.core.db, base_id) is None


def test_a_candidate_that_people_are_worse_off_with_is_ended_by_itself(chip: Chip, trials: Trials) -> None:
    have(chip, begin_earlier(chip), 200, bad_with_it=60, bad_without=10)
    trials.decide()
    assert chip.engine.adapter_id(Lane.CANARY) is None
    assert log.find_running(chip.core.db, chip.engine.base_id) is None
    chip.wait_for_said(ADMIN, "people were worse off with it")
    assert chip.reply_at(DMS[CLEO], chip.ask(CLEO, RUNTIME)).adapter_id is None


def test_admins_are_asked_once_about_a_candidate_that_is_better(chip: Chip, trials: Trials) -> None:
    have(chip, begin_earlier(chip), 200, bad_with_it=10, bad_without=60)
    trials.decide()
    trials.decide()
    offers = [said for said in chip.said(ADMIN) if "People are better off" in said]
    assert len(offers) == 1
    assert wording.SERVE_BUTTON in offers[0]
    assert registry.live(chip.core.db, chip.engine.base_id) is None
    run(chip, ADA, "/chip serve A1", ADMIN, "answers now")
    assert log.find_running(chip.core.db, chip.engine.base_id) is None
    assert (chip.engine.adapter_id(), chip.engine.adapter_id(Lane.CANARY)) == ("A1", None)


def test_a_better_candidate_serves_by_itself_only_where_an_admin_allows_it(chip: Chip, trials: Trials) -> None:
    trials.settings = replace(trials.settings, promotes=True)
    have(chip, begin_earlier(chip), 200, bad_with_it=10, bad_without=60)
    trials.decide()
    assert registry.live(chip.core.db, chip.engine.base_id) == "A1" == chip.engine.adapter_id()
    chip.wait_for_said(ADMIN, "people were better off with it")
    run(chip, ADA, "/chip rollback", ADMIN, "speaks with")
    assert chip.engine.adapter_id() is None


@needs_adapter
def test_a_trial_goes_on_after_a_restart(chip: Chip) -> None:
    begin_earlier(chip)
    chip.stop()
    chip.engine.use_adapter(None, Lane.CANARY)
    chip.start()
    assert chip.engine.adapter_id(Lane.CANARY) == "A1"


@needs_adapter
def test_a_trial_ends_with_the_base_that_it_was_made_for(chip: Chip) -> None:
    begin_earlier(chip)
    chip.stop()
    chip.engine.base_id = "another-base"
    chip.start()
    assert chip.engine.adapter_id(Lane.CANARY) is None
    chip.wait_for_said(ADMIN, "the base was changed to another-base")
    assert log.find_running(chip.core.db, "quoting-base") is None


def test_a_trial_ends_where_its_adapter_is_deleted_damaged_or_has_nothing_to_be_compared_with(
    chip: Chip, trials: Trials, tmp_path: Path
) -> None:
    begin_earlier(chip)
    (chip.core.adapters_folder / "A1").rename(tmp_path / "gone")
    trials.follow()
    assert chip.engine.adapter_id(Lane.CANARY) is None
    chip.wait_for_said(ADMIN, "learned something that was forgotten")

    (tmp_path / "gone").rename(chip.core.adapters_folder / "A1")
    trials.begin("A1", 0.25, by=ADA)
    write_adapter(chip.core.adapters_folder, "A3", chip.engine.base_id)
    run(chip, ADA, "/chip serve A3", ADMIN, "answers now")
    chip.wait_for_said(ADMIN, "nothing to compare it with")
    assert chip.engine.adapter_id(Lane.CANARY) is None

    trials.begin("A1", 0.25, by=ADA)
    (chip.core.adapters_folder / "A1" / "adapter.gguf").write_bytes(b"another")
    chip.engine.use_adapter(None, Lane.CANARY)  # as after a death of the engine
    trials.follow()
    chip.wait_for_said(ADMIN, "does not match its recorded hash")
    assert log.find_running(chip.core.db, chip.engine.base_id) is None


def test_a_trial_that_decides_nothing_ends_after_its_time(chip: Chip, trials: Trials) -> None:
    trials.settings = replace(trials.settings, days=2)
    begin_earlier(chip)
    trials.decide()
    chip.wait_for_said(ADMIN, "2 days did not show")
    assert log.find_running(chip.core.db, chip.engine.base_id) is None
