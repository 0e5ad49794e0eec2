"""The values that retrieval hands out: who may read, a passage, a hit and a line of evidence."""

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
"""Stands between the headings of a path."""
MARKER = r"\[\d{1,2}\]"
"""The pattern of what cites a line or a passage in an answer: its number."""
NUMBERED_MARKER = r"\[(?P<number>\d{1,2})\]"
"""The same with the number as its group."""

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
    """How far the reading of a folder has come, in files."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Units of one passage, and the words before them that say what they are about, such as a heading."""

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
    """One numbered line of the prompt: a sentence, or a few that need each other, cut from a passage.

    `number` counts from 1 in ranked order; it is what the model cites. `text` is what an answer quotes, laid out as
    `layout` says: a list or code has several lines.
    """

    number: int
    text: str
    heading: str
    passage_id: str

    @property
    def flat(self) -> str:
        """The words of the text on one line, as prompts and checks read them."""
        return flatten(self.text)

    @property
    def lowest_heading(self) -> str:
        """The heading right above the text."""
        return self.heading.rpartition(HEADING_JOINT)[2]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the model gets to read for one question. No lines means that nothing was found.

    `is_whole`: each line is a whole passage, for a base that reads passages.
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
    """What staff approved: the question as it stands alone, its answer, and the ids of the passages under it.

    None are under it where no document answered. `audience` is who may read it; `author` is the id of the person who
    wrote it and is never shown.
    """

    id: str
    question: str
    answer: str
    author: str
    approved_at: datetime
    audience: Audience
    evidence: tuple[str, ...]
