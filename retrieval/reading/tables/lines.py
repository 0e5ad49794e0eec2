"""Writes the rows of a table as lines that a person can read and quote: "Model: Moss 2; Runtime: 90 minutes".

Each cell follows its label, and a line is never cut inside a cell: a full stop in a cell is followed by a no-break
space, at which `retrieval.english.sentences` ends no sentence. Knows nothing of formats, Markdown or passages.
"""

import re
from collections.abc import Iterator, Sequence

from retrieval.english.sentences import NO_BREAK, count_words

MAX_ROW_WORDS = 90
"""A longer row becomes several lines, each with the row's name."""

_NAME_WORDS = 12
# Labels that say only that the table names things and describes them: "Runtime: 90 minutes" needs neither.
_NAME_LABELS = "property feature parameter field key item name setting attribute eigenschaft merkmal"
_VALUE_LABELS = "value values detail details specification specifications description wert werte"
_NAMES, _VALUES = frozenset(_NAME_LABELS.split()), frozenset(_VALUE_LABELS.split())
_STOP = re.compile(r"([.!?…]+[\"'”’)\]]*) (?=\S)|([。！？]+[”’」』）)]*) ?(?=\S)")
_QUESTION = ("?", "!", "？")


def tell_rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table. `head` holds the labels, all empty if the table has none."""
    width = max([len(head), *map(len, rows)])
    labels = [label.rstrip(" :") for label in (*head, *[""] * (width - len(head)))]
    if width == 1:
        yield from _tell_column(labels[0], [row[0] for row in rows if row])
        return
    for row in rows:
        if any(row):
            yield from _tell_row(labels, row)


def _tell_column(label: str, cells: Sequence[str]) -> Iterator[str]:
    """Yield a table of one column as a list."""
    if label and any(cells):
        yield f"{label}:"
    yield from (f"- {_protect(cell)}" for cell in cells if cell)


def _tell_row(labels: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    """Yield one line for a row, or one for each cell if the row is long."""
    name, *cells = row
    if len(labels) == 2 and labels[0].casefold() in _NAMES and labels[1].casefold() in _VALUES:
        labels = ["", ""]
    lead = _join(labels[0], name)
    pairs = [_join(label, cell) for label, cell in zip(labels[1:], cells, strict=False) if cell]
    joint = "; " if labels[0] else " - " if any(labels) else ": "
    if count_words(" ".join([lead, *pairs])) <= MAX_ROW_WORDS:
        yield _protect(_list_pairs(lead, joint, pairs))
        return
    if count_words(lead) > _NAME_WORDS:
        pairs, lead = [lead, *pairs], ""
    yield from (_list_pairs(lead, joint, [_protect_short(pair)]) for pair in pairs)


def _list_pairs(lead: str, joint: str, pairs: Sequence[str]) -> str:
    """Return the name of a row and what the row says about it, separated by semicolons.

    A question is followed at once.
    """
    said = "; ".join(pair.rstrip(".") if pair is not pairs[-1] else pair for pair in pairs)
    if not lead or not said:
        return lead or said
    return f"{lead} {said}" if lead.endswith(_QUESTION) else f"{lead.rstrip('.:')}{joint}{said}"


def _join(label: str, cell: str) -> str:
    return f"{label}: {cell}" if label and cell else cell


def _protect_short(text: str) -> str:
    return _protect(text) if count_words(text) <= MAX_ROW_WORDS else text


def _protect(text: str) -> str:
    """Return the text so that no sentence ends in it, except at its own end."""
    return _STOP.sub(rf"\1\2{NO_BREAK}", text)
