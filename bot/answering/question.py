"""A question to Chip, and the same question on its way to a reply."""

import time
from dataclasses import dataclass

from bot.answering.reply_stream import Place
from bot.slack.written import Unread
from retrieval.draft import Draft

QUESTION = "question"  # the kind of the row in the inbox that a question has beside the event that asked it


@dataclass(frozen=True, slots=True)
class Question:
    """A message that asks Chip something. `text` is as Slack delivered it; `thread_ts` is the root of its thread, ""
    where it has none, as a command.

    `reply_id` is the id that its reply gets, where it was given before; `edit` names the edit that asks anew. Of a
    private question the asker alone sees the answer. `home` is the asker's own team, "" for the team that Chip is
    installed in: in a channel that is shared with other organisations the two differ. `unread` came with it and says
    nothing to Chip. `has_votes`: the vote buttons stand under the answer.
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
        """What makes two deliveries the same question: a mention arrives as two events with one ts."""
        return ":".join((QUESTION, self.team, self.channel, self.ts, *filter(None, [self.edit])))

    @property
    def place(self) -> Place:
        return Place(self.home or self.team, self.channel, self.thread_ts, self.person)


@dataclass(frozen=True, slots=True)
class PendingReply:
    """A question with its draft, on the way to a reply. `started` is a reading of `time.perf_counter`, in seconds."""

    reply_id: str
    question: Question
    draft: Draft
    started: float

    def milliseconds(self) -> float:
        """Return the time since Chip took up the question."""
        return (time.perf_counter() - self.started) * 1000
