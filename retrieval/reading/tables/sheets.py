"""Turns a sheet of cells into Markdown tables: titles, several tables on a sheet, tables beside each other.

A sheet may have cells far out, so only filled cells are visited. Knows nothing of workbooks or of CSV.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from retrieval.reading.tables.grid import Cell, Table, build_tables, to_markdown
from retrieval.reading.tables.heads import Origin, is_value

_TITLE_WORDS = 15
_HEAD_ROWS = 3

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Block:
    """Filled cells that stand together, row by row, their columns numbered without gaps; `columns` are the sheet's."""

    rows: tuple[tuple[tuple[int, Cell], ...], ...]
    columns: tuple[int, ...]

    @property
    def title(self) -> str:
        """The text of a block that is one short cell: the heading of what follows."""
        if len(self.rows) > 1 or len(self.rows[0]) > 1:
            return ""
        text = " ".join(self.rows[0][0][1].text.split())
        return text if len(text.split()) <= _TITLE_WORDS else ""


def show_sheet(cells: Mapping[Place, Cell]) -> str:
    """Return the filled cells of a sheet, by row and column, as Markdown. Hidden rows and columns must be left out."""
    shown: list[str] = []
    title = ""
    before: tuple[tuple[int, ...], tuple[str, ...]] = ((), ())
    for block in _join_heads(list(_find_blocks(cells))):
        if block.title:
            shown += [to_markdown(Table((), (), notes=(title,)))] if title else []
            title = block.title
            continue
        tables = build_tables(_list_rows(block), caption=title, origin=Origin.SHEET)
        title = ""
        # Rows below a gap continue the table above if they stand in its columns and have no labels.
        tables = [_go_on(table, block, before) for table in tables]
        before = next(((block.columns, table.head) for table in tables if table.head), before)
        shown += map(to_markdown, tables)
    if title:
        shown.append(to_markdown(Table((), (), notes=(title,))))
    return "\n\n".join(filter(None, shown))


def _join_heads(blocks: list[_Block]) -> Iterator[_Block]:
    """Yield the blocks. One that holds only labels is put on top of the block of values below it."""
    above: _Block | None = None
    for block in blocks:
        if above and _is_below(above, block):
            rows = tuple(tuple((above.columns[column], cell) for column, cell in row) for row in above.rows)
            rows += tuple(tuple((block.columns[column], cell) for column, cell in row) for row in block.rows)
            (block,) = _cut_columns([list(row) for row in rows], is_whole=True)
            above = None
        if above:
            yield above
        above = block
    if above:
        yield above


def _is_below(above: _Block, block: _Block) -> bool:
    """Whether a block has the values for the labels above it, with an empty row between."""
    labels = [cell.text for row in above.rows for _, cell in row]
    if len(above.rows) > _HEAD_ROWS or len(above.columns) < 2 or any(map(is_value, labels)):
        return False
    values = [cell.text for row in block.rows for _, cell in row[1:]]
    return set(above.columns[1:]) >= set(block.columns[1:]) and sum(map(is_value, values)) > len(values) / 2


def _go_on(table: Table, block: _Block, before: tuple[tuple[int, ...], tuple[str, ...]]) -> Table:
    columns, head = before
    fits = columns == block.columns and len(columns) > 1 and table.rows and len(table.rows[0]) == len(head)
    return replace(table, head=head) if fits and not table.head else table


def _list_rows(block: _Block) -> Iterator[list[Cell]]:
    """Yield the rows of a block with blanks for missing cells. What a wide or tall cell covers is left out."""
    covered: set[Place] = set()
    first = min(row[0][0] for row in block.rows)
    for number, row in enumerate(block.rows):
        cells: list[Cell] = []
        column = first
        for place, cell in row:
            cells += [Cell("")] * sum((number, between) not in covered for between in range(column, place))
            cells.append(cell)
            column = place + cell.columns
            if cell.rows > 1:
                covered |= {(number + n, place + m) for n in range(1, cell.rows) for m in range(cell.columns)}
        yield cells


def _find_blocks(cells: Mapping[Place, Cell]) -> Iterator[_Block]:
    """Yield the runs of rows between empty rows, each cut at empty columns if tables stand side by side."""
    rows: dict[int, list[tuple[int, Cell]]] = {}
    for (row, column), cell in sorted(cells.items()):
        rows.setdefault(row, []).append((column, cell))
    run: list[list[tuple[int, Cell]]] = []
    reach = -1
    for row, entries in rows.items():
        if run and row > reach + 1:
            yield from _cut_columns(run)
            run = []
        run.append(entries)
        reach = max([row, reach if run[1:] else row, *(row + cell.rows - 1 for _, cell in entries)])
    if run:
        yield from _cut_columns(run)


def _cut_columns(rows: list[list[tuple[int, Cell]]], *, is_whole: bool = False) -> Iterator[_Block]:
    """Yield the tables that stand side by side: each at least two columns wide, with names first; else all as one."""
    used = sorted({column for row in rows for column, _ in row})
    edges = [used[0], *_find_gaps(rows), used[-1] + 1]
    if is_whole or not all(_is_table(rows, used, left, right) for left, right in pairwise(edges)):
        edges = [used[0], used[-1] + 1]
    numbers = {column: number for number, column in enumerate(used)}
    for left, right in pairwise(edges):
        kept = ([(column, cell) for column, cell in row if left <= column < right] for row in rows)
        block = tuple(
            tuple((numbers[column], _narrow(cell, used, column, right)) for column, cell in row) for row in kept if row
        )
        if block:
            yield _Block(block, tuple(column for column in used if left <= column < right))


def _is_table(rows: list[list[tuple[int, Cell]]], used: list[int], left: int, right: int) -> bool:
    names = [cell.text for row in rows for column, cell in row if column == left]
    return _count(used, left, right) > 1 and sum(map(is_value, names)) < len(names) / 2


def _find_gaps(rows: list[list[tuple[int, Cell]]]) -> Iterator[int]:
    """Yield the columns that follow an empty column."""
    spans = sorted((column, column + cell.columns) for row in rows for column, cell in row)
    reach = spans[0][1]
    for column, end in spans:
        if column > reach:
            yield column
        reach = max(reach, end)


def _narrow(cell: Cell, used: list[int], column: int, right: int) -> Cell:
    """Return a cell that spans only the columns in which other cells begin."""
    if cell.columns == 1:
        return cell
    return replace(cell, columns=_count(used, column, min(column + cell.columns, right)))


def _count(used: list[int], first: int, end: int) -> int:
    return bisect_left(used, end) - bisect_left(used, first)
