"""Owns Stop: which questions still await an answer, and what a press of Stop ends.

A waiting question is expected until it is claimed: for its answer or by a press, but never for both. The inbox records
stopped questions, so that they stay stopped after a crash and on later tries. Knows nothing of Slack.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.answering.question import QUESTION, Question
from bot.answering.say import Saying
from feedback import inbox
from feedback.database import Database

_STOPPED = "stopped"  # a fact of a question in the inbox


def is_stopped(facts: Mapping[str, Any]) -> bool:
    """Whether the inbox records that the asker stopped a question."""
    return _STOPPED in facts


@dataclass(frozen=True, slots=True)
class Press:
    """A press of Stop in a thread. `ts` is Slack's time stamp."""

    channel: str
    thread_ts: str
    person: str
    ts: str


@dataclass(frozen=True, slots=True)
class Stops:
    """The waiting questions by key, and the answers in progress by channel and thread.

    `restored` holds the presses that a kill interrupted; they apply to the questions that are resumed after it.
    """

    db: Database
    waiting: dict[str, Question] = field(default_factory=dict)
    live: dict[tuple[str, str], tuple[Question, Saying]] = field(default_factory=dict)
    restored: list[Press] = field(default_factory=list)

    def expect(self, question: Question) -> None:
        """Note that a question in a thread waits for its answer. It can be stopped until it is claimed."""
        self.waiting[question.key] = question

    def claim(self, question: Question) -> bool:
        """Remove a question from those that wait. Return whether it was still waiting."""
        return self.waiting.pop(question.key, None) is not None

    def was_stopped(self, question: Question) -> bool:
        """Whether an expected question was stopped. A question outside a thread cannot be stopped."""
        return bool(question.thread_ts) and question.key not in self.waiting

    @contextmanager
    def saying(self, question: Question, saying: Saying) -> Iterator[None]:
        """Register an answer in progress, so that a press of Stop ends it."""
        place = (question.channel, question.thread_ts)
        self.live[place] = (question, saying)
        try:
            yield
        finally:
            self.live.pop(place, None)

    def press(self, channel: str, thread_ts: str, person: str) -> list[Question]:
        """Stop the answer in progress in a thread, or else the person's waiting questions there.

        Return the waiting questions that were stopped. The caller tells their asker.
        """
        if (said := self.live.get((channel, thread_ts))) is not None:
            question, saying = said
            saying.cancel()
            self.note(question)
            return []
        place = (channel, thread_ts, person)
        waiting = [q for q in list(self.waiting.values()) if (q.channel, q.thread_ts, q.person) == place]
        stopped = [question for question in waiting if self.claim(question)]
        self.note_unfinished(*place)
        return stopped

    def restore(self, press: Press, at: datetime) -> None:
        """Apply a press that a kill interrupted, made at the instant `at`. Later questions are not affected."""
        self.restored.append(press)
        self.note_unfinished(press.channel, press.thread_ts, press.person, at)

    def was_pressed(self, question: Question) -> bool:
        """Whether the asker pressed Stop in the question's thread after the question, before a kill."""
        place = (question.channel, question.thread_ts, question.person)
        return any(
            place == (press.channel, press.thread_ts, press.person) and question.ts < press.ts
            for press in self.restored
        )

    def note(self, question: Question) -> None:
        """Record in the inbox that the question was stopped."""
        inbox.note(self.db, question.key, **{_STOPPED: True})

    def note_unfinished(self, channel: str, thread_ts: str, person: str, until: datetime | None = None) -> None:
        """Record the same for all unanswered questions of a person in a thread, up to an instant."""
        for asked in inbox.find_unfinished(self.db, QUESTION):
            place = (asked.channel, asked.payload.get("thread_ts"), asked.payload.get("person"))
            if place == (channel, thread_ts, person) and (until is None or asked.received_at <= until):
                inbox.note(self.db, asked.key, **{_STOPPED: True})
