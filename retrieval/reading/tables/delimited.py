"""Turns CSV and TSV into Markdown tables: many separators, quotes, lines above the table. Knows the csv module."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Literal

from retrieval.reading.decoding import decode_text
from retrieval.reading.documents import DocumentKind, Part, RejectedError
from retrieval.reading.tables.grid import MAX_CELLS, Cell
from retrieval.reading.tables.sheets import show_sheet

MAX_ROWS = 100_000
_SEPARATORS = ";\t,|"
_BLANKS = f"{_SEPARATORS} \n"
# A character that no text holds: for a table of one column.
_NONE = "\x1f"
_LOOKED_AT = 200
# A quote that does not close within this length was opened by mistake, such as the inch of a hose.
_MAX_LINES = 60


def read_csv(raw: bytes) -> Iterator[Part]:
    """Yield a table as one part."""
    text = decode_text(raw)
    separator, text = _find_separator(text)
    rows = _read_rows(text, separator)
    cells = {
        (number, column): Cell(cell)
        for number, row in enumerate(rows)
        for column, cell in enumerate(row)
        if cell.strip(_BLANKS)
    }
    if len({row for row, _ in cells}) > MAX_ROWS:
        raise RejectedError(f"The table has more than {MAX_ROWS:,} rows.")
    yield Part(show_sheet(cells), DocumentKind.MARKDOWN)


def _find_separator(text: str) -> tuple[str, str]:
    """Return the separator, and the text without the line "sep=;" that names it, which Excel writes and reads."""
    first, _, rest = text.partition("\n")
    if first[:4].casefold() == "sep=" and len(first.rstrip()) <= 5:
        return first[4:5] or "\t", rest
    scores = {separator: _score(text, separator) for separator in _SEPARATORS}
    best = max(scores, key=lambda separator: scores[separator])
    return (best if scores[best] > 0 else _NONE), text


def _score(text: str, separator: str) -> float:
    """Return how well a separator cuts the first lines into rows of one width; 0 if it cuts hardly any."""
    widths: list[int] = []
    try:
        for row in csv.reader(StringIO(text[:500_000]), delimiter=separator):
            if any(row):
                widths.append(len(row))
            if len(widths) == _LOOKED_AT:
                break
    except csv.Error:
        return 0.0
    common, count = Counter(widths).most_common(1)[0] if widths else (1, 0)
    if common < 2:
        # With rows of several widths, most of them must be cut.
        return 0.1 * sum(width > 1 for width in widths) / max(len(widths), 1) if count < 0.4 * len(widths) else 0.0
    return count / len(widths) + 0.01 * min(common, 20)


def _read_rows(text: str, separator: str) -> list[Sequence[str]]:
    if separator == _NONE:
        return [[line] for line in text.split("\n")] if '"' not in text else _parse(text, separator)
    rows = _parse(text, separator)
    if any(cell.count("\n") > _MAX_LINES for row in rows for cell in row):
        rows = _parse(text, separator, has_quotes=False)
    return rows


def _parse(text: str, separator: str, *, has_quotes: bool = True) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    cells = 0
    try:
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if has_quotes else csv.QUOTE_NONE
        for row in csv.reader(StringIO(text, newline=""), delimiter=separator, quoting=quoting):
            rows.append(row)
            cells += sum(1 for cell in row if cell)
            if cells > MAX_CELLS:
                raise RejectedError(f"The table has more than {MAX_CELLS:,} cells.")
    except csv.Error as error:
        raise RejectedError(f"The table cannot be read: {error}.") from error
    return rows
