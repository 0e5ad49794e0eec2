"""Ties a core to Slack, real or local: builds the clients and the listeners' services, and starts the schedule."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, timedelta, tzinfo
from functools import partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.answering.answer import Answering
from bot.answering.quotas import DAY, Quotas
from bot.answering.stops import Stops
from bot.answering.waiting import WaitingNotes
from bot.app import UNSIGNED, build_app, resume
from bot.core import Core, make_id, now_utc, retrain_settings
from bot.learning.canary import Trials
from bot.learning.doubts import Doubts
from bot.learning.drift import DriftWatch
from bot.learning.judgement import Judging
from bot.learning.learning import Learning
from bot.learning.participants import build_find_names
from bot.learning.step_note import StepNote
from bot.learning.steps import Steps
from bot.learning.uploads import Uploads
from bot.listeners.inbox import INTERACTIONS, settle
from bot.schedule import run_schedule
from bot.services import Services
from bot.slack.canvases import fetch_canvases
from bot.slack.channels import find_channel
from bot.slack.client import build_client
from bot.slack.directory import Directory
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.slack.pins import fetch_pins
from bot.slack.threads import ThreadReader
from bot.tickets.cards import TicketCards
from bot.tickets.crossing import Crossing
from bot.tickets.desk import Tickets
from bot.tickets.reminders import Reminders
from bot.transport.delivery import open_delivery
from bot.transport.gateway import Gateway, open_gateway
from bot.transport.health import Health, TokenWatch
from bot.transport.later import Later
from bot.transport.work import WorkPool
from bot.views import retrain_plot, wording
from bot.views.report import build_offer, build_report, describe_plot
from bot.welcome import welcome
from config.settings import Settings, SettingsError
from feedback import switches
from feedback.channel_rules import RuleBook
from feedback.inbox import mark_ended
from feedback.replies import Reply, list_askers
from feedback.worth import Assumptions
from retrain.canary.log import FOUND_BETTER
from retrain.report import RetrainReport, find_step_seconds
from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE
from retrieval.reading.documents import Unreadable
from retrieval.sources.canvases import Canvas
from retrieval.sources.errors import SourceError
from retrieval.sources.fetch import Fetcher
from retrieval.sources.pins import Pin
from retrieval.upkeep import Reach, Upkeep

logger = logging.getLogger(__name__)

WORKERS = 8  # for everything but messages
TRIAGE_WORKERS = 2  # few: in a burst, acknowledging needs the interpreter
BASE_TOLD = "base_told"
NOTE_SECONDS = 5  # for one note about waiting, which nobody misses


def open_upkeep(settings: Settings, knowledge: Knowledge, client: WebClient | None = None) -> Upkeep:
    """Return the upkeep of the added sources. A Slack channel is read with `client` or the configured token."""

    def open_client() -> WebClient:
        token = settings.slack.bot_token
        if client is None and token is None:
            raise SourceError("Pinned messages and canvases are read from Slack: set SLACK_BOT_TOKEN.")
        return client or build_client(token.get_secret_value() if token else "", settings.slack.base_url)

    def list_pins(channel: str) -> Iterable[Pin]:
        return fetch_pins(open_client(), channel)

    def list_canvases(channel: str) -> Iterable[Canvas | Unreadable]:
        return fetch_canvases(open_client(), channel)

    return Upkeep(settings.data, knowledge, Reach(Fetcher, list_pins, list_canvases), now_utc)


@contextmanager
def connect(
    core: Core,
    *,
    bot_token: str,
    app_token: str = "",
    signing_secret: str = UNSIGNED,
    base_url: str,
    on_open: Callable[[Gateway], None] = lambda gateway: None,  # noqa: ARG005
) -> Iterator[Services]:
    """Connect the core to Slack as configured. `on_open` gets the gateway before the first request can come."""
    with ExitStack() as stack:
        attached = attach(core, bot_token=bot_token, signing_secret=signing_secret, base_url=base_url)
        app, services, token = stack.enter_context(attached)
        delivery = open_delivery(lambda _team: app, core.settings.data, signing_secret)
        gateway = open_gateway(
            stack.enter_context(delivery),
            lambda lines: Health(
                core.db, lines, lambda: {services.directory.team: token}, services.answer_pool.count, now_utc
            ),
            core.settings.slack,
            core.settings.http,
            app_token=app_token,
            client=services.client,
        )
        on_open(stack.enter_context(gateway))
        yield services


@contextmanager
def attach(
    core: Core,
    *,
    bot_token: str,
    signing_secret: str,
    base_url: str,
    on_removed: Callable[[], None] = lambda: None,
) -> Iterator[tuple[App, Services, TokenWatch]]:
    """Give the core an app of one workspace, resume what was left undone there, and start the schedule.

    `on_removed` is called when the workspace removes Chip.
    """
    with ExitStack() as stack:
        client = build_client(bot_token, base_url)
        services = replace(build_services(core, client), on_removed=on_removed)
        services.serve_corrections()
        services.trials.follow()  # before the first question
        stack.callback(services.waiting.close)
        stack.callback(services.pool.close)
        stack.callback(services.answer_pool.close)
        stack.callback(services.triage_pool.close)
        stack.callback(services.import_pool.close)
        stack.callback(services.learning.close)
        app = build_app(services, signing_secret)
        stack.callback(app.listener_runner.listener_executor.shutdown)
        # Before anything can come in: from then on only its listener may take an event up.
        if resumed := resume(app, services):
            logger.info("%d questions from before are answered now", resumed)
        token = TokenWatch(client, services.directory.team)
        stopping = threading.Event()
        services.learning.forget_lessons()  # that a kill left behind
        _announce_base_change(core, services)
        stack.enter_context(run_schedule(core, services, token, stopping.is_set))
        stack.callback(stopping.set)
        if not core.settings.is_local:
            services.pool.submit("welcome", partial(welcome, services))
        yield app, services, token


def build_services(core: Core, client: WebClient) -> Services:
    """Build the listeners' services. Slack tells Chip's own identity."""
    identity = client.auth_test()
    slack = core.settings.slack
    rules = RuleBook(core.db, identity["team_id"])
    directory = Directory(
        client,
        team=identity["team_id"],
        staff_channels=slack.staff_channels,
        admins=slack.admins,
        clock=now_utc,
        rules=rules.find,
        admin_group=slack.admin_group,
        groups=core.knowledge.groups,
    )
    admin_channel = find_channel(client, slack.admin_channel)
    stops = Stops(core.db)
    tell = _build_tell(client, admin_channel)
    trials = Trials(
        db=core.db,
        engine=core.engine,
        adapters_folder=core.adapters_folder,
        settings=retrain_settings(core.settings).canary,
        tell=lambda text: tell(text, None),
        offer=lambda text, adapter_id: tell(text, build_offer(text, adapter_id)),
        let_serve=lambda adapter_id, by: learning.serve(adapter_id, by=by, reason=FOUND_BETTER),
    )
    answering = Answering(
        client=client,
        directory=directory,
        db=core.db,
        knowledge=core.knowledge,
        voice=core.voice,
        company=core.settings.company,
        bot_user=identity["user_id"],
        thread_messages=core.settings.engine.thread_messages,
        clock=now_utc,
        new_id=make_id,
        stops=stops,
        threads=ThreadReader(client),
        choose_lane=trials.choose_lane,
    )
    stopping = threading.Event()
    find_names = build_find_names(core.db, directory, identity["user_id"])
    steps = Steps(partial(find_step_seconds, core.db), StepNote(client, admin_channel).show)
    learning = Learning(
        db=core.db,
        engine=core.engine,
        adapters_folder=core.adapters_folder,
        runs_folder=core.runs_folder,
        run=lambda trigger, by: core.retrain(trigger, by, steps.note, find_names=find_names, stop=stopping),
        steps=steps,
        stopping=stopping,
        tell=lambda text: tell(text, None),
        report=partial(_tell_report, core, client, admin_channel),
        serve_corrections=core.serve_corrections,
        learn_words=core.learn_words,
        changed=trials.follow,
        probe=core.probe,
    )
    staff_channels = (find_channel(client, name) for name in slack.staff_channels)
    staff_channel = next((channel for channel in staff_channels if channel), admin_channel)
    cards = TicketCards(client, core.db, directory, identity["user_id"])
    tickets = Tickets(
        cards=cards,
        crossing=Crossing(client, core.db, identity["user_id"], clock=now_utc),
        reminders=Reminders(cards, after=timedelta(minutes=slack.ticket_reminder_minutes), clock=now_utc),
        staff_channel=staff_channel,
        clock=now_utc,
        most_calls=core.settings.limits.calls_per_day,
    )
    asked_before = list_askers(core.db, identity["team_id"], now_utc() - DAY)
    settling = partial(settle, core.db)
    # Twice as many as are decoded together: while half are generated, evidence is found for the other half.
    answer_pool = WorkPool(2 * core.settings.engine.slots, on_error=settling, name="chip-answer")
    # One file at a time, because reading files costs the interpreter's time that answers need.
    import_pool = WorkPool(
        1,
        # A form's files are jobs of one key: the form is done when the last of them is.
        on_end=lambda key: None if import_pool.holds(key) else mark_ended(core.db, key, INTERACTIONS),
        on_error=settling,
        name="chip-import",
    )
    return Services(
        client=client,
        bot_user=identity["user_id"],
        db=core.db,
        directory=directory,
        answering=answering,
        stops=stops,
        quotas=Quotas(core.settings.limits, now_utc, asked_before),
        learning=learning,
        trials=trials,
        drift=DriftWatch(
            core.db,
            core.knowledge.encode,
            lambda question: core.knowledge.is_shareable(question, CUSTOMER_SCOPE),
            core.knowledge.to_review,
            lambda text: tell(text, None),
            lambda reason: learning.bring_forward(reason),  # which the schedule sets later
        ),
        judging=Judging(core.db, core.judge_serving, core.word_questions, lambda text: tell(text, None)),
        serve_corrections=core.serve_corrections,
        suggest=core.suggest,
        use_words=core.use_words,
        prepare_lesson=core.prepare_lesson,
        doubts=Doubts(
            core.db,
            identity["team_id"],
            core.prepare_lesson,
            core.knowledge.encode,
            core.knowledge.to_review,
            now_utc,
        ),
        read_names=core.read_names,
        may_learn=core.may_learn,
        is_for_staff=core.is_for_staff,
        consent_unasked=core.consent_unasked,
        tickets=tickets,
        rules=rules,
        knowledge=core.knowledge,
        upkeep=open_upkeep(core.settings, core.knowledge, client),
        uploads=Uploads(core.db, core.settings.data / "import", is_local=core.settings.is_local),
        time_zone=find_time_zone(slack.time_zone),
        assumptions=Assumptions(**core.settings.worth.model_dump()),
        pool=WorkPool(WORKERS, on_end=lambda key: mark_ended(core.db, key, INTERACTIONS), on_error=settling),
        answer_pool=answer_pool,
        import_pool=import_pool,
        triage_pool=WorkPool(TRIAGE_WORKERS, on_error=settling, name="chip-triage"),
        waiting=WaitingNotes(
            WebClient(client.token, client.base_url, timeout=NOTE_SECONDS, ssl=client.ssl), answer_pool
        ),
        later=Later(),
        admin_channel=admin_channel,
        staff_channel=staff_channel,
        clock=now_utc,
        new_id=make_id,
    )


def build_names_of_slack(core: Core) -> Callable[[Reply, str], Sequence[str]]:
    """Return a function that finds the names of a conversation's people when no app runs; the local workspace has none.

    Raises one of `SLACK_ERRORS` if Slack cannot be asked, rather than let names into the training.
    """
    token = core.settings.slack.bot_token
    if core.settings.is_local or token is None:
        return lambda _reply, _teacher: ()
    client = build_client(token.get_secret_value(), core.settings.slack.base_url)
    identity = client.auth_test()
    directory = Directory(client, team=identity["team_id"], staff_channels=(), admins=(), clock=now_utc)
    return build_find_names(core.db, directory, identity["user_id"])


def find_time_zone(name: str) -> tzinfo:
    """Return the zone of this name. Raises `SettingsError` if there is none."""
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(f"Setting 'slack.time_zone': there is no time zone {name!r}.") from error


def _announce_base_change(core: Core, services: Services) -> None:
    """Tell admins once that the base has changed and its adapters do not answer any more."""
    sentence, team = core.tell_base_change(), services.directory.team
    told = switches.find_switch(core.db, team, BASE_TOLD)
    if sentence and (told is None or told.value != core.engine.base_id):
        services.learning.announce(sentence)
        switches.set_switch(core.db, team, BASE_TOLD, core.engine.base_id, by="Chip")


def _tell_report(core: Core, client: WebClient, channel: str | None, report: RetrainReport) -> None:
    """Post a retrain's report and its picture in the admin channel. Without the picture the report says it all."""
    _build_tell(client, channel)(*build_report(report, core.find_missing_rows()))
    picture = retrain_plot.draw(report)
    if channel is None or picture is None:
        return
    name = f"chip-training-{report.run_id}.png"
    try:
        client.files_upload_v2(
            channel=channel, content=picture, filename=name, title=wording.REPORT_PLOT, alt_txt=describe_plot(report)
        )
    except SLACK_ERRORS as error:
        logger.warning("the picture of the training cannot be shown: %s", name_error(error))


def _build_tell(client: WebClient, channel: str | None) -> Callable[[str, list[dict[str, object]] | None], None]:
    def tell(text: str, blocks: list[dict[str, object]] | None) -> None:
        if channel is None:
            logger.warning("there is no admin channel for: %s", text)
            return
        try:
            client.chat_postMessage(channel=channel, text=text, blocks=blocks)
        except SlackApiError as error:
            logger.error("the admin channel cannot be told: %s", error.response["error"])

    return tell
