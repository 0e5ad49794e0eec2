"""A retrain by itself happens when it is time and enough was said."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from feedback.database import Database
from retrain.errors import RetrainError
from retrain.quiet_hours import parse_quiet_hours
from retrain.report import RetrainReport, begin_run, end_run, fail_run, find_reports
from retrain.schedule import FILE, JOB_ID, STORE, Schedule, count_new_feedback, due
from retrain.settings import ScheduleSettings
from tests.patience import PATIENCE_SECONDS, wait_until
from tests.retrain.feedback_rows import add_reply, correct, like


def now_utc() -> datetime:
    return datetime.now(UTC)


NIGHTLY = ScheduleSettings(cron="30 3 * * *", time_zone="Europe/Vienna")


class Calls:
    """What a schedule ran: why, and that it did at all."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.came = threading.Event()

    def __call__(self, asked: str) -> None:
        self.asked.append(asked)
        self.came.set()


@pytest.fixture
def calls() -> Calls:
    return Calls()


@contextmanager
def open_schedule(
    folder: Path, calls: Calls, settings: ScheduleSettings, clock: Callable[[], datetime] = now_utc
) -> Iterator[Schedule]:
    schedule = Schedule(calls, settings, folder, clock)
    try:
        yield schedule
    finally:
        schedule.close()


def find_job(schedule: Schedule) -> Any:
    (job,) = schedule.scheduler.get_jobs(STORE)
    return job


def set_next(schedule: Schedule, at: datetime) -> None:
    schedule.scheduler.modify_job(JOB_ID, STORE, next_run_time=at)


def test_the_schedule_calls_the_job_alone_and_once_for_all_missed_times(tmp_path: Path, calls: Calls) -> None:
    with open_schedule(tmp_path, calls, ScheduleSettings(every_hours=1 / 3600)) as schedule:
        assert calls.came.wait(PATIENCE_SECONDS)
        job = find_job(schedule)
        assert (job.max_instances, job.coalesce, job.misfire_grace_time) == (1, True, None)
    assert calls.asked[0] == ""


def test_a_restart_keeps_when_the_next_run_is_due(tmp_path: Path, calls: Calls) -> None:
    with open_schedule(tmp_path, calls, ScheduleSettings(every_hours=24)) as schedule:
        soon = now_utc() + timedelta(hours=2)
        set_next(schedule, soon)
    with open_schedule(tmp_path, calls, ScheduleSettings(every_hours=24)) as schedule:
        assert schedule.find_next() == soon
    with open_schedule(tmp_path, calls, ScheduleSettings(every_hours=12)) as schedule:
        next_run = schedule.find_next()
    assert next_run is not None
    assert next_run - soon > timedelta(hours=9), "other settings begin again"


def test_days_in_which_chip_was_off_are_made_up_for_by_one_run(tmp_path: Path, calls: Calls) -> None:
    daily = ScheduleSettings(every_hours=24)
    with open_schedule(tmp_path, calls, daily) as schedule:
        schedule.scheduler.pause()
        set_next(schedule, now_utc() - timedelta(days=5))
    with open_schedule(tmp_path, calls, daily) as schedule:
        assert calls.came.wait(PATIENCE_SECONDS)
        next_run = schedule.find_next()
        assert next_run is not None
        assert timedelta(0) < next_run - now_utc() <= timedelta(hours=24)
    assert calls.asked == [""]


def test_no_run_begins_in_quiet_hours_and_the_first_after_them_does(tmp_path: Path, calls: Calls) -> None:
    quiet = replace(NIGHTLY, quiet_hours="08:00-18:00")
    noon = datetime(2026, 11, 29, 11, 0, tzinfo=UTC)  # 12:00 in Vienna
    with open_schedule(tmp_path, calls, quiet, lambda: noon) as schedule:
        schedule.run("")
        assert calls.asked == []
        assert schedule.find_next() == datetime(2026, 11, 29, 17, 0, tzinfo=UTC)
    with open_schedule(tmp_path, calls, quiet, lambda: noon + timedelta(hours=7)) as schedule:
        schedule.run("")
    assert calls.asked == [""]


def test_what_asks_for_a_retrain_earlier_is_heard_once_and_outlives_a_restart(tmp_path: Path, calls: Calls) -> None:
    night = replace(NIGHTLY, quiet_hours="00:00-23:59")
    with open_schedule(tmp_path, calls, night) as schedule:
        schedule.bring_forward("the questions changed")
        schedule.bring_forward("the documents changed")
    with open_schedule(tmp_path, calls, replace(night, quiet_hours=None)) as schedule:
        set_next(schedule, now_utc())
        assert calls.came.wait(PATIENCE_SECONDS)
        wait_until(lambda: find_job(schedule).kwargs["asked"] == "")
    assert calls.asked == ["the questions changed"]


def test_a_clock_that_was_set_back_stops_no_job(tmp_path: Path, calls: Calls) -> None:
    with open_schedule(tmp_path, calls, ScheduleSettings(every_hours=6)) as schedule:
        schedule.scheduler.add_job(lambda: None, "interval", hours=2, id="other")
        for job in schedule.scheduler.get_jobs():
            job.modify(next_run_time=now_utc() + timedelta(days=400))
        schedule.mend_clock()
        left = {job.id: job.next_run_time - now_utc() for job in schedule.scheduler.get_jobs()}
    assert left["other"] <= timedelta(hours=2)
    assert left[JOB_ID] <= timedelta(hours=6)


def test_a_clock_that_jumps_ahead_brings_one_run_and_not_the_missed_ones(tmp_path: Path, calls: Calls) -> None:
    with open_schedule(tmp_path, calls, ScheduleSettings(every_hours=1)) as schedule:
        set_next(schedule, now_utc() - timedelta(days=30))  # as if thirty days had gone by at once
        assert calls.came.wait(PATIENCE_SECONDS)
    assert calls.asked == [""]


def test_a_cron_line_counts_in_the_time_zone_of_the_settings(tmp_path: Path, calls: Calls) -> None:
    with open_schedule(tmp_path, calls, NIGHTLY) as schedule:
        next_run = schedule.find_next()
    assert next_run is not None
    local = next_run.astimezone(ZoneInfo("Europe/Vienna"))
    assert (local.hour, local.minute) == (3, 30)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"cron": "every night"}, "every night"),
        ({"quiet_hours": "at night"}, "at night"),
        ({"quiet_hours": "25:00-26:00"}, "25:00"),
        ({"quiet_hours": "08:00-08:00"}, "no hour for a training"),
        ({"time_zone": "Vienna"}, "Vienna"),
    ],
)
def test_settings_that_say_no_time_are_named(tmp_path: Path, calls: Calls, changes: dict[str, str], named: str) -> None:
    settings = replace(ScheduleSettings(quiet_hours="08:00-18:00"), **changes)  # type: ignore[arg-type]
    with pytest.raises(RetrainError, match=named):
        Schedule(calls, settings, tmp_path, now_utc)


def test_a_file_that_is_no_schedule_begins_again(tmp_path: Path, calls: Calls) -> None:
    (tmp_path / FILE).write_bytes(b"this was a database once" * 100)
    with open_schedule(tmp_path, calls, ScheduleSettings(every_hours=6)) as schedule:
        assert schedule.find_next() is not None


@pytest.mark.parametrize(
    ("hours", "at", "ends"),
    [
        ("08:00-18:00", "07:59", "07:59"),
        ("08:00-18:00", "08:00", "18:00"),
        ("08:00-18:00", "18:00", "18:00"),
        ("22:00-06:00", "23:10", "06:00"),
        ("22:00-06:00", "05:59", "06:00"),
        ("22:00-06:00", "12:00", "12:00"),
    ],
)
def test_quiet_hours_end_on_the_same_day_or_the_next(hours: str, at: str, ends: str) -> None:
    zone = ZoneInfo("America/New_York")
    instant = datetime.fromisoformat(f"2026-07-01T{at}").replace(tzinfo=zone)
    left = parse_quiet_hours(hours, zone).leave(instant).astimezone(zone)
    assert (left.strftime("%H:%M"), left - instant < timedelta(hours=12)) == (ends, True)


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
