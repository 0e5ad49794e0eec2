"""Several lines of one kind gathered into one, for questions that ask for all of them, and headings told with a line.

A row says one plan of three, and "Takes returns." says nothing without the depot that its heading names. Pure; made of
the passages' own words.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from retrieval.asked.listing import asks_for_all, find_kind
from retrieval.english.identifiers import find_identifiers
from retrieval.english.names import find_names
from retrieval.english.sentences import split_units
from retrieval.english.terms import tokenise
from retrieval.passage import HEADING_JOINT, Passage
from retrieval.ranking.units import ScoredUnit

MOST_ITEMS = 12
# Words of a line that says too little alone, and of one that says too little beside a heading that tells which it is.
_BARE_WORDS = 4
_SHORT_WORDS = 12
_HEADING_WORDS = 8
_ASKS_WHICH = re.compile(r"\b(?:which|when|what (?:is the )?(?:latest|newest|oldest|version|model))\b", re.IGNORECASE)
_ROW = re.compile(r"(?P<label>[^:;\n]{1,40}): [^;\n]+; ")


def gather(question: str, units: Sequence[ScoredUnit], within: float) -> list[ScoredUnit]:
    """Return the units, with the first one and others of its kind as one list where the question asks for all.

    Only units whose score is at most `within` below the first one's belong to it.
    """
    if not units or not asks_for_all(question):
        return list(units)
    first = units[0]
    alike = [unit for unit in units if unit.score >= first.score - within and _is_alike(first, unit)]
    texts = list(dict.fromkeys(_tell(unit) for unit in sorted(alike, key=_find_place)))
    if not 1 < len(texts) <= MOST_ITEMS:
        return list(units)
    listed = replace(first, text="\n".join(f"- {text}" for text in texts))
    return [listed, *(unit for unit in units if unit not in alike)]


def tell_heading(question: str, unit: ScoredUnit) -> ScoredUnit:
    """Return the unit with its lowest heading before it, where the line alone does not tell of what it speaks."""
    own = _own_heading(unit.passage)
    words = unit.text.split()
    if not own or "\n" in unit.text or len(own.split()) > _HEADING_WORDS or len(words) > _SHORT_WORDS:
        return unit
    if find_names(unit.text) or find_identifiers(unit.text) or set(tokenise(own)) <= set(tokenise(unit.text)):
        return unit
    tells_which = bool(find_identifiers(own)) or any(map(str.isdigit, own)) or bool(_ASKS_WHICH.search(question))
    is_asked = len(words) <= _BARE_WORDS and bool(set(tokenise(own)) & set(tokenise(question)))
    return replace(unit, text=f"{own}: {unit.text}") if tells_which or is_asked else unit


def find_outline(question: str, passages: Sequence[Passage]) -> tuple[Passage, str] | None:
    """Return a passage and the list of what its document has of the kind that is asked for; None where none has.

    That is its headings where its title is the kind: "Depots" for "What are your depots?"; else its rows.
    """
    kind = find_kind(question)
    if not kind:
        return None
    for passage in passages:
        if kind != set(tokenise(passage.title)):
            continue
        same = sorted((other for other in passages if other.source == passage.source), key=lambda one: one.position)
        parts = (part for other in same for part in other.heading.split(HEADING_JOINT)[1:2])
        items = list(dict.fromkeys(parts)) or [unit.shown for other in same for unit in split_units(other.text)]
        if 1 < len(items) <= MOST_ITEMS and not any("\n" in item for item in items):
            told = "\n".join(f"- {item}" for item in items)
            return passage, f"{passage.title}, {len(items)}:\n{told}"
    return None


def _is_alike(first: ScoredUnit, unit: ScoredUnit) -> bool:
    """Whether two are rows of one table, or say the same under sibling headings."""
    if "\n" in first.text or "\n" in unit.text:
        return False
    one, other = _ROW.match(first.text), _ROW.match(unit.text)
    if one and other:
        return unit.passage.id == first.passage.id and one["label"] == other["label"]
    above = [found.passage.heading.rpartition(HEADING_JOINT)[0] for found in (first, unit)]
    return unit.text == first.text and above[0] == above[1] != "" and unit.passage.source == first.passage.source


def _find_place(unit: ScoredUnit) -> tuple[str, int, int]:
    """Return where a unit stands, for the documents' own order."""
    return unit.passage.source, unit.passage.position, unit.passage.text.find(unit.text)


def _tell(unit: ScoredUnit) -> str:
    own = _own_heading(unit.passage)
    return unit.text if _ROW.match(unit.text) or not own else f"{own}: {unit.text}"


def _own_heading(passage: Passage) -> str:
    _, joint, own = passage.heading.rpartition(HEADING_JOINT)
    return own if joint and not own.rstrip().endswith("?") else ""
