"""Runs what Chip does at intervals in one workspace: a table of jobs, and the retrain with a schedule of its own.

Knows when. The module that owns a job defines what it does, and a person can run each by hand.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from bot.answering.waiting import REFRESH_SECONDS
from bot.commands.month import report_month
from bot.commands.review import build_proposer
from bot.core import Core, now_utc, retrain_settings
from bot.listeners.forgetting import empty_cards
from bot.listeners.survey import ask_those_drawn
from bot.services import Services
from bot.slack.text import escape_mrkdwn
from bot.transport.health import TokenWatch
from bot.views import wording
from feedback.day_counts import read_counts
from feedback.forgetting import forget_older
from feedback.inbox import forget_payloads
from retrain.report import SCHEDULE
from retrain.schedule import Schedule, due
from retrieval.upkeep import Outcome

logger = logging.getLogger(__name__)

POINTER_SECONDS = 5.0
TRIAL_SECONDS = 60.0
PROBE_SECONDS = 60.0
SOURCE_SECONDS = 60.0
TOKEN_SECONDS = 300.0
SURVEY_SECONDS = 300.0
LATER_SECONDS = 5.0
TICKET_SECONDS = 60.0
PROPOSAL_SECONDS = 600.0
HOUR_SECONDS = 3600.0
CLOCK_SECONDS = 30.0
KEEP_PAYLOADS = timedelta(days=1)  # of events that are done: only a person who looks for a fault needs them


@dataclass(frozen=True, slots=True)
class Job:
    """A function that is called every so many seconds; `name` tells it apart in the log."""

    name: str
    run: Callable[[], object]
    seconds: float


@contextmanager
def run_schedule(core: Core, services: Services, token: TokenWatch, is_stopping: Callable[[], bool]) -> Iterator[None]:
    """Run the retrains and the jobs of a workspace until the block ends. A sync of sources ends once `is_stopping`.

    Only one run of a job happens at a time, and one run makes up for all missed ones. The log names the job that
    raised.
    """
    chosen = retrain_settings(core.settings).schedule
    schedule = Schedule(lambda asked: _retrain_if_due(core, services, asked), chosen, core.settings.data, now_utc)
    try:
        services.learning.find_next_run = schedule.find_next
        services.learning.bring_forward = schedule.bring_forward
        for job in build_jobs(core, services, token, is_stopping):
            schedule.scheduler.add_job(
                job.run,
                "interval",
                seconds=job.seconds,
                id=job.name,
                name=job.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        with _watch_clock(schedule):
            yield
    finally:
        schedule.close()


@contextmanager
def _watch_clock(schedule: Schedule) -> Iterator[None]:
    """Look now and then whether the clock was set back. A job could not: it would wait itself."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(CLOCK_SECONDS):
            schedule.mend_clock()

    watcher = threading.Thread(target=watch, name="clock-watch")
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def build_jobs(core: Core, services: Services, token: TokenWatch, is_stopping: Callable[[], bool]) -> list[Job]:
    """Return the jobs of one workspace."""

    def sync_sources() -> None:
        def tell_turn(turn: Outcome) -> None:
            services.learning.announce(_word_turn(turn))

        services.upkeep.sync_due(is_stopping, tell_turn, services.judging.note_change)

    def ask_whether_it_helped() -> None:
        ask_those_drawn(services, core.settings.slack.survey_share)

    return [
        Job("follow the adapter's pointer", services.learning.follow_pointer, POINTER_SECONDS),
        Job("follow the trial on people", services.trials.follow, POINTER_SECONDS),
        Job("decide the trial on people", services.trials.decide, TRIAL_SECONDS),
        Job("prove which adapter speaks", services.learning.prove_speaker, PROBE_SECONDS),
        Job("sync sources", sync_sources, SOURCE_SECONDS),
        Job("check the token", token.check, TOKEN_SECONDS),
        Job("forget payloads", lambda: forget_payloads(core.db, now_utc() - KEEP_PAYLOADS), HOUR_SECONDS),
        Job("ask whether it helped", ask_whether_it_helped, SURVEY_SECONDS),
        Job("forget old conversations", lambda: forget_old(core), HOUR_SECONDS),
        Job("forget lessons", services.learning.forget_lessons, HOUR_SECONDS),
        Job("empty forgotten cards", lambda: empty_cards(services), HOUR_SECONDS),
        Job("refresh the notes of who waits", services.waiting.refresh, REFRESH_SECONDS),
        Job("try again what Slack refused", services.later.run_due, LATER_SECONDS),
        Job("remind of tickets", services.tickets.reminders.send, TICKET_SECONDS),
        Job("propose what people taught", build_proposer(services).propose, PROPOSAL_SECONDS),
        Job("report the last month", lambda: report_month(services), HOUR_SECONDS),
        Job("count the days", lambda: read_counts(core.db), HOUR_SECONDS),
        Job("look for disputes and crowds", services.doubts.count_votes, PROPOSAL_SECONDS),
        Job("look for drift", services.drift.look, HOUR_SECONDS),
        Job("judge what serves", services.judging.judge_if_due, HOUR_SECONDS),
        Job("look for contradictions", services.doubts.refresh, HOUR_SECONDS),
    ]


def forget_old(core: Core) -> None:
    """Forget the words of conversations that are older than `privacy.keep_days`, where that is set."""
    days = core.settings.privacy.keep_days
    if days is not None and (count := forget_older(core.db, now_utc() - timedelta(days=days))):
        logger.info("%d replies from before %d days lost their words", count, days)


def _retrain_if_due(core: Core, services: Services, asked: str) -> None:
    """Begin a retrain if enough was said, or if something `asked` for it earlier and says why."""
    if asked or due(core.db, core.settings.retrain.min_feedback):
        services.learning.start(trigger=asked or SCHEDULE, requested_by=SCHEDULE)


def _word_turn(outcome: Outcome) -> str:
    """Return what the admin channel is told about a source that begins to fail, or that works again."""
    if not outcome.reason:
        return wording.SOURCE_WORKS.format(name=outcome.source.name)
    return wording.SOURCE_FAILS.format(name=outcome.source.name, reason=escape_mrkdwn(outcome.reason))
