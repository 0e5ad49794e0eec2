"""Reads a line or a question for the ranking: terms, names, codes, numbers, and the form of what it says.

Each result depends on one text alone, so it is computed once and cached. Knows nothing of scores.
"""

# A table of patterns reads best with one row to a line.
# ruff: noqa: E501

import re
from dataclasses import dataclass
from functools import lru_cache

from retrieval.english.closed_words import AUXILIARIES, DAYS, MONTHS, NEGATION, match_any
from retrieval.english.identifiers import find_codes, split_words
from retrieval.english.names import find_names
from retrieval.english.quantities import UnitKind, find_quantities, find_wanted_kinds
from retrieval.english.terms import tokenise_with_words
from retrieval.passage import HEADING_JOINT

_STEPS = re.compile(
    r"^\d{1,3}[.)] |(?:^|[;:.] )(?:\d\. )?(?:press|open|hold|click|select|choose|tap|go to|turn|remove|place|put|"
    r"connect|set|add|enter|wipe|clean|check|switch|use|ask|call|send|write|restart|carry|charge|to \w+ (?:the|your|it))\b",
    re.I,
)
_REASON = re.compile(
    r"\b(?:because|since|so that|due to|in order to|to avoid|therefore|as a result|means that|reason)\b", re.I
)
_ABLE = re.compile(
    r"\b(?:can|cannot|can't|may|must|not|no|only|never|does|is allowed|supports?|works? with|available|yes|possible)\b",
    re.I,
)
_NEGATED = re.compile(NEGATION, re.I)
_PLACE = re.compile(r"\b(?:at|in|under|on|near|behind|inside|next to|above|below)\b\s+(?:the |a |\"|[A-Z\d])")
_CONTACT = re.compile(r"@|\b\d{3,}[ -]\d{3,}|\bwww\.|\.example\b|\bhttps?:")
_OFTEN = re.compile(r"\b(?:every|once|twice|per|each|daily|weekly|monthly|yearly|times)\b", re.I)
# "may" is a verb more often than a month.
_DATE = re.compile(
    rf"\b(?:19|20)\d\d\b|\b{match_any(month for month in MONTHS if month != 'may')}\b|\b{match_any(DAYS)}s?\b", re.I
)

_ASKS_HOW = re.compile(
    r"\bhow (?:do|can|to|should|would|could|does one)\b|\bsteps?\b|\bwhat (?:do|should|can) i do\b|\bwhat now\b|\bhelp\b|"
    r"\binstructions?\b|\bwhat to do\b|\bfix\b",
    re.I,
)
_ASKS_WHY = re.compile(r"\bwhy\b|\bhow come\b|\breason\b|\bwhat happens\b", re.I)
ASKS_WHETHER = rf"^\W*(?:(?:hi|hello|hey|so|and|but|ok|also|please)\W+)*{match_any(AUXILIARIES)}\b"
"""The beginning of a yes-or-no question; match it without case."""
_ASKS_ABLE = re.compile(
    ASKS_WHETHER + r"|\b(?:can|could|may|will|does|do|is|are) (?:i|we|you|it|the|my|this|there|a)\b",
    re.I,
)
_ASKS_WHERE = re.compile(r"\bwhere\b|\bwhich (?:menu|page|place|city|country|address)\b", re.I)
_ASKS_CONTACT = re.compile(r"\b(?:phone|e-?mail|call|contact|reach|address|website|link)\b", re.I)
_ASKS_OFTEN = re.compile(r"\bhow (?:often|frequently)\b|\binterval\b|\bhow regularly\b", re.I)
_ASKS_DATE = re.compile(
    r"\bwhen\b|\bwhat (?:year|date|day)\b|\bwhich (?:year|date|day)\b|\bsince\b|\buntil\b|\bopen\b", re.I
)
_ASKS_WHO = re.compile(r"\bwho(?:m|se)?\b", re.I)
_ASKS_MEANING = re.compile(
    r"\bwhat (?:is|are|does|do)\b.*\bmean|\bmean(?:s|ing)?\b|\bdefin|^what(?:'s| is) (?:an? |the )?\w+\??$", re.I
)


@dataclass(frozen=True, slots=True)
class LineForm:
    """A line of evidence as the ranking sees it."""

    terms: frozenset[str]
    heading_terms: frozenset[str]
    words: tuple[str, ...]
    names: frozenset[tuple[str, ...]]
    heading_names: frozenset[tuple[str, ...]]
    codes: frozenset[str]
    kinds: frozenset[UnitKind]
    forms: tuple[float, ...]
    length: int


@dataclass(frozen=True, slots=True)
class QuestionForm:
    """A question as the ranking sees it. `tokens` are its words in order; names are looked up in them."""

    terms: tuple[tuple[str, str], ...]
    tokens: tuple[str, ...]
    codes: frozenset[str]
    wanted: frozenset[UnitKind]
    forms: tuple[float, ...]


# The forms of lines and of questions stand in pairs: what a question of this form wants in a line.
FORMS = ("steps", "reason", "able", "place", "contact", "often", "date", "meaning", "who")


@lru_cache(maxsize=100_000)
def read_line(heading: str, text: str) -> LineForm:
    """Return the form of a line under this heading path."""
    names = find_names(text)
    heading_names = [name for part in heading.split(HEADING_JOINT) for name in find_names(part)]
    terms = dict(tokenise_with_words(text))
    heading_terms = dict(tokenise_with_words(heading))
    quantities = find_quantities(text, [*names, *heading_names])
    return LineForm(
        frozenset(terms),
        frozenset(heading_terms),
        tuple(terms.values()),
        frozenset(map(split_words, names)),
        frozenset(map(split_words, heading_names)),
        find_codes(text),
        frozenset(quantity.kind for quantity in quantities),
        (
            float(bool(_STEPS.search(text))),
            float(bool(_REASON.search(text))),
            float(bool(_ABLE.search(text))) + float(bool(_NEGATED.search(text))),
            float(bool(_PLACE.search(text))),
            float(bool(_CONTACT.search(text))),
            float(bool(_OFTEN.search(text))),
            float(bool(_DATE.search(text))),
            float(" means " in text or " is a " in text or " is an " in text or " is the " in text),
            float(any(name[0].isupper() for name in names)),
        ),
        len(text.split()),
    )


@lru_cache(maxsize=10_000)
def read_question(question: str) -> QuestionForm:
    """Return the form of a question."""
    asks = (
        _ASKS_HOW,
        _ASKS_WHY,
        _ASKS_ABLE,
        _ASKS_WHERE,
        _ASKS_CONTACT,
        _ASKS_OFTEN,
        _ASKS_DATE,
        _ASKS_MEANING,
        _ASKS_WHO,
    )
    return QuestionForm(
        tuple(dict(tokenise_with_words(question)).items()),
        split_words(question),
        find_codes(question),
        find_wanted_kinds(question),
        tuple(float(bool(pattern.search(question))) for pattern in asks),
    )
