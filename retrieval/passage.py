"""Defines the values that retrieval returns: audiences and scopes, passages, hits and lines of evidence."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from retrieval.layout import flatten

Vectors = NDArray[np.float32]
"""Directions of texts, in rows of length 1; one direction alone is (width,)."""

HEADING_JOINT = " › "
"""Separates the headings of a path."""
MARKER = r"\[\d{1,2}\]"
"""The pattern of a citation in an answer: the number of a line or passage in brackets."""
NUMBERED_MARKER = r"\[(?P<number>\d{1,2})\]"
"""The same with the number as a group."""

_GROUP = re.compile(r"group:[A-Z0-9_-]{1,40}")


class Audience(str):
    """Who a document is meant for: `public`, `customer`, `staff`, or one Slack user group (`group:S0123ABCD`).

    Equal names are one object, so that `is` works as it does for an enumeration.
    """

    __slots__ = ()
    PUBLIC: ClassVar["Audience"]
    CUSTOMER: ClassVar["Audience"]
    STAFF: ClassVar["Audience"]
    _known: ClassVar[dict[str, "Audience"]] = {}

    def __new__(cls, name: str) -> "Audience":
        """Return the audience of this name. Raise `ValueError` for one that does not exist."""
        if name not in cls._known:
            if name not in ("public", "customer", "staff") and not _GROUP.fullmatch(name):
                raise ValueError(f"{name[:60]!r} is no audience")
            cls._known.setdefault(str(name), str.__new__(cls, name))
        return cls._known[name]

    @property
    def value(self) -> str:
        """The plain name, as it is stored."""
        return str(self)

    @property
    def is_group(self) -> bool:
        """Whether it is one Slack user group."""
        return self.startswith("group:")


Audience.PUBLIC = Audience("public")
Audience.CUSTOMER = Audience("customer")
Audience.STAFF = Audience("staff")

AUDIENCE_FORMS = "public, customer, staff, group:<Slack user group id>"


@dataclass(frozen=True, slots=True)
class Scope:
    """The audiences whose passages this asker may read. There is no search without one."""

    audiences: frozenset[Audience]


CUSTOMER_SCOPE = Scope(frozenset({Audience.PUBLIC, Audience.CUSTOMER}))
STAFF_SCOPE = Scope(frozenset({Audience.PUBLIC, Audience.CUSTOMER, Audience.STAFF}))


@dataclass(frozen=True, slots=True)
class ReadSoFar:
    """The progress of reading a folder, in files."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Units of one passage and a lead, such as the heading, that says what they are about."""

    lead: str
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of one document, small enough to quote.

    `id` is stable while the text stays the same. `heading` is the heading path joined by " › ", starting with the
    document's title. `source` is the document's path below the knowledge folder; behind "name:" for another source.
    `updated` and `url` are the document's, `page` counts from 1 (a slide, for slides); None where unknown.
    `position` counts the passages of a document from 0.
    """

    id: str
    text: str
    heading: str
    title: str
    source: str
    audience: Audience
    updated: date | None = None
    url: str | None = None
    page: int | None = None
    position: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that search found, with its fused score (higher is better) and its cosine similarity in [-1, 1]."""

    passage: Passage
    score: float
    similarity: float


class Match(StrEnum):
    """How well the best evidence matches the question, as the prompt words it."""

    STRONG = "strong"
    FAIR = "fair"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One numbered line of the prompt: one sentence of a passage, or a few that depend on each other.

    `number` counts from 1 in ranked order; the model cites it. Answers quote `text`, which is laid out as `layout`
    describes; a list or code has several lines.
    """

    number: int
    text: str
    heading: str
    passage_id: str

    @property
    def flat(self) -> str:
        """The text on one line, as prompts and checks read it."""
        return flatten(self.text)

    @property
    def lowest_heading(self) -> str:
        """The heading right above the text."""
        return self.heading.rpartition(HEADING_JOINT)[2]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the model reads for one question. No lines means that nothing was found.

    If `is_whole`, each line is a whole passage, for a base that reads passages.
    """

    lines: tuple[EvidenceLine, ...]
    match: Match
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier message of the thread: what the person wrote or what Chip showed, without markers or links."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class VerifiedAnswer:
    """An answer that staff approved, with its standalone question and the ids of the passages that support it.

    There are no such passages if no document answered. `audience` says who may read the answer. `author` is the id of
    the person who wrote it, which is never shown.
    """

    id: str
    question: str
    answer: str
    author: str
    approved_at: datetime
    audience: Audience
    evidence: tuple[str, ...]
