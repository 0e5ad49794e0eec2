"""A retrain by itself happens when it is time and enough was said."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from feedback.database import Database
from retrain.errors import RetrainError
from retrain.report import RetrainReport, begin_run, end_run, fail_run, find_reports
from retrain.schedule import count_new_feedback, due, find_next, start_schedule
from retrain.settings import ScheduleSettings
from tests.patience import PATIENCE_SECONDS
from tests.retrain.feedback_rows import add_reply, correct, like


def test_the_schedule_calls_the_job() -> None:
    called = threading.Event()
    scheduler = start_schedule(called.set, ScheduleSettings(every_hours=1 / 3600))
    try:
        assert called.wait(PATIENCE_SECONDS)
    finally:
        scheduler.shutdown()


def test_a_job_runs_alone_late_firings_count_and_are_coalesced() -> None:
    scheduler = start_schedule(lambda: None, ScheduleSettings(every_hours=6, grace_seconds=120))
    try:
        (job,) = scheduler.get_jobs()
        assert (job.max_instances, job.coalesce, job.misfire_grace_time) == (1, True, 120)
        next_run = find_next(scheduler)
        assert next_run is not None
        assert timedelta(hours=5) < next_run - datetime.now(UTC) <= timedelta(hours=6)
    finally:
        scheduler.shutdown()


def test_a_cron_line_says_when() -> None:
    scheduler = start_schedule(lambda: None, ScheduleSettings(cron="30 3 * * *"))
    try:
        next_run = find_next(scheduler)
        assert next_run is not None
        assert (next_run.hour, next_run.minute) == (3, 30)
    finally:
        scheduler.shutdown()


def test_a_cron_line_that_cannot_be_read_is_named() -> None:
    with pytest.raises(RetrainError, match="every night"):
        start_schedule(lambda: None, ScheduleSettings(cron="every night"))


def test_only_what_was_said_since_the_last_run_makes_a_retrain_due(db: Database) -> None:
    add_reply(db, "R1", "How long?")
    like(db, "R1")
    correct(db, "R1", "Two hours.")
    assert count_new_feedback(db) == 2
    assert due(db, 2)
    assert not due(db, 3)
    run_id, started_at = begin_run(db, trigger="schedule", requested_by="chip")
    assert due(db, 2), "a run that has not ended has not learned"
    end_run(db, RetrainReport(run_id, "schedule", "chip", started_at, "nothing to learn", (), "nano", None))
    assert count_new_feedback(db) == 0
    like(db, "R1", "U7")
    assert due(db, 1)


def test_a_failed_run_leaves_its_feedback_due_and_its_reason_recorded(db: Database) -> None:
    add_reply(db, "R1", "How long?")
    like(db, "R1")
    run_id, _ = begin_run(db, trigger="schedule", requested_by="chip")
    fail_run(db, run_id, "TrainingFailed: exit code 1")
    assert due(db, 1)
    assert [(row["state"], row["reasons"]) for row in find_reports(db)] == [("failed", ["TrainingFailed: exit code 1"])]


def test_a_run_that_the_end_of_the_process_cut_short_is_closed_by_the_next(db: Database) -> None:
    begin_run(db, trigger="command", requested_by="U1")
    begin_run(db, trigger="command", requested_by="U1")
    assert [row["state"] for row in find_reports(db)] == ["running", "interrupted"]
