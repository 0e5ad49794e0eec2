"""Messages that ask Chip something: in a DM, by a mention, or as a follow-up in a thread that Chip answered."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from slack_bolt import App

from bot import listening, wording
from bot.answering import STOPPED
from bot.commands.admins import PAUSED
from bot.listeners import handover
from bot.parts import Parts
from bot.question import QUESTION, Question
from bot.recovery import UNSETTLED, ThreadUnreadable, end_earlier_attempt
from bot.slack_errors import Unsettled, is_passing, name_error
from feedback import conversation, inbox, switches

logger = logging.getLogger(__name__)


def register(app: App, parts: Parts) -> None:
    """Listen to messages and mentions. What they are is found out elsewhere, so that a burst leaves acks their time."""
    handle = build_handler(parts)

    def sort(body: dict[str, Any]) -> None:
        parts.sorting.submit(body["event_id"], lambda: handle(body))

    @app.event("app_mention")
    def handle_mention(body: dict[str, Any]) -> None:
        sort(body)

    @app.event("message")
    def handle_message(body: dict[str, Any]) -> None:
        sort(body)


def build_handler(parts: Parts) -> Callable[[dict[str, Any]], None]:
    """Return the function that takes an event's body and, if it asks Chip, queues the answer."""

    def handle(body: dict[str, Any]) -> None:
        key = body["event_id"]
        if handover.take(parts, body):
            return
        question = find_question(parts, body)
        if question is None or not _is_first_sight(parts, question, key):
            inbox.mark_done(parts.db, key)
            return
        _queue(parts, question, key)

    return handle


def _queue(parts: Parts, question: Question, key: str, *, is_resumed: bool = False, tries: int = 0) -> None:
    def answer() -> None:
        parts.waiting.leave(key)
        answer_question(parts, question, key, is_resumed=is_resumed, tries=tries)

    parts.answering.expect(question)
    parts.questions.submit(key, answer, question.person, at=_read_instant(question.ts))
    if not question.is_private:
        parts.waiting.tell(key, question)


def _read_instant(ts: str) -> float | None:
    """Return a time stamp of Slack's in seconds; None for one that is none, so that no event stops a start."""
    try:
        return float(ts)
    except ValueError:
        return None


def find_question(parts: Parts, body: dict[str, Any]) -> Question | None:
    """Return the question in an event, or None where nobody asked Chip."""
    return listening.find_question(
        body,
        parts.rules.find(body["event"]["channel"]),
        team=parts.directory.team,
        bot_user=parts.bot_user,
        now=parts.clock().astimezone(parts.time_zone),
        follows_up=lambda question: _follows_up(parts, question),
    )


def _follows_up(parts: Parts, question: Question) -> bool:
    thread = conversation.find_thread(parts.db, question.team, question.channel, question.thread_ts)
    return any(message.role == "assistant" for message in thread)


def resume(parts: Parts, event: inbox.InboxEvent, presses: Sequence[inbox.InboxEvent]) -> bool:
    """Take up a question that a kill cut off: end its answer if it was made, else answer; say whether it is taken.

    `presses` are those of Stop that the kill cut off too.
    """
    if handover.take(parts, dict(event.payload), is_resumed=True):
        return False
    question = find_question(parts, dict(event.payload))
    if question is None or not take_again(parts, question, event.key):
        inbox.mark_done(parts.db, event.key)
        return False
    if any(_stops(press, question) for press in presses):
        parts.answering.note_stopped(question)
    _queue(parts, question, event.key, is_resumed=True)
    return True


def _stops(press: inbox.InboxEvent, question: Question) -> bool:
    """Whether the asker pressed Stop in the question's thread, after asking it."""
    event = press.payload["event"]
    pressed = (event.get("channel"), event.get("thread_ts"), event.get("user"))
    return pressed == (question.channel, question.thread_ts, question.person) and question.ts < (press.ts or "")


def close_unasked(parts: Parts, question: inbox.InboxEvent) -> None:
    """Mark a question done where the event that asked it is: nothing takes it up any more."""
    asking = inbox.find_event(parts.db, str(question.payload.get("event_id")))
    if asking is None or asking.done_at is not None:
        inbox.mark_done(parts.db, question.key)


def take_again(parts: Parts, question: Question, key: str) -> bool:
    """Whether this event is the one that asks: a mention's second event is not, and neither is a finished question."""
    asked = inbox.find_event(parts.db, question.key)
    if asked is None:
        return _is_first_sight(parts, question, key)
    return asked.done_at is None and asked.payload["event_id"] == key


def _is_first_sight(parts: Parts, question: Question, key: str) -> bool:
    """A mention arrives as two events with one ts: whichever comes first asks."""
    return inbox.record_event(
        parts.db,
        question.key,
        QUESTION,
        team=question.team,
        channel=question.channel,
        ts=question.ts,
        payload={
            "event_id": key,
            "reply_id": parts.new_id("R"),
            "thread_ts": question.thread_ts,
            "person": question.person,
        },
    )


def answer_question(parts: Parts, question: Question, key: str, *, is_resumed: bool = False, tries: int = 0) -> None:
    """Answer, or say that it failed; `key` is the event that asked, which is done then.

    Where Slack hears neither, this is tried again, ever later; `tries` tells how often that was.
    """
    asked = inbox.find_event(parts.db, question.key)
    facts = dict(asked.payload) if asked else {}
    question = replace(question, reply_id=facts.get("reply_id"))
    try:
        if parts.answering.was_stopped(question):
            logger.info("question %s in %s was stopped before its turn", question.ts, question.channel)
        elif switches.is_on(parts.db, question.team, PAUSED):
            parts.answering.say_instead(question, wording.PAUSED)
        elif not ((is_resumed or STOPPED in facts) and end_earlier_attempt(parts, question, facts)):
            parts.answering.answer(question)
    except (ThreadUnreadable, Unsettled) as error:
        logger.warning("question %s in %s waits: %s", question.ts, question.channel, error)
        if isinstance(error, Unsettled):
            inbox.note(parts.db, question.key, **{UNSETTLED: True})
        _try_later(parts, question, key, tries)
        return
    except Exception:
        reference = parts.new_id("E")
        logger.exception("question %s in %s failed, reference %s", question.ts, question.channel, reference)
        if not _apologise(parts, question, reference):
            _try_later(parts, question, key, tries)
            return
    finally:
        parts.answering.take_up(question)
    inbox.mark_done(parts.db, question.key)
    inbox.mark_done(parts.db, key)


def _try_later(parts: Parts, question: Question, key: str, tries: int) -> None:
    """Take it up again after a pause; it stays in the inbox, for the next start, should that come first."""
    parts.later.put(tries, lambda: _queue(parts, question, key, is_resumed=True, tries=tries + 1))


def _apologise(parts: Parts, question: Question, reference: str) -> bool:
    """Say that it failed; False where Slack does not hear Chip at all, or not with this token."""
    try:
        parts.answering.say_instead(question, wording.FAILED.format(reference=reference))
    except Exception as error:
        logger.error("could not say so in %s: %s", question.channel, name_error(error))
        parts.answering.clear_status(question)
        return not is_passing(error)
    return True
