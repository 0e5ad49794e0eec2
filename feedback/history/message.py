"""One message of a company's history as every reader gives it, and what a reader leaves out. Knows no file format."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from feedback.errors import FeedbackError

Side = Literal["customer", "staff", ""]
"""Who speaks; "" where the source does not say."""


class HistoryError(FeedbackError):
    """A file of history cannot be read; the text is one sentence for people, without the file's name."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one person wrote once.

    `thread` names the conversation, "" where the source does not; then `parent` (the `id` of the message that it
    answers) or `place` (a channel) and the time tell. `at` is in seconds since 1970, UTC; None where it is not given.
    """

    author: str
    text: str
    thread: str = ""
    id: str = ""
    parent: str = ""
    name: str = ""
    side: Side = ""
    at: float | None = None
    place: str = ""
    others: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """Something that was left out, and why. `where` names it where a person should look at it."""

    reason: str
    where: str = ""


Given = Message | Left
Record = Any
"""A piece of a file as its format has it: a mail's bytes, a row, a ticket."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that is being read: records in order, cheap to skip, and the parser that makes messages of one.

    `team` is the Slack workspace that the file comes from. `notes` are sentences that belong in the report.
    """

    format: str
    records: Iterator[Record]
    parse: Callable[[Record], Iterable[Given]]
    team: str = ""
    notes: list[str] = field(default_factory=list)


Open = Callable[[Path], Reading]
