"""Defines a question to Chip, and its state until the reply."""

import time
from dataclasses import dataclass

from bot.answering.reply_stream import Place
from bot.slack.written import Unread
from retrieval.draft import Draft

QUESTION = "question"  # the kind of the row in the inbox that a question has beside the event that asked it


@dataclass(frozen=True, slots=True)
class Question:
    """A message that asks Chip something.

    `text` is as Slack delivered it. `thread_ts` is the root of its thread, "" for a command, which has no thread.
    `reply_id` is the id for its reply, if there is one already. `edit` identifies the edit that asks again. Only the
    asker sees the answer to a private question. `home` is the asker's own team, or "" if that is the team that Chip is
    installed in; the two differ in channels that organisations share. `unread` is content that Chip cannot read. With
    `has_votes` the answer has vote buttons.
    """

    team: str
    channel: str
    thread_ts: str
    ts: str
    person: str
    text: str
    reply_id: str | None = None
    edit: str = ""
    is_private: bool = False
    home: str = ""
    unread: Unread = Unread.NOTHING
    has_votes: bool = True

    @property
    def key(self) -> str:
        """The key that deliveries of the same question share: a mention arrives as two events with one ts."""
        return ":".join((QUESTION, self.team, self.channel, self.ts, *filter(None, [self.edit])))

    @property
    def place(self) -> Place:
        return Place(self.home or self.team, self.channel, self.thread_ts, self.person)


@dataclass(frozen=True, slots=True)
class PendingReply:
    """A question with its draft, before the reply. `started` is a reading of `time.perf_counter`, in seconds."""

    reply_id: str
    question: Question
    draft: Draft
    started: float

    def milliseconds(self) -> float:
        """Return the time since Chip began to answer."""
        return (time.perf_counter() - self.started) * 1000
