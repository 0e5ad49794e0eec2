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
from retrieval.passage import HEADING_JOINT, EvidenceLine, Passage
from retrieval.ranking.units import ScoredUnit

MOST_ITEMS = 12
# Words of a line that says too little alone, and of one that says too little beside a heading that tells which it is.
_BARE_WORDS = 4
_SHORT_WORDS = 12
_HEADING_WORDS = 8
_ASKS_WHICH = re.compile(r"\b(?:which|when|what (?:is the )?(?:latest|newest|oldest|version|model))\b", re.IGNORECASE)
_ROW = re.compile(r"(?P<label>[^:;\n]{1,40}): [^;\n]+; ")
_CELL = re.compile(r"(?:^|; )[^:;\n]{1,40}: (?P<value>[^;\n]+)")
# "The Moss 2 is a quiet lawn robot for gardens": what it is stands before the first word that tells more of it.
_DEFINES = re.compile(r"^(?:The )?(?P<name>[A-Z0-9][^.:;,\n]{0,40}?) (?:is|are) (?:an?|our|the) (?P<what>[^.:;,\n]+)")
_TELLS_MORE = re.compile(
    r"\b(?:of|for|with|without|in|on|at|from|to|by|that|which|who|and|or|but|as|where|when|made|used)\b.*", re.I | re.S
)
# The same text under a sibling heading answers as well as the first, though its score is far below: the names differ.
_FURTHER = 4.0


def gather(question: str, units: Sequence[ScoredUnit], within: float) -> list[ScoredUnit]:
    """Return the units, with the first one and others of its kind as one list where the question asks for all.

    Only units whose score is at most `within` below the first one's belong to it; sentences that say the same of
    siblings may be `_FURTHER` times as far below.
    """
    if not units or not asks_for_all(question):
        return list(units)
    first = units[0]
    reach = within if _ROW.match(first.text) else _FURTHER * within
    alike = [unit for unit in units if unit.score >= first.score - reach and _is_alike(first, unit)]
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


def find_outline(question: str, passages: Sequence[Passage]) -> tuple[EvidenceLine, ...]:
    """Return the lines that list what is asked for as a whole kind; none where the passages have no such list.

    "What are your depots?" gets the headings of the document "Depots", or its rows; "Which hoses do you sell?" the rows
    with a hose in them; "Which robots do you have?" the sentences "The Moss 2 is a robot".
    """
    kind = find_kind(question)
    if not kind:
        return ()
    return _list_document(kind, passages) or _list_rows(kind, passages) or _list_defined(kind, passages)


def cut_tail(words: str) -> str:
    """Return what comes before the first word that only tells more of it: "Codes" of "Codes of the drive"."""
    return _TELLS_MORE.sub("", words).strip()


def _list_document(kind: frozenset[str], passages: Sequence[Passage]) -> tuple[EvidenceLine, ...]:
    for passage in passages:
        if kind != set(tokenise(cut_tail(passage.title))):
            continue
        same = sorted((other for other in passages if other.source == passage.source), key=lambda one: one.position)
        parts = (part for other in same for part in other.heading.split(HEADING_JOINT)[1:2])
        items = list(dict.fromkeys(parts)) or [unit.shown for other in same for unit in split_units(other.text)]
        if 1 < len(items) <= MOST_ITEMS and not any("\n" in item for item in items):
            return (_build_list(passage, f"{passage.title}, {len(items)}:\n", items),)
    return ()


def _list_rows(kind: frozenset[str], passages: Sequence[Passage]) -> tuple[EvidenceLine, ...]:
    """Return the rows of the first table in which a cell names something of the kind, two rows at least."""
    for passage in passages:
        rows = [unit.text for unit in split_units(passage.text) if _ROW.match(unit.text)]
        rows = [row for row in rows if any(_names(kind, cell["value"]) for cell in _CELL.finditer(row))]
        if 1 < len(rows) <= MOST_ITEMS:
            return (_build_list(passage, "", rows),)
    return ()


def _list_defined(kind: frozenset[str], passages: Sequence[Passage]) -> tuple[EvidenceLine, ...]:
    """Return the sentences that say of something that it is of the kind, one for each thing by name, two at least."""
    found: dict[str, tuple[str, Passage]] = {}
    for passage in passages:
        for unit in split_units(passage.text):
            told = _DEFINES.match(unit.text)
            if told and _names(kind, told["what"]) and find_names(f"see {told['name']}"):
                found.setdefault(told["name"], (unit.shown, passage))
    lines = (
        EvidenceLine(number, text, passage.heading, passage.id)
        for number, (_, (text, passage)) in enumerate(sorted(found.items(), key=lambda item: item[0]), start=1)
    )
    return tuple(lines) if 1 < len(found) <= MOST_ITEMS else ()


def _names(kind: frozenset[str], words: str) -> bool:
    """Whether words name something of the kind: "food grade hose" is a hose, "hose clamp" is none."""
    return any(kind == set(tokenise(cut_tail(part))[-len(kind) :]) for part in words.split(","))


def _build_list(passage: Passage, lead: str, items: Sequence[str]) -> EvidenceLine:
    told = "\n".join(f"- {item}" for item in items)
    return EvidenceLine(1, f"{lead}{told}", passage.heading, passage.id)


def _is_alike(first: ScoredUnit, unit: ScoredUnit) -> bool:
    """Whether two are rows of one table, or say the same under sibling headings."""
    if "\n" in first.text or "\n" in unit.text:
        return False
    one, other = _ROW.match(first.text), _ROW.match(unit.text)
    if one and other:
        return unit.passage.id == first.passage.id and one["label"] == other["label"]
    above = [found.passage.heading.rpartition(HEADING_JOINT)[0] for found in (first, unit)]
    is_sibling = above[0] == above[1] != "" and unit.passage.source == first.passage.source
    return is_sibling and _cut_to_core(unit) == _cut_to_core(first)


def _cut_to_core(unit: ScoredUnit) -> str:
    """Return a unit's last sentence without its own heading: "It repairs bicycles.", whatever it leans on."""
    own = _own_heading(unit.passage)
    last = [part.text for part in split_units(unit.text)][-1:] or [unit.text]
    return last[0].replace(own, "") if own else last[0]


def _find_place(unit: ScoredUnit) -> tuple[str, int, int]:
    """Return where a unit stands, for the documents' own order."""
    return unit.passage.source, unit.passage.position, unit.passage.text.find(unit.text)


def _tell(unit: ScoredUnit) -> str:
    own = _own_heading(unit.passage)
    return unit.text if _ROW.match(unit.text) or not own else f"{own}: {unit.text}"


def _own_heading(passage: Passage) -> str:
    _, joint, own = passage.heading.rpartition(HEADING_JOINT)
    return own if joint and not own.rstrip().endswith("?") else ""
