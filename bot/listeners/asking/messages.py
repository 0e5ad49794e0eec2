"""Handles messages that ask Chip: in a DM, by a mention, or as a follow-up in a thread that Chip answered."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from slack_bolt import App

from bot.answering import listening
from bot.answering.follow_ups import Talk, is_for_chip
from bot.answering.question import QUESTION, Question
from bot.answering.stops import is_stopped
from bot.commands.admins import PAUSED
from bot.listeners.asking import courtesies, handover
from bot.listeners.asking.recovery import UNSETTLED, ThreadUnreadable, end_earlier_attempt
from bot.services import Services
from bot.slack.errors import Unsettled, is_passing, name_error
from bot.slack.text import has_words, plain_question
from bot.slack.written import read_text
from bot.views import wording
from feedback import conversation, inbox, replies, switches

logger = logging.getLogger(__name__)

KINDS = ("message", "app_mention")


def register(app: App, services: Services) -> None:
    """Listen to messages and mentions.

    Other threads find out what they are: Bolt's own have to acknowledge presses and commands within three seconds.
    """
    handle = build_handler(services)

    def sort(body: dict[str, Any]) -> None:
        services.triage_pool.submit(body["event_id"], lambda: handle(body))

    @app.event("app_mention")
    def handle_mention(body: dict[str, Any]) -> None:
        sort(body)

    @app.event("message")
    def handle_message(body: dict[str, Any]) -> None:
        sort(body)


def build_handler(services: Services) -> Callable[[dict[str, Any]], None]:
    """Return the function that gets an event's body and queues the answer if the event asks Chip."""

    def handle(body: dict[str, Any]) -> None:
        key = body["event_id"]
        if handover.queue_carrying(services, body):
            return
        question = find_question(services, body)
        if question is None or not _is_first_sight(services, question, key):
            if question is None:
                _overhear(services, body["event"])
            inbox.mark_done(services.db, key)
            return
        if refusal := services.quotas.take(question.person):
            services.pool.submit(key, partial(_refuse, services, question, key, refusal))
            return
        _queue(services, question, key)

    return handle


def _refuse(services: Services, question: Question, key: str, sentence: str) -> None:
    """Say why a question is not answered now. Who wants a person gets one all the same."""
    if not courtesies.respond(services, question):
        services.answering.say_instead(question, sentence)
    inbox.mark_done(services.db, question.key)
    inbox.mark_done(services.db, key)


def _queue(services: Services, question: Question, key: str, *, is_resumed: bool = False, tries: int = 0) -> None:
    def answer() -> None:
        services.waiting.leave(key)
        answer_question(services, question, key, is_resumed=is_resumed, tries=tries)

    services.stops.expect(question)
    services.answer_pool.submit(key, answer, question.person, at=_read_instant(question.ts))
    if not question.is_private:
        services.waiting.tell(key, question)


def _read_instant(ts: str) -> float | None:
    """Return a time stamp of Slack's in seconds; None if it is malformed, so that no event can stop a start."""
    try:
        return float(ts)
    except ValueError:
        return None


def find_question(services: Services, body: dict[str, Any]) -> Question | None:
    """Return the question in an event, or None where nobody asked Chip."""
    return listening.find_question(
        body,
        services.rules.find(body["event"]["channel"]),
        team=services.directory.team,
        bot_user=services.bot_user,
        now=services.clock().astimezone(services.time_zone),
        follows_up=lambda question: _follows_up(services, question),
    )


def _follows_up(services: Services, question: Question) -> bool:
    turns = conversation.find_thread(services.db, question.team, question.channel, question.thread_ts)
    before = [turn for turn in turns if turn.ts < question.ts]
    if all(turn.role != "assistant" for turn in before):
        return False
    given = replies.find_thread_replies(services.db, question.team, question.channel, question.thread_ts)
    people = {turn.person for turn in before if turn.role != "assistant"}
    names = {name for person in people for name in services.directory.names(person)}
    return is_for_chip(question.text, question.person, Talk(before, {reply.asker for reply in given}, names))


def _overhear(services: Services, event: dict[str, Any]) -> None:
    """Record what people say to each other in a thread that Chip answered.

    The last speaker tells who the next message is for.
    """
    channel, thread_ts, ts = event["channel"], event.get("thread_ts"), event.get("ts")
    person, text = event.get("user"), plain_question(read_text(event), bot_user=services.bot_user)
    is_said = event.get("subtype") in listening.SUBTYPES and not event.get("bot_id") and person != services.bot_user
    if not (is_said and person and ts and thread_ts and has_words(text)):
        return
    team = services.directory.team
    turns = conversation.find_thread(services.db, team, channel, thread_ts)
    if any(turn.role == "assistant" for turn in turns):
        heard = conversation.Message(team, channel, thread_ts, ts, person, "aside", text, services.clock())
        conversation.record_message(services.db, heard)


def resume(services: Services, event: inbox.InboxEvent) -> bool:
    """Resume a question that a kill cut off: end its answer if one was made, or answer it.

    Return whether it is queued.
    """
    if handover.queue_carrying(services, dict(event.payload), is_resumed=True):
        return False
    question = find_question(services, dict(event.payload))
    if question is None or not is_asking(services, question, event.key):
        inbox.mark_done(services.db, event.key)
        return False
    if services.stops.was_pressed(question):
        services.stops.note(question)
    _queue(services, question, event.key, is_resumed=True)
    return True


def close_unasked(services: Services, question: inbox.InboxEvent) -> None:
    """Mark a question done if the event that asked it is done: nothing resumes it any more."""
    asking = inbox.find_event(services.db, str(question.payload.get("event_id")))
    if asking is None or asking.done_at is not None:
        inbox.mark_done(services.db, question.key)


def is_asking(services: Services, question: Question, key: str) -> bool:
    """Whether this event is the one that asks. A mention's second event is not, nor is a finished question."""
    asked = inbox.find_event(services.db, question.key)
    if asked is None:
        return _is_first_sight(services, question, key)
    return asked.done_at is None and asked.payload["event_id"] == key


def _is_first_sight(services: Services, question: Question, key: str) -> bool:
    """Whether this event comes first: a mention arrives as two events with one ts, and the first one asks."""
    return inbox.record_event(
        services.db,
        question.key,
        QUESTION,
        team=question.team,
        channel=question.channel,
        ts=question.ts,
        payload={
            "event_id": key,
            "reply_id": services.new_id("R"),
            "thread_ts": question.thread_ts,
            "person": question.person,
        },
    )


def answer_question(
    services: Services, question: Question, key: str, *, is_resumed: bool = False, tries: int = 0
) -> None:
    """Answer, or say that it failed. `key` is the event that asked, which is done then.

    If Slack takes neither, try again with growing pauses; `tries` counts the earlier tries.
    """
    asked = inbox.find_event(services.db, question.key)
    facts = dict(asked.payload) if asked else {}
    question = replace(question, reply_id=facts.get("reply_id"))
    try:
        is_done = _attempt(services, question, facts, is_resumed=is_resumed)
    finally:
        services.stops.claim(question)
    if not is_done:
        _try_later(services, question, key, tries)
        return
    inbox.mark_done(services.db, question.key)
    inbox.mark_done(services.db, key)


def _attempt(services: Services, question: Question, facts: Mapping[str, Any], *, is_resumed: bool) -> bool:
    """Answer, or say that it failed. Return False if Slack took neither, so that it must be tried again."""
    try:
        _respond(services, question, facts, is_resumed=is_resumed)
    except (ThreadUnreadable, Unsettled) as error:
        logger.warning("question %s in %s waits: %s", question.ts, question.channel, error)
        if isinstance(error, Unsettled):
            inbox.note(services.db, question.key, **{UNSETTLED: True})
        return False
    except Exception:
        reference = services.new_id("E")
        logger.exception("question %s in %s failed, reference %s", question.ts, question.channel, reference)
        return _apologise(services, question, reference)
    return True


def _respond(services: Services, question: Question, facts: Mapping[str, Any], *, is_resumed: bool) -> None:
    """Give the one response that the question is due: none, a sentence instead, the rest of an answer, or an answer."""
    if services.stops.was_stopped(question):
        logger.info("question %s in %s was stopped before its turn", question.ts, question.channel)
        return
    if switches.is_on(services.db, question.team, PAUSED):
        services.answering.say_instead(question, wording.PAUSED)
        return
    if is_resumed or is_stopped(facts):
        is_answered = end_earlier_attempt(services, question, facts)
        if is_answered:
            logger.info("question %s in %s was answered before", question.ts, question.channel)
            return
    if not courtesies.respond(services, question):
        services.answering.answer(question)


def _try_later(services: Services, question: Question, key: str, tries: int) -> None:
    """Try again after a pause. Until then the question stays in the inbox, where the next start finds it."""
    services.later.put(tries, lambda: _queue(services, question, key, is_resumed=True, tries=tries + 1))


def _apologise(services: Services, question: Question, reference: str) -> bool:
    """Say that it failed. Return False if Slack cannot be reached, or refuses this token."""
    try:
        services.answering.say_instead(question, wording.FAILED.format(reference=reference))
    except Exception as error:
        logger.error("could not say so in %s: %s", question.channel, name_error(error))
        services.answering.clear_status(question)
        return not is_passing(error)
    return True
