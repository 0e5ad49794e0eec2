"""Handles the Home tab: gathers what it shows, and does what its buttons say."""

import itertools
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from slack_bolt import Ack, App

from bot.commands.admins import PAUSED
from bot.commands.consent import describe
from bot.listeners.failures import guard
from bot.listeners.forgetting import forget_person
from bot.listeners.whispers import open_view_or_tell, whisper, write_directly
from bot.services import Services
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.slack.private_files import send_file
from bot.slack.text import shorten
from bot.views import home, learning_view, wording
from feedback import choices, consent, corrections, export, inbox, measures, questions, switches, tickets
from feedback.events import Role
from retrain.errors import RetrainError
from retrain.report import find_reports
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE

logger = logging.getLogger(__name__)

Body = dict[str, Any]
Act = Callable[[Services, str, str], object]

DAYS = 30
_SHOWN = 3
_PROMPTS = 4
_LOOKED_AT = 20_000  # in passages, to find their documents' titles


def register(app: App, services: Services) -> None:
    """Listen to Home, to its buttons, and to the decision about learning."""

    @app.event("app_home_opened")
    def handle_opened(body: Body) -> None:
        person, key = body["event"]["user"], body["event_id"]
        if body["event"].get("tab") == "messages":
            services.pool.submit(key, lambda: _suggest(services, body["event"]["channel"], key))
        else:
            services.pool.submit(key, lambda: _open(services, person, key))

    def listen(action_id: str, act: Act, least: Role = Role.CUSTOMER) -> None:
        @app.action(action_id)
        def handle(ack: Ack, body: Body) -> None:
            ack()
            services.pool.submit(body["trigger_id"], guard(services, body, lambda: _press(services, body, act, least)))

    listen(home.REFRESH, lambda *_: None)
    listen(home.EXPORT, _export)
    listen(home.TRAINING, _choose_training)
    listen(home.FORGET, lambda services, person, _: forget_person(services, person))
    listen(home.RETRAIN, _retrain, Role.ADMIN)
    listen(home.ROLLBACK, _rollback, Role.ADMIN)
    listen(home.PAUSE, _pause, Role.ADMIN)

    @app.action(learning_view.DECIDE)
    def handle_decide(ack: Ack, body: Body) -> None:
        ack()
        guard(services, body, lambda: _open_decision(services, body))()

    @app.view(learning_view.LEARNING_VIEW)
    def handle_learning(ack: Ack, body: Body) -> None:
        ack()
        services.pool.submit(body["trigger_id"], guard(services, body, lambda: _take_decision(services, body)))


def publish(services: Services, person: str) -> None:
    """Show the person their Home in its present state."""
    services.client.views_publish(user_id=person, view=home.build_home(gather(services, person)))


def gather(services: Services, person: str) -> home.HomeFacts:
    """Return what the person's Home shows."""
    role, team = services.directory.role(person), services.directory.team
    scope = CUSTOMER_SCOPE if role is Role.CUSTOMER else STAFF_SCOPE
    readable = itertools.islice(services.knowledge.passages(scope), _LOOKED_AT)
    topics = sorted({passage.title for passage in readable})
    return home.HomeFacts(
        role=role,
        documents=len(topics),
        topics=topics,
        asked_often=_find_most_asked(services, _SHOWN),
        suggested=services.suggest(),
        may_train=choices.may_train_on(services.db, team, person),
        dashboard=gather_dashboard(services) if role is Role.ADMIN else None,
    )


def gather_dashboard(services: Services) -> home.Dashboard:
    """Return how Chip is doing, over the last 30 days with today."""
    now, team, learning = services.clock(), services.directory.team, services.learning
    first = now.date() - timedelta(days=DAYS - 1)
    since = now - timedelta(days=DAYS)
    runs = find_reports(services.db, limit=1)
    return home.Dashboard(
        measures=measures.summary(services.db, first),
        before=measures.summary(services.db, first - timedelta(days=DAYS), first - timedelta(days=1)),
        pending=len(corrections.find_pending(services.db)),
        tickets=len(tickets.find_waiting(services.db, team)),
        unanswered=questions.find_unanswered(services.db, team, since, _SHOWN),
        base=learning.engine.base_id,
        adapter=learning.engine.adapter_id(),
        training=learning.tell_training(),
        next_retrain=learning.find_next_run(),
        last_retrain=f"{runs[0]['started_at']:%Y-%m-%d}: {runs[0]['state']}" if runs else "–",
        learning=describe(find_consent(services)),
        trial=services.trials.status_rows(),
        watch=[*services.judging.rows(), *services.drift.rows()],
        is_paused=switches.is_on(services.db, team, PAUSED),
        now=now,
        days=DAYS,
    )


def find_consent(services: Services) -> consent.Consent:
    """Return the decision about learning that holds."""
    return consent.find_consent(services.db, services.directory.team) or services.consent_unasked


def _find_most_asked(services: Services, limit: int) -> list[questions.PopularQuestion]:
    return questions.find_most_asked(
        services.db,
        services.directory.team,
        services.clock() - timedelta(days=DAYS),
        limit,
        may_show=lambda question: services.knowledge.is_shareable(question, CUSTOMER_SCOPE),
    )


def _open(services: Services, person: str, key: str) -> None:
    try:
        publish(services, person)
    finally:
        inbox.mark_done(services.db, key)


def _suggest(services: Services, channel: str, key: str) -> None:
    """Offer popular questions, and some that the documents answer, where a person begins to write."""
    asked = [one.question for one in _find_most_asked(services, _PROMPTS)]
    offered = list(dict.fromkeys([*asked, *services.suggest()]))[:_PROMPTS]
    prompts = [{"title": shorten(question, 60), "message": question} for question in offered]
    try:
        if prompts:
            services.client.assistant_threads_setSuggestedPrompts(channel_id=channel, prompts=prompts)
    except SLACK_ERRORS as error:
        logger.info("no prompts in %s: %s", channel, name_error(error))
    finally:
        inbox.mark_done(services.db, key)


def _press(services: Services, body: Body, act: Act, least: Role) -> None:
    person = body["user"]["id"]
    if least is Role.ADMIN and services.directory.role(person) is not Role.ADMIN:
        whisper(services, body, wording.ADMINS_ONLY_HERE)
        return
    act(services, person, body["actions"][0]["value"])
    publish(services, person)


def _export(services: Services, person: str, _value: str) -> None:
    stored = export.personal_data(services.db, services.directory.team, person)
    content = json.dumps(stored, ensure_ascii=False, indent=2).encode()
    send_file(services.client, person, content, "chip-my-data.json", wording.EXPORT_TITLE)


def _choose_training(services: Services, person: str, value: str) -> None:
    choices.choose_training(services.db, services.directory.team, person, allowed=value == "on")


def _retrain(services: Services, person: str, _value: str) -> None:
    services.learning.start(trigger="home", requested_by=person)


def _rollback(services: Services, person: str, _value: str) -> None:
    try:
        previous, now = services.learning.rollback(to=None, by=person)
    except RetrainError as error:
        write_directly(services, person, wording.ROLLBACK_NOTHING.format(reason=error))
        return
    services.learning.announce(f"{wording.ROLLED_BACK.format(adapter=now, previous=previous)} (by <@{person}>)")


def _pause(services: Services, person: str, value: str) -> None:
    switches.set_switch(services.db, services.directory.team, PAUSED, value, by=person)
    text = wording.PAUSED_NOW if value == "on" else wording.RESUMED_NOW
    services.learning.announce(f"{text} (by <@{person}>)")


def _open_decision(services: Services, body: Body) -> None:
    if services.directory.role(body["user"]["id"]) is Role.ADMIN:
        open_view_or_tell(services, body, learning_view.build_view(find_consent(services)))
    else:
        whisper(services, body, wording.ADMINS_ONLY_HERE)


def _take_decision(services: Services, body: Body) -> None:
    person = body["user"]["id"]
    if services.directory.role(person) is not Role.ADMIN:
        whisper(services, body, wording.ADMINS_ONLY_HERE)
        return
    is_on, guests = learning_view.read_view(body["view"]["state"]["values"])
    team = services.directory.team
    decided = consent.record_consent(services.db, team, by=person, is_on=is_on, guests=is_on and guests)
    services.learning.announce(wording.LEARNING_SET.format(person=person, state=describe(decided)))
    publish(services, person)
