"""Tells waiting people how many questions come before theirs, and about how long that takes.

The notes are statuses of the Slack thread, which expire after two minutes. They are sent from a thread of their own, so
that Slack's rate limit delays neither acknowledgements nor answers. Knows nothing of the answers.
"""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from slack_sdk import WebClient

from bot.answering.question import Question
from bot.slack.errors import SLACK_ERRORS, name_error
from bot.transport.work import WorkPool
from bot.views import wording

logger = logging.getLogger(__name__)

WORTH_TELLING = 8  # questions that wait; fewer are answered before anybody could read it
REFRESH_SECONDS = 20.0  # Slack takes 600 statuses a minute, as many as two hundred waiting need


class WaitingNotes:
    """The notes for the questions that wait in the pool. `client` should not wait when Slack limits its rate."""

    def __init__(self, client: WebClient, pool: WorkPool) -> None:
        self._client = client
        self._pool = pool
        self._waiting: dict[str, Question] = {}
        self._lock = threading.Condition()
        self._speaking: str | None = None
        self._is_timeless = False  # somebody was told no time, since the pace was not known
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chip-notes")

    def tell(self, key: str, question: Question) -> None:
        """Show a note for a question that the pool just got under `key`, if enough others come before it."""
        ahead = self._pool.count_ahead(key, question.person)
        if ahead is None or ahead < WORTH_TELLING:
            return
        with self._lock:
            self._waiting[key] = question
        self._submit(key)

    def leave(self, key: str) -> None:
        """Show no more notes for a question. Call this when its answer begins."""
        with self._lock:
            self._waiting.pop(key, None)
            self._lock.wait_for(lambda: self._speaking != key)
            is_known_now = self._is_timeless and self._pool.wait_seconds(1) is not None
            self._is_timeless = self._is_timeless and not is_known_now
        if is_known_now:
            self.refresh()

    def drop(self, question: Question) -> None:
        """Forget a question that was stopped while it waited."""
        with self._lock:
            keys = [key for key, waiting in self._waiting.items() if waiting.key == question.key]
        for key in keys:
            self.leave(key)

    def refresh(self) -> None:
        """Renew the notes of all questions that still wait."""
        with self._lock:
            keys = list(self._waiting)
        for key in keys:
            self._submit(key)

    def close(self) -> None:
        """Finish the note that is being sent, and send no more."""
        self._thread.shutdown(cancel_futures=True)

    def _submit(self, key: str) -> None:
        with suppress(RuntimeError):  # closed
            self._thread.submit(self._say, key)

    def _say(self, key: str) -> None:
        with self._lock:
            question = self._waiting.get(key)
            ahead = self._pool.count_ahead(key, question.person) if question else None
            if question is None or ahead is None:
                self._waiting.pop(key, None)
                return
            self._speaking = key
        try:
            self._client.assistant_threads_setStatus(
                channel_id=question.channel, thread_ts=question.thread_ts, status=self._word(ahead)
            )
        except SLACK_ERRORS as error:
            logger.info("no status in %s: %s", question.channel, name_error(error))
        finally:
            with self._lock:
                self._speaking = None
                self._lock.notify_all()

    def _word(self, ahead: int) -> str:
        seconds = self._pool.wait_seconds(ahead)
        if seconds is None:
            self._is_timeless = True
            return wording.WAITING_UNKNOWN.format(ahead=ahead)
        return wording.WAITING.format(ahead=ahead, seconds=max(1, round(seconds)))
