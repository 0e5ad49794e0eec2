"""A message of a company's history as every reader returns it, and what a reader leaves out. Knows no file format."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from feedback.errors import FeedbackError

Side = Literal["customer", "staff", ""]
"""The side that speaks; "" if the source does not say."""


class HistoryError(FeedbackError):
    """A file of history cannot be read. The text is one sentence for people, without the file's name."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of one person.

    `thread` names the conversation; "" if the source does not. Then `parent` (the `id` of the message that it answers)
    or `place` (a channel) and the time decide. `at` is in seconds since 1970, UTC; None if it is not given.
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
    """Something that was left out, and why. `where` tells a person where to look."""

    reason: str
    where: str = ""


Given = Message | Left
Record = Any
"""A piece of a file in its own format: a mail's bytes, a row, a ticket."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that is being read: its records in order, cheap to skip, and the parser that turns one into messages.

    `team` is the Slack workspace that the file comes from. `notes` are sentences for the report.
    """

    format: str
    records: Iterator[Record]
    parse: Callable[[Record], Iterable[Given]]
    team: str = ""
    notes: list[str] = field(default_factory=list)


Open = Callable[[Path], Reading]
