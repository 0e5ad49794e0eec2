"""Decides when a retrain starts by itself: by a clock, outside quiet hours, and if enough was said since the last one.

Knows only when. What runs is passed in and can be run by hand. The job stands in a file of the data folder, so that a
restart forgets neither when it is due nor that something asked for it earlier.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from apscheduler.job import Job  # type: ignore[import-untyped]  # it ships no types
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore  # type: ignore[import-untyped]  # it ships no types
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]  # it ships no types
from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]  # it ships no types
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]  # it ships no types
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from feedback.database import Database
from feedback.tables import feedback_events
from retrain.errors import RetrainError
from retrain.quiet_hours import QuietHours, parse_quiet_hours
from retrain.report import find_last_start
from retrain.settings import ScheduleSettings

JOB_ID = "retrain"
STORE = "stored"
FILE = "schedule.db"
log = logging.getLogger(__name__)

RunIfDue = Callable[[str], None]

# The schedules of this process by their folder: a stored job can name a function and plain values, no more.
_OPEN: dict[str, "Schedule"] = {}


def run_stored(folder: str, asked: str) -> None:
    """Run the job of the schedule that is open on this folder; the file names this function."""
    if (schedule := _OPEN.get(folder)) is not None:
        schedule.run(asked)


class Schedule:
    """A thread that calls `run_if_due` as the settings say. It hears why, if something asked for it earlier, else "".

    One call runs at a time, and one makes up for all that were missed while Chip was off, the machine slept or the
    hours were quiet. An exception is logged and the schedule goes on. Raises `RetrainError` for settings that say no
    time. Other jobs may be added to `scheduler`; they are not stored.
    """

    def __init__(
        self, run_if_due: RunIfDue, settings: ScheduleSettings, folder: Path, clock: Callable[[], datetime]
    ) -> None:
        self._run_if_due, self._clock = run_if_due, clock
        self._folder = str(folder.resolve())
        self._quiet = find_quiet_hours(settings)
        trigger = build_trigger(settings)
        _OPEN[self._folder] = self
        self.scheduler = _open_scheduler(folder / FILE)
        self._add_job(trigger, f"{settings.cron or settings.every_hours} {settings.time_zone} {self._folder}")
        self.mend_clock()
        self.scheduler.resume()

    def _add_job(self, trigger: BaseTrigger, name: str) -> None:
        """Store the job, unless it stands there with the same settings: then its next time holds."""
        known = self.scheduler.get_jobs(STORE)
        if [job.name for job in known] == [name]:
            return
        self.scheduler.add_job(
            run_stored,
            trigger,
            kwargs={"folder": self._folder, "asked": ""},
            id=JOB_ID,
            name=name,
            jobstore=STORE,
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
            replace_existing=True,
        )

    def run(self, asked: str) -> None:
        """Call what runs if it is due, or put the call off to the end of the quiet hours."""
        begins = self._leave_quiet(self._clock())
        if begins > self._clock():
            log.info("the retrain waits for the end of the quiet hours at %s", begins.isoformat())
            self._move(begins, asked)
            return
        self._run_if_due(asked)
        if asked:
            self._change(kwargs={"folder": self._folder, "asked": ""})

    def find_next(self) -> datetime | None:
        """Return when a retrain is considered next; None if it is not."""
        job = self._find_job()
        return None if job is None or job.next_run_time is None else self._leave_quiet(job.next_run_time)

    def bring_forward(self, reason: str) -> datetime:
        """Consider a retrain as soon as the quiet hours allow, however little was said; `reason` is told as its cause.

        A restart does not forget it. A second reason adds nothing while the first waits. Return when it begins.
        """
        begins = self._leave_quiet(self._clock())
        job = self._find_job()
        if job is not None and not job.kwargs["asked"]:
            self._move(begins, reason)
        return begins

    def mend_clock(self) -> None:
        """Bring jobs back that a clock which was set back has moved further away than they ever are."""
        now = self._clock()
        for job in self.scheduler.get_jobs():
            latest = now + job.trigger.interval if isinstance(job.trigger, IntervalTrigger) else _find_fire(job, now)
            if job.id == JOB_ID and latest is not None:
                latest = self._leave_quiet(latest)
            if latest is not None and job.next_run_time is not None and job.next_run_time > latest:
                log.warning("the clock was set back: %s runs at %s", job.name, latest.isoformat())
                job.modify(next_run_time=latest)

    def close(self) -> None:
        """Stop the thread, once a running call has ended.

        The store goes first: a scheduler that stops looks at its jobs once more and loses those that are due then.
        """
        self.scheduler.remove_jobstore(STORE)
        self.scheduler.shutdown()
        _OPEN.pop(self._folder, None)

    def _find_job(self) -> Job | None:
        return next(iter(self.scheduler.get_jobs(STORE)), None)

    def _move(self, to: datetime, asked: str) -> None:
        self._change(next_run_time=to, kwargs={"folder": self._folder, "asked": asked})

    def _change(self, **changes: object) -> None:
        self.scheduler.modify_job(JOB_ID, STORE, **changes)

    def _leave_quiet(self, instant: datetime) -> datetime:
        return instant if self._quiet is None else self._quiet.leave(instant)


def _open_scheduler(file: Path) -> BackgroundScheduler:
    """Return a paused scheduler with its store. A file that holds no store is replaced: it says only when."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _start_scheduler(file)
    except SQLAlchemyError as error:
        log.warning("%s is no schedule and begins again: %s", file, error)
        file.unlink(missing_ok=True)
        return _start_scheduler(file)


def _start_scheduler(file: Path) -> BackgroundScheduler:
    store = SQLAlchemyJobStore(f"sqlite:///{file}")
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_jobstore(store, STORE)
    try:
        scheduler.start(paused=True)
    except SQLAlchemyError:
        store.shutdown()
        raise
    return scheduler


def _find_fire(job: Job, now: datetime) -> datetime | None:
    found: datetime | None = job.trigger.get_next_fire_time(None, now)
    return found


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


def build_trigger(settings: ScheduleSettings) -> BaseTrigger:
    """Return what says when a retrain is considered. Raises `RetrainError` for a malformed cron line."""
    if settings.cron is None:
        return IntervalTrigger(seconds=round(settings.every_hours * 3600), timezone=UTC)
    try:
        return CronTrigger.from_crontab(settings.cron, timezone=_find_zone(settings))
    except ValueError as error:
        raise RetrainError(f"The schedule '{settings.cron}' is not a cron line of five fields: {error}") from error


def find_quiet_hours(settings: ScheduleSettings) -> QuietHours | None:
    """Return the hours in which no retrain begins; None for none. Raises `RetrainError` for malformed ones."""
    return parse_quiet_hours(settings.quiet_hours, _find_zone(settings)) if settings.quiet_hours else None


def _find_zone(settings: ScheduleSettings) -> ZoneInfo:
    try:
        return ZoneInfo(settings.time_zone)
    except (OSError, ValueError, KeyError) as error:
        raise RetrainError(f"There is no time zone '{settings.time_zone}'. Name one like Europe/Vienna.") from error
