"""Where a sentence ends, and which lines of a passage belong together when they are quoted.

The text of a passage holds one paragraph, list item or table row for each line. Knows nothing of documents or scores.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from retrieval.passage import Passage

# A list of at most this many words is quoted as a whole; a longer one item by item under its lead-in.
MAX_LIST_WORDS = 45
NO_BREAK = "\u00a0"
"""Stands in a passage where its line must not be cut, as behind a full stop in a cell. What is quoted has a blank."""

_SHORT_FORMS = """
e.g. i.e. etc. vs. cf. approx. no. nos. fig. figs. sec. ch. pp. vol. ed. al. dr. mr. mrs. ms. prof. st. jr. sr. inc.
ltd. co. corp. dept. est. min. max. hr. hrs. ft. lb. lbs. oz. tel. ext. jan. feb. mar. apr. jun. jul. aug. sep. sept.
oct. nov. dec. a.m. p.m. u.s. u.k. ph.d. z.b. bzw. ca. d.h. nr. p.s. incl. excl. avg. temp. ref. ver.
"""
_ABBREVIATIONS = frozenset(_SHORT_FORMS.split())
_END = re.compile(r"""[.!?…]++["'”’)\]]*+(?!\u00a0)\s+|[。！？]++["”’」』）]*+(?!\u00a0)\s*""")
# "Light: red; Meaning: The filter is full. Clean it.": a row of a table, quoted as a whole.
_ROW = re.compile(r"^[^.!?:;]{1,80}: [^;]+; [^.!?:;]{1,80}: ")
_ITEM = re.compile(r"^(?:- |\d{1,3}[.)] )")
_NUMBERED = re.compile(r"^\d{1,3}[.)] ")


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest stretch worth quoting: a sentence, a table row, or a short list with its lead-in."""

    text: str
    leans_back: bool


# A sentence that starts so makes little sense without the one before it.
_LEANS_BACK = re.compile(
    r"^(?:it|its|it's|this|that|these|those|they|their|them|he|his|she|her|both|either|neither|otherwise|instead|however|"
    r"if so|then|also|in (?:this|that) case|the (?:same|former|latter)|such|here|doing so|after (?:this|that))\b",
    re.IGNORECASE,
)


def split_sentences(text: str) -> list[str]:
    """Split each line of the text into sentences; numbers, versions, abbreviations and list markers do not end one."""
    return [sentence for line in text.split("\n") for sentence in _split_line(line.strip())]


def split_units(text: str) -> tuple[Unit, ...]:
    """Return what can be quoted from a passage, in reading order, without repeats."""
    units: dict[str, Unit] = {}
    for sentence in _join_lists([line.strip() for line in text.split("\n") if line.strip()]):
        text = sentence.replace(NO_BREAK, " ")
        units.setdefault(text, Unit(text, bool(_LEANS_BACK.match(text))))
    return tuple(units.values())


def unit_texts(passage: Passage) -> list[str]:
    """Return the texts whose vectors stand for the passage's units, in the order of `split_units`."""
    return [f"{passage.heading}: {unit.text}" for unit in split_units(passage.text)]


def count_words(text: str) -> int:
    """Return the number of blank-separated words."""
    return len(text.split())


def _split_line(line: str) -> Iterator[str]:
    if _ROW.match(line):
        yield line
        return
    start = 0
    for end in _END.finditer(line):
        if _ends_sentence(line, start, end):
            yield line[start : end.end()].strip()
            start = end.end()
    if line[start:].strip():
        yield line[start:].strip()


def _ends_sentence(line: str, start: int, end: re.Match[str]) -> bool:
    mark = end.group().strip()
    if mark[0] != "." or len(mark.rstrip("\"'”’)]")) > 1:
        return True
    following = line[end.end() : end.end() + 1]
    words = line[start : end.start() + 1].split()
    last = words[-1].lstrip("(\"'“‘[").lower()
    if len(words) == 1 and (_ITEM.match(f"{last} ") or len(last) == 2):
        return False
    if last in _ABBREVIATIONS or re.fullmatch(r"(?:[a-z]\.)+", last):
        # "No. 5", "e.g. Moss", "J. Smith": only "etc." and "p.m." before a capital end a sentence.
        return last in {"etc.", "a.m.", "p.m.", "al."} and following.isupper()
    return not following.islower()


def _join_lists(lines: list[str]) -> Iterator[str]:
    position = 0
    while position < len(lines):
        items_end = position + 1
        lead = lines[position] if lines[position].endswith(":") and not _ITEM.match(lines[position]) else None
        first_item = position + 1 if lead else position
        items_end = first_item
        while items_end < len(lines) and _ITEM.match(lines[items_end]):
            items_end += 1
        if items_end > first_item:
            yield from _quote_list(lead, lines[first_item:items_end])
            position = items_end
        else:
            yield from _split_line(lines[position])
            position += 1


def _quote_list(lead: str | None, items: list[str]) -> Iterator[str]:
    *before, intro = list(_split_line(lead)) if lead else [""]
    yield from before
    whole = f"{intro} {_run_in(items)}".strip()
    if count_words(whole) <= MAX_LIST_WORDS:
        yield whole
        return
    if _NUMBERED.match(items[0]):
        yield from _group_steps(intro, items)
        return
    for item in items:
        sentences = list(_split_line(item.removeprefix("- ")))
        yield f"{intro} {sentences[0]}".strip() if count_words(intro) <= 12 else sentences[0]
        yield from sentences[1:]


def _group_steps(intro: str, items: list[str]) -> Iterator[str]:
    """Yield runs of steps, so that a quoted step keeps the ones next to it."""
    group: list[str] = [intro] if intro else []
    for item in items:
        if group and count_words(" ".join([*group, item])) > MAX_LIST_WORDS and group != [intro]:
            yield " ".join(group)
            group = []
        group.append(item)
    if group:
        yield " ".join(group)


def _run_in(items: list[str]) -> str:
    if _NUMBERED.match(items[0]):
        return " ".join(items)
    bare = [item.removeprefix("- ") for item in items]
    return "; ".join([*(item.rstrip(".;,") for item in bare[:-1]), bare[-1]])
