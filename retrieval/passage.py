"""The values that retrieval hands out: who may read, a passage, a hit and a line of evidence."""

from dataclasses import dataclass
from enum import StrEnum


class Audience(StrEnum):
    """Who a document is meant for."""

    CUSTOMER = "customer"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Scope:
    """The audiences whose passages this asker may read. There is no search without one."""

    audiences: frozenset[Audience]


CUSTOMER_SCOPE = Scope(frozenset({Audience.CUSTOMER}))
STAFF_SCOPE = Scope(frozenset({Audience.CUSTOMER, Audience.STAFF}))


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of one document, small enough to quote.

    `id` is stable while the text stays the same. `heading` is the heading path joined by " › ", starting with the
    document's title. `source` is the document's path below the knowledge folder.
    """

    id: str
    text: str
    heading: str
    title: str
    source: str
    audience: Audience


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

    `number` counts from 1 in ranked order; it is what the model cites.
    """

    number: int
    text: str
    heading: str
    passage_id: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the model gets to read for one question. No lines means that nothing was found."""

    lines: tuple[EvidenceLine, ...]
    match: Match
