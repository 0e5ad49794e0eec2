"""Decides when a retrain starts by itself: by a clock, and if enough was said since the last one.

Knows only when. What runs is passed in and can be run by hand.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]  # it ships no types
from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]  # it ships no types
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]  # it ships no types
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import func, select

from feedback.database import Database
from feedback.tables import feedback_events
from retrain.errors import RetrainError
from retrain.report import find_last_start
from retrain.settings import ScheduleSettings

JOB_ID = "retrain"
log = logging.getLogger(__name__)


def start_schedule(job: Callable[[], None], settings: ScheduleSettings) -> BackgroundScheduler:
    """Start a thread that calls `job` as the settings say. The caller shuts the scheduler down.

    One job runs at a time. One call makes up for all that were missed while it ran or the machine slept. Raises
    `RetrainError` for a malformed cron line. An exception of `job` is logged and the schedule goes on.
    """
    trigger = _build_trigger(settings)
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(
        job,
        trigger,
        id=JOB_ID,
        misfire_grace_time=settings.grace_seconds,
        coalesce=True,
        max_instances=1,
        replace_existing=True,
    )
    scheduler.start()
    return scheduler


def find_next(scheduler: BackgroundScheduler) -> datetime | None:
    """Return when the job is called next; None if it is not."""
    job = scheduler.get_job(JOB_ID)
    return None if job is None else job.next_run_time


def count_new_feedback(db: Database) -> int:
    """Return how many votes, corrections and decisions were given since the last retrain began."""
    last = find_last_start(db)
    said = feedback_events.c.kind.in_(("vote", "correction", "decision"))
    query = select(func.count()).where(said)
    if last is not None:
        query = query.where(feedback_events.c.at > last)
    with db.read() as connection:
        return connection.scalar(query) or 0


def due(db: Database, min_feedback: int) -> bool:
    """Whether enough was said since the last retrain for another one."""
    new = count_new_feedback(db)
    log.info("new feedback since the last retrain: %d, needed: %d", new, min_feedback)
    return new >= min_feedback


def _build_trigger(settings: ScheduleSettings) -> BaseTrigger:
    if settings.cron is None:
        return IntervalTrigger(seconds=round(settings.every_hours * 3600), timezone=UTC)
    try:
        return CronTrigger.from_crontab(settings.cron, timezone=UTC)
    except ValueError as error:
        raise RetrainError(f"The schedule '{settings.cron}' is not a cron line of five fields: {error}") from error
