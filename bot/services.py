"""Holds everything that wiring has built for the Slack listeners."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, tzinfo

from slack_sdk import WebClient

from bot.answering.answer import Answering
from bot.answering.quotas import Quotas
from bot.answering.stops import Stops
from bot.answering.waiting import WaitingNotes
from bot.learning.canary import Trials
from bot.learning.doubts import Doubts
from bot.learning.drift import DriftWatch
from bot.learning.judgement import Judging
from bot.learning.learning import Learning
from bot.learning.uploads import Uploads
from bot.slack.directory import Directory
from bot.tickets.desk import Tickets
from bot.transport.later import Later
from bot.transport.work import WorkPool
from feedback.channel_rules import RuleBook
from feedback.choices import Covers
from feedback.consent import Consent
from feedback.database import Database
from feedback.privacy import FindNames
from feedback.replies import Reply
from feedback.worth import Assumptions
from retrieval.draft import Draft
from retrieval.knowledge import Knowledge
from retrieval.passage import Audience
from retrieval.upkeep import Upkeep


@dataclass(frozen=True, slots=True)
class Services:
    """The services that listeners use. `admin_channel` is an id, or None if the channel was not found.

    `consent_unasked` holds for learning until an admin decides. `serve_corrections` serves the corrections that hold
    from now on, and returns False if that is switched off. `use_words` takes up which words admins let Chip use.
    `suggest` returns the questions that a newcomer is offered.
    `prepare_lesson` returns what the documents alone say to a question now, and `doubts` are what staff should look at.
    `read_names` opens the reader of the names that Slack does not show. `may_learn` says whether training may use what
    a person of some role taught, `is_for_staff` whether customers may not read what a reply says. `triage_pool` finds
    out what a message is, `answer_pool` answers those that are questions, `import_pool` imports files one after
    another, and `pool` does everything else, so that no press waits for a question. `later` retries calls that Slack
    refused. `quotas` counts questions. `assumptions` are those of what answers are worth.
    """

    client: WebClient
    bot_user: str
    db: Database
    directory: Directory
    answering: Answering
    stops: Stops
    quotas: Quotas
    learning: Learning
    trials: Trials
    drift: DriftWatch
    judging: Judging
    serve_corrections: Callable[[], bool]
    suggest: Callable[[], Sequence[str]]
    use_words: Callable[[], None]
    prepare_lesson: Callable[[str, Audience], Draft]
    doubts: Doubts
    read_names: Callable[[], AbstractContextManager[FindNames | None]]
    may_learn: Covers
    is_for_staff: Callable[[Reply], bool]
    consent_unasked: Consent
    tickets: Tickets
    rules: RuleBook
    knowledge: Knowledge
    upkeep: Upkeep
    uploads: Uploads
    time_zone: tzinfo
    assumptions: Assumptions
    pool: WorkPool
    answer_pool: WorkPool
    triage_pool: WorkPool
    import_pool: WorkPool
    waiting: WaitingNotes
    later: Later
    admin_channel: str | None
    staff_channel: str | None
    clock: Callable[[], datetime]
    new_id: Callable[[str], str]
    on_removed: Callable[[], None] = lambda: None
