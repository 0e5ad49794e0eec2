"""Extracts facts from lines: what they say about a named thing in numbers, codes, versions, dates, can and cannot.

Indexing extracts them from each passage, by the same rules that compare a sentence with a line. A fact points to its
line, and an answer cites the line. Knows nothing of where facts are stored.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from retrieval.english.closed_words import MONTHS, match_any
from retrieval.english.identifiers import find_codes, split_words
from retrieval.english.names import find_names
from retrieval.english.quantities import find_quantities
from retrieval.english.sentences import split_units
from retrieval.passage import HEADING_JOINT, Passage

CODE, VERSION, DATE, ABILITY = "code", "version", "date", "can or cannot"

_VERSION = re.compile(r"\b(?:v(?:ersion)?\.?\s?\d+(?:\.\d+)*|\d+(?:\.\d+){2,})\b", re.IGNORECASE)
_MONTH = match_any(MONTHS)
_DATE = re.compile(
    rf"\b(?:\d{{1,2}}\.? {_MONTH}(?: \d{{4}})?|{_MONTH} \d{{1,2}}(?:, \d{{4}})?|{_MONTH} \d{{4}}|"
    r"\d{4}-\d{2}-\d{2}|(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_ITEM_NUMBER = re.compile(r"(?:^|(?<=[.;:] ))\d{1,3}[.)] ")
# A row of a table, "Product: Moss 2; Weight: 9 kg", with the name in its first cell.
_ROW = re.compile(r"[^:;\n]{1,60}: ([^:;\n]*[^\W\d_]{2}[^:;\n]{0,60}); [^:;\n]{1,60}: ")
_ABLE = re.compile(r"\b(?:can|may|able to|supports?|allowed)\b(?!['’]t|not)", re.IGNORECASE)
_UNABLE = re.compile(
    r"\b(?:can(?:not|['’]t)|(?:can|may|must|does|do|is|are) (?:not|never)|(?:doesn|don|isn|aren|mustn)['’]t|never)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a line says about a subject. `unit` is the line's position in `split_units`, from 0.

    `subject` is a name in lower case. `kind` is a `quantities.UnitKind` or a constant of this module. `value` is, for
    example, "90 minute", "e4" or "cannot".
    """

    subject: str
    kind: str
    value: str
    passage_id: str
    unit: int


def draw_facts(passage: Passage) -> list[Fact]:
    """Return what a passage says about the things that it names, in reading order, without repeats within a line."""
    facts: dict[Fact, None] = {}
    for number, unit in enumerate(split_units(passage.text)):
        values = list(read_values(unit.text, passage.heading))
        for subject in _find_subjects(unit.text, passage) if values else ():
            facts.update((Fact(subject, kind, value, passage.id, number), None) for kind, value in values)
    return list(facts)


def read_values(text: str, heading: str = "") -> Iterator[tuple[str, str]]:
    """Yield the kind and value of everything in a sentence that a document can confirm or deny."""
    names = [*find_names(text), *(name for part in heading.split(HEADING_JOINT) for name in find_names(part))]
    dates = _DATE.findall(text)
    rest = _VERSION.sub(" ", _DATE.sub(" ", _ITEM_NUMBER.sub(" ", text)))
    for quantity in find_quantities(rest, names):
        yield quantity.kind.value, f"{quantity.value:g} {quantity.unit}".strip()
    yield from ((CODE, code) for code in sorted(find_codes(_VERSION.sub(" ", text))))
    yield from ((VERSION, version.casefold()) for version in _VERSION.findall(text))
    yield from ((DATE, day.casefold()) for day in dates)
    if _UNABLE.search(rest):
        yield ABILITY, "cannot"
    elif _ABLE.search(rest):  # "in May" is none
        yield ABILITY, "can"


def find_subjects(text: str) -> frozenset[str]:
    """Return the things that a sentence names, in lower case."""
    return frozenset(filter(None, (" ".join(split_words(name)) for name in find_names(text))))


def _find_subjects(text: str, passage: Passage) -> frozenset[str]:
    """Return what a line is about: the models that it names, else those of the innermost heading, else the title.

    In a table row most capitalised words are column labels. So a name without a number counts only if a heading has it,
    or if it is the row's own name in the first cell.
    """
    path = passage.heading.split(HEADING_JOINT)
    headed = frozenset(subject for part in path for subject in find_subjects(part))
    named = frozenset(name for name in find_subjects(text) if name in headed or any(c.isdigit() for c in name))
    if row := _ROW.match(text):
        named |= frozenset({" ".join(split_words(row[1]))} - {""})
    if named:
        return named
    inner = (frozenset(s for s in find_subjects(part) if any(c.isdigit() for c in s)) for part in reversed(path))
    return next(filter(None, inner), frozenset({" ".join(split_words(passage.title))} - {""}))
