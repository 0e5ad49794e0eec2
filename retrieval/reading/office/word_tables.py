"""Reads the tables of a Word file: merged cells, indented rows, rows of any length. Knows nothing of styles."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from docx.oxml.ns import qn

from retrieval.reading.office.word_text import GONE, NO_NOTES, find_value, is_on, read_words
from retrieval.reading.tables.grid import MAX_COLUMNS, Cell, show_table


def show_grid(rows: list[Any], grid: list["GridRow"]) -> str:
    """Return a table as Markdown. `grid` holds the cells of each row with their blocks."""
    repeated = 0
    while repeated < len(rows) - 1 and is_on(rows[repeated].find(qn("w:trPr")), "w:tblHeader"):
        repeated += 1
    return show_table(list(_build_rows(rows, grid)), head_rows=repeated or None, is_markdown=True)


def walk_rows(table: Any) -> Iterator[Any]:
    """Yield the rows of a table, including those in content controls and tracked changes."""
    for child in table:
        if child.tag == qn("w:tr"):
            properties = child.find(qn("w:trPr"))
            if properties is None or properties.find(qn("w:del")) is None:
                yield child
        elif isinstance(child.tag, str) and child.tag not in GONE:
            yield from walk_rows(child)


def walk_cells(row: Any) -> Iterator[Any]:
    """Yield the cells of a row, including those in content controls and tracked changes."""
    for child in row:
        if child.tag == qn("w:tc"):
            if child.find(f"{qn('w:tcPr')}/{qn('w:cellDel')}") is None:
                yield child
        elif isinstance(child.tag, str) and child.tag not in GONE:
            yield from walk_cells(child)


GridRow = list[tuple[Any, list[str]]]


def is_layout(grid: list[GridRow]) -> bool:
    """Whether the table only lays out a page: one cell, or cells that hold headings or tables of their own."""
    cells = [(cell, blocks) for row in grid for cell, blocks in row if blocks]
    if len(cells) < 2:
        return True
    return any(blocks[0].startswith("#") or cell.find(f".//{qn('w:tbl')}") is not None for cell, blocks in cells)


def _build_rows(rows: list[Any], grid: list[GridRow]) -> Iterator[list[Cell]]:
    """Yield the cells of each row. Cells merged downwards come once, with the number of rows that they span."""
    built: list[list[_Merged]] = []
    open_cells: dict[int, _Merged] = {}
    for row, entries in zip(rows, grid, strict=True):
        column = _span(row.find(qn("w:trPr")), "w:gridBefore", 0)
        line = [_Merged(Cell("")) for _ in range(column)]
        still_open: dict[int, _Merged] = {}
        for cell, blocks in entries:
            merged = _Merged(_build_cell(cell, blocks))
            state = _merge_state(cell)
            above = open_cells.get(column)
            if state == "continue" and above is not None and not blocks:
                above.rows += 1
                merged = above
            else:
                line.append(merged)
            if state:
                still_open[column] = merged
            column += merged.cell.columns
        open_cells = still_open
        built.append(line)
    for line in built:
        yield [Cell(m.cell.text, m.cell.columns, m.rows, m.cell.is_head) for m in line]


@dataclass(slots=True)
class _Merged:
    cell: Cell
    rows: int = 1


def _build_cell(cell: Any, blocks: list[str]) -> Cell:
    lines = [re.sub(r"^(?:- |\\?#+ )", "• ", block.strip()) for block in blocks]
    columns = _span(cell.find(qn("w:tcPr")), "w:gridSpan", 1)
    return Cell("\n".join(lines).replace("\\\n", "\n"), columns, is_head=_is_bold(cell))


def _is_bold(cell: Any) -> bool:
    said = [words for p in cell.iter(qn("w:p")) if (words := read_words(p, NO_NOTES)).markdown]
    return bool(said) and all(words.is_bold for words in said)


def _merge_state(cell: Any) -> str | None:
    properties = cell.find(qn("w:tcPr"))
    merge = None if properties is None else properties.find(qn("w:vMerge"))
    return None if merge is None else merge.get(qn("w:val"), "continue")


def _span(properties: Any, name: str, default: int) -> int:
    text = find_value(properties, name) or ""
    return min(int(text), MAX_COLUMNS + 1) if text.isdigit() else default
