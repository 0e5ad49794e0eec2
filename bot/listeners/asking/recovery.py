"""Ends or redoes an answer that a killed process left in Slack, so that it stands there once.

There are four cases. An answer that ended carries its mark, and nothing is done. An answer that was made but not ended
gets its footer. An answer that its asker stopped is ended as it stands. Anything else was cut off while it was made: it
is deleted, and the question is answered again under the same reply id, because votes may already refer to it. Knows
nothing of how an answer is made.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from slack_sdk import WebClient

from bot.answering.question import Question
from bot.answering.stops import is_stopped
from bot.services import Services
from bot.slack import marks
from bot.slack.errors import SLACK_ERRORS, is_passing, name_error
from bot.slack.text import shorten
from bot.views import wording
from feedback import replies

logger = logging.getLogger(__name__)

Message = Mapping[str, Any]

UNSETTLED = "unsettled"  # a fact of a question: the end of its answer may be missing in Slack
NOTING_SECONDS = 1.0
UPDATE_CHARACTERS = 3_000  # of the text behind the blocks; Slack takes 4,000


class ThreadUnreadable(Exception):
    """Slack cannot tell at the moment what stands in a thread. The message names the reason."""


class Attempt(Enum):
    """How far an earlier attempt came whose answer has no mark in Slack."""

    WHOLE = "made, and all of it is visible: only the footer is missing"
    MADE = "made, but some of it may not be visible"
    STOPPED = "stopped before it was made"
    CUT_OFF = "cut off before it was made"


def end_earlier_attempt(services: Services, question: Question, facts: Mapping[str, Any]) -> bool:
    """End what an earlier attempt left behind. Return whether the question is answered by that.

    `facts` is what the inbox holds about the question: the reply's id, whether it was stopped and, once the answer was
    made, its Markdown and footer. Raises one of `SLACK_ERRORS` if a message cannot be posted, `ThreadUnreadable` if the
    thread cannot be read now.
    """
    if question.is_private:  # it left no trace in Slack, and must not be ended in public
        return _end_private(services, question, facts)
    posted = _find_posted(services, question)
    if any(marks.is_about(message, question.key) for message in posted):
        return True
    remains = _find_remains(services, question, posted)
    match _find_state(facts, posted, remains):
        case Attempt.WHOLE:
            _end(services, question, facts, remains)
        case Attempt.MADE:
            _take_all_away(services, question, remains)
            _end(services, question, facts, [])
        case Attempt.STOPPED:
            for ts in remains:
                _stop(services.client, question.channel, ts)
            services.answering.say_instead(question, wording.STOPPED)
        case Attempt.CUT_OFF:
            _take_all_away(services, question, remains)
            return False
    return True


def _end_private(services: Services, question: Question, facts: Mapping[str, Any]) -> bool:
    was_stopped = is_stopped(facts)
    if was_stopped:
        services.answering.say_instead(question, wording.STOPPED)
    return was_stopped


def _find_state(facts: Mapping[str, Any], posted: Sequence[Message], remains: Sequence[str]) -> Attempt:
    if "footer" in facts:
        # If the answer grew by updates, or a response was lost, its last words or a further part may be missing.
        is_whole = UNSETTLED not in facts and _list_begun(posted).isdisjoint(remains)
        return Attempt.WHOLE if is_whole else Attempt.MADE
    return Attempt.STOPPED if is_stopped(facts) else Attempt.CUT_OFF


def _find_posted(services: Services, question: Question) -> list[Message]:
    """Return what Chip posted in the thread after the question; empty if Slack will never tell."""
    try:
        return marks.find_own_messages(
            services.client, services.bot_user, question.channel, question.thread_ts, question.ts
        )
    except SLACK_ERRORS as error:
        if is_passing(error):
            raise ThreadUnreadable(f"its thread cannot be read: {name_error(error)}") from error
        logger.warning("the thread of %s cannot be read: %s", question.key, name_error(error))
        return []


def _find_remains(services: Services, question: Question, posted: Sequence[Message]) -> list[str]:
    """Return the ts of this reply's parts, oldest first, including those that were not noted before the kill."""
    noted = [ts for _, ts in replies.find_parts(services.db, question.reply_id or "")]
    unmarked = [message["ts"] for message in posted if not marks.is_marked(message)]
    if unmarked := replies.find_unknown_parts(services.db, question.channel, unmarked):
        time.sleep(NOTING_SECONDS)  # another answer may have begun at this very moment
    begun = _list_begun(posted)
    orphans = [
        ts
        for ts in replies.find_unknown_parts(services.db, question.channel, unmarked)
        if ts in begun or _stop(services.client, question.channel, ts)
    ]
    return sorted({*noted, *orphans})


def _list_begun(posted: Sequence[Message]) -> set[str]:
    return {message["ts"] for message in posted if marks.is_begun(message)}


def _end(services: Services, question: Question, facts: Mapping[str, Any], remains: Sequence[str]) -> None:
    """Put the whole answer, or at least its footer, where the last part stands. Post it if there is none."""
    metadata = marks.mark_reply(facts["reply_id"], question.key)
    footer = list(facts["footer"])
    if not remains:
        stream = services.answering.open_stream(
            question, lambda ts: replies.add_part(services.db, facts["reply_id"], question.channel, ts)
        )
        stream.append(facts["markdown"])
        stream.finish(footer, metadata)
        return
    last = remains[-1]
    if len(remains) > 1 and _stop(services.client, question.channel, last, blocks=footer, metadata=metadata):
        return
    _stop(services.client, question.channel, last)
    text = facts["markdown"]
    if len(remains) > 1:
        text = _read_text(services.client, question.channel, question.thread_ts, last)
    services.client.chat_update(
        channel=question.channel,
        ts=last,
        text=shorten(text, UPDATE_CHARACTERS),
        blocks=[{"type": "markdown", "text": text}, *footer],
        metadata=metadata,
    )


def _read_text(client: WebClient, channel: str, thread_ts: str, ts: str) -> str:
    page = client.conversations_replies(channel=channel, ts=thread_ts, oldest=ts, latest=ts, inclusive=True)
    return str(next(message["text"] for message in page["messages"] if message["ts"] == ts))


def _stop(client: WebClient, channel: str, ts: str, **ending: Any) -> bool:
    """End the stream at `ts`. Return False if no stream is open there."""
    try:
        client.chat_stopStream(channel=channel, ts=ts, **ending)
    except SLACK_ERRORS as error:
        logger.info("no open stream in %s: %s", channel, name_error(error))
        return False
    return True


def _take_all_away(services: Services, question: Question, remains: Sequence[str]) -> None:
    for ts in remains:
        _take_away(services.client, question.channel, ts)


def _take_away(client: WebClient, channel: str, ts: str) -> None:
    _stop(client, channel, ts)
    try:
        client.chat_delete(channel=channel, ts=ts)
    except SLACK_ERRORS as error:
        logger.warning("the remains of an answer in %s stay: %s", channel, name_error(error))
