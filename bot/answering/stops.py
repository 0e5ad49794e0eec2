"""Stop: which questions are still to be answered, and what a press of Stop ends.

A question is expected from the moment it waits until it is claimed: said or stopped, and never both. What was stopped
is noted in the inbox, so that it holds after a crash and for a later try. Knows nothing of Slack.
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
    """Whether the inbox holds of a question that its asker stopped it."""
    return _STOPPED in facts


@dataclass(frozen=True, slots=True)
class Press:
    """A press of Stop in a thread. `ts` is Slack's time stamp of it."""

    channel: str
    thread_ts: str
    person: str
    ts: str


@dataclass(frozen=True, slots=True)
class Stops:
    """The questions that wait, by key, and the answers that are being said, by channel and thread.

    `restored` are the presses that a kill cut off; they hold for questions that are taken up after it.
    """

    db: Database
    waiting: dict[str, Question] = field(default_factory=dict)
    live: dict[tuple[str, str], tuple[Question, Saying]] = field(default_factory=dict)
    restored: list[Press] = field(default_factory=list)

    def expect(self, question: Question) -> None:
        """Note that a question in a thread will be answered; until it is claimed, it can be stopped."""
        self.waiting[question.key] = question

    def claim(self, question: Question) -> bool:
        """Take a question out of the waiting ones; return whether it was still one of them."""
        return self.waiting.pop(question.key, None) is not None

    def was_stopped(self, question: Question) -> bool:
        """Whether a question that was expected is no longer to be answered. One outside a thread cannot be stopped."""
        return bool(question.thread_ts) and question.key not in self.waiting

    @contextmanager
    def saying(self, question: Question, saying: Saying) -> Iterator[None]:
        """Hold an answer while it is being said, so that a press of Stop ends it."""
        place = (question.channel, question.thread_ts)
        self.live[place] = (question, saying)
        try:
            yield
        finally:
            self.live.pop(place, None)

    def press(self, channel: str, thread_ts: str, person: str) -> list[Question]:
        """Stop what is being said in a thread, or else what the person waits for there.

        Return the waiting questions that were stopped; their asker is still to be told.
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
        """End what a press had to end when a kill came, at the instant `at`; what was asked after it goes on."""
        self.restored.append(press)
        self.note_unfinished(press.channel, press.thread_ts, press.person, at)

    def was_pressed(self, question: Question) -> bool:
        """Whether a restored press is the asker's, in the question's thread and after the question."""
        place = (question.channel, question.thread_ts, question.person)
        return any(
            place == (press.channel, press.thread_ts, press.person) and question.ts < press.ts
            for press in self.restored
        )

    def note(self, question: Question) -> None:
        """Note in the inbox that the question is not to be answered any more."""
        inbox.note(self.db, question.key, **{_STOPPED: True})

    def note_unfinished(self, channel: str, thread_ts: str, person: str, until: datetime | None = None) -> None:
        """Note the same of all that a person asked in a thread, up to an instant, and that has no answer yet."""
        for asked in inbox.find_unfinished(self.db, QUESTION):
            place = (asked.channel, asked.payload.get("thread_ts"), asked.payload.get("person"))
            if place == (channel, thread_ts, person) and (until is None or asked.received_at <= until):
                inbox.note(self.db, asked.key, **{_STOPPED: True})
