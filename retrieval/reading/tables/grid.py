"""Tables of every format: rows of cells in, Markdown with one row of labels out.

A reader of Word, HTML, Excel, CSV or PDF hands its rows to `show_table` as `Cell`s. Spans are filled in, several rows
of labels become one, rows over the full width become captions, and the row of labels stays empty where the table has
none: `retrieval.reading.chunks` takes an empty row of labels for a table without labels. Knows nothing of any format.

    show_table([[Cell("Hose", rows=2, is_head=True), Cell("Tarn 40", columns=2, is_head=True)],
                [Cell("indoor", is_head=True), Cell("outdoor", is_head=True)],
                [Cell("H10"), Cell("yes"), Cell("no")]])

    | Hose | Tarn 40, indoor | Tarn 40, outdoor |
    | --- | --- | --- |
    | H10 | yes | no |
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from retrieval.reading.documents import RejectedError
from retrieval.reading.tables.heads import Origin, count_head_rows

MAX_COLUMNS = 1_000
MAX_CELLS = 3_000_000
MAX_HEAD_ROWS = 5
LABEL_JOINT = ", "
_CAPTION_WORDS = 15
_PIPE = re.compile(r"(?<!\\)\|")
# A cell of at most this many words, such as "yes", holds for each column that it spans.
_MARK_WORDS = 2
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|]|~(?=~)|(?<=~)~|&(?=#?\w+;))")
_LIST_MARK = re.compile(r"^(\d{0,9})([-+=.)])(?=\s|=|-|$)")
# Alone on its line this would turn the line above into a heading, or be a rule.
_UNDERLINE = re.compile(r"[-=][-= ]*")
# A line of a cell that starts a new thing, and does not continue the line before.
_NEW_LINE = re.compile(r"(?<=[\w)\]%°€$\"'”’])[^\S\n]*\n\s*(?:[•·▪◦*–-]\s+|(?=[^\W_a-zß-öø-ÿ]))")
_BULLET = re.compile(r"^\s*[•·▪◦]\s+")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell in its row. `columns` and `rows` say how far it spans; 1 for a plain cell.

    `is_head`: the file itself marks it as a label, as `<th>` does, or bold type.
    """

    text: str
    columns: int = 1
    rows: int = 1
    is_head: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts, all of one width, under `head`, which is empty if the table has no labels.

    `caption` is the title of these rows; `notes` are full-width sentences below them.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Slot:
    """One place of the grid, the cell that covers it, and whether the cell begins in this column and in this row."""

    cell: Cell
    is_first_column: bool = True
    is_first_row: bool = True

    @property
    def text(self) -> str:
        return self.cell.text

    @property
    def begins(self) -> bool:
        return self.is_first_column and self.is_first_row and bool(self.text.strip(" |\n"))


_Grid = list[list[_Slot]]
_BLANK = _Slot(Cell(""))


def show_table(
    rows: Iterable[Sequence[Cell]],
    *,
    caption: str = "",
    head_rows: int | None = None,
    origin: Origin = Origin.DOCUMENT,
    is_markdown: bool = False,
) -> str:
    """Return a table as Markdown; "" if it holds no words. Raise `RejectedError` if it is too large.

    `head_rows` is the number of rows of labels if the format states it, as `<thead>` does; 0 for none. With None the
    cells' `is_head` marks decide and, without marks, what the cells hold. `origin` says whether tables without marks
    usually have labels there. `is_markdown`: the texts are Markdown already, with links and code.
    """
    tables = build_tables(rows, caption=caption, head_rows=head_rows, origin=origin)
    spell = _escape_pipes if is_markdown else escape
    return "\n\n".join(filter(None, (to_markdown(table, spell) for table in tables)))


def build_tables(
    rows: Iterable[Sequence[Cell]], *, caption: str = "", head_rows: int | None = None, origin: Origin = Origin.DOCUMENT
) -> list[Table]:
    """Return the table as one value, or as several under one row of labels if full-width rows divide it."""
    grid = _tidy(_fill_spans(rows))
    if not grid:
        return [Table((), (), caption)] if caption else []
    titles = _count_titles(grid)
    above = [_one_line(next(slot.text for slot in row if slot.text.strip())) for row in grid[:titles]]
    grid = grid[titles:]
    count = _count_heads(grid, origin) if head_rows is None else max(0, min(head_rows - titles, len(grid) - 1))
    short = [text for text in above if len(text.split()) <= _CAPTION_WORDS]
    caption = LABEL_JOINT.join(dict.fromkeys(filter(None, [caption, *short])))
    long = tuple(text for text in above if text not in short)
    before = [Table((), (), notes=long)] if long else []
    return before + list(_split_sections(grid[count:], _merge_labels(grid[:count]), caption))


def to_markdown(table: Table, spell: Callable[[str], str] | None = None) -> str:
    """Return the caption as a bold line, the rows as a pipe table (its first row empty without labels), the notes.

    `spell` makes the texts safe; by default they are plain.
    """
    spell = spell or escape
    blocks = [f"**{spell(table.caption)}**"] if table.caption else []
    if table.rows:
        width = len(table.rows[0])
        rows = (table.head or ("",) * width, *table.rows)
        first, *others = (f"| {' | '.join(spell(join_lines(cell)) for cell in row)} |" for row in rows)
        blocks.append("\n".join([first, f"|{' --- |' * width}", *others]))
    return "\n\n".join([*blocks, *map(spell, table.notes)])


def escape(text: str) -> str:
    """Return text that Markdown reads as plain words, on one line."""
    line = _one_line(text)
    if line.replace(" ", "").isalnum():
        return line
    return _LIST_MARK.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", line), count=1)


def escape_inline(text: str) -> str:
    """Return text that stands within a line, or keeps its leading list mark, as Markdown reads it."""
    line = _SPECIAL.sub(r"\\\1", _one_line(text))
    return f"\\{line}" if _UNDERLINE.fullmatch(line) else line


def _escape_pipes(text: str) -> str:
    return _PIPE.sub(r"\|", _one_line(text))


def join_lines(text: str) -> str:
    """Join the lines of a cell: a comma before a line that starts a new thing, a blank before a wrapped one."""
    if "\n" not in text:
        return text
    return _one_line(_NEW_LINE.sub(", ", _BULLET.sub("", text.strip())))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _fill_spans(rows: Iterable[Sequence[Cell]]) -> _Grid:
    """Return a grid in which a cell stands in each place that it covers. A row ends where its last cell does."""
    grid: _Grid = []
    hanging: dict[int, tuple[_Slot, int]] = {}
    total = 0
    for row in rows:
        slots, hanging = _fill_row(row, hanging)
        total += len(slots)
        _require_size(len(slots), total)
        grid.append(slots)
    return grid


def _fill_row(
    row: Sequence[Cell], hanging: dict[int, tuple[_Slot, int]]
) -> tuple[list[_Slot], dict[int, tuple[_Slot, int]]]:
    """Return one row's places, and what reaches down from it. `hanging` is what reaches down into it, by column."""
    if not hanging and all(cell.columns == 1 == cell.rows for cell in row):
        return [_Slot(cell) for cell in row], {}
    slots = {column: slot for column, (slot, _) in hanging.items()}
    left = {column: (slot, rows - 1) for column, (slot, rows) in hanging.items() if rows > 1}
    column = 0
    for cell in row:
        while column in slots:
            column += 1
        span = max(1, min(cell.columns, MAX_COLUMNS + 1))
        for place in range(column, column + span):
            slots[place] = _Slot(cell, place == column)
            if cell.rows > 1:
                left[place] = (_Slot(cell, place == column, is_first_row=False), cell.rows - 1)
        column += span
    return [slots.get(place, _BLANK) for place in range(max(slots, default=-1) + 1)], left


def _tidy(grid: _Grid) -> _Grid:
    """Drop rows without words, then columns in which no words begin. Make all rows one width."""
    grid = [row for row in grid if any(slot.begins for slot in row)]
    used = sorted({column for row in grid for column, slot in enumerate(row) if slot.begins})
    _require_size(len(used), len(used) * len(grid))
    return [[row[column] if column < len(row) else _BLANK for column in used] for row in grid]


def _require_size(columns: int, cells: int) -> None:
    if columns > MAX_COLUMNS:
        raise RejectedError(f"A table has more than {MAX_COLUMNS:,} columns.")
    if cells > MAX_CELLS:
        raise RejectedError(f"A table has more than {MAX_CELLS:,} cells.")


def _count_titles(grid: _Grid) -> int:
    """Return how many rows above the table hold one cell only: its title, and what is said about the whole."""
    count = next((place for place, row in enumerate(grid) if not _is_title(row)), 0)
    return count if count <= MAX_HEAD_ROWS and len(grid[0]) > 1 else 0


def _is_title(row: list[_Slot]) -> bool:
    """Whether the row is one cell, at its start or over several columns. A lone label stands over its column."""
    filled = [slot for slot in row if slot.text.strip()]
    return _is_lone(row) and (len(filled) > 1 or filled[0] is row[0])


def _is_lone(row: list[_Slot]) -> bool:
    return len({id(slot.cell) for slot in row if slot.text.strip()}) == 1


def _count_heads(grid: _Grid, origin: Origin) -> int:
    """Return how many rows of labels the table begins with, by the marks of its cells or by what they hold."""
    marked = next((place for place, row in enumerate(grid) if not _is_marked(row)), 0)
    if marked:
        return max(min(marked, MAX_HEAD_ROWS), _find_reach(grid))
    if len(grid[0]) == 2 and all(row[0].cell.is_head and not row[1].cell.is_head for row in grid):
        return 0
    return _find_reach(grid) if count_head_rows([[slot.text for slot in row] for row in grid], origin) else 0


def _is_marked(row: list[_Slot]) -> bool:
    """Whether all of a row is marked as labels. A lone first cell may name the rows below it."""
    filled = [slot.cell for slot in row if slot.text.strip()]
    return all(cell.is_head for cell in filled) and (len(row) == 1 or not _is_lone(row))


def _find_reach(grid: _Grid) -> int:
    """Return how many rows the labels cover: a wide label has its parts in the next row, beside tall labels."""
    if len(grid) < 3 or all(slot.is_first_column for slot in grid[0]):
        return 1
    tall = next((place for place, row in enumerate(grid) if place and all(slot.is_first_row for slot in row)), 1)
    has_values = any(slot.text.strip()[:1].isdigit() for slot in grid[1])
    return min(tall, MAX_HEAD_ROWS, len(grid) - 1) if tall > 1 else 1 if has_values else 2


def _merge_labels(grid: _Grid) -> tuple[str, ...]:
    """Return one label for each column: everything above it, from the top down, each once."""
    columns = ([_one_line(slot.text) for slot in column] for column in zip(*grid, strict=True))
    return tuple(LABEL_JOINT.join(dict.fromkeys(filter(None, labels))) for labels in columns)


def _split_sections(grid: _Grid, head: tuple[str, ...], caption: str) -> Iterator[Table]:
    """Yield a table for each run of rows under a full-width row, which joins the caption. A sentence becomes a note."""
    rows: list[tuple[str, ...]] = []
    current = caption
    for row in grid:
        text = _find_section(row)
        if text is None:
            rows.append(_spell_row(row))
            continue
        is_note = len(text.split()) > _CAPTION_WORDS
        if rows or is_note or current != caption:
            yield Table(head, tuple(rows), current, (text,) if is_note else ())
        rows, current = [], caption if is_note else LABEL_JOINT.join(filter(None, [caption, _one_line(text)]))
    if rows or current != caption:
        yield Table(head, tuple(rows), current)


def _find_section(row: list[_Slot]) -> str | None:
    """Return the text of a row that is one cell over the whole width."""
    cell = row[0].cell
    return cell.text if len(row) > 1 and all(slot.cell is cell for slot in row) else None


def _spell_row(row: list[_Slot]) -> tuple[str, ...]:
    """Return the texts of a row. A wide cell counts in each of its columns; a name or a phrase only in the first."""
    name = row[0].cell
    is_once = [slot.cell is name or len(slot.text.split()) > _MARK_WORDS for slot in row]
    return tuple(
        slot.text if place == 0 or not (once and slot.cell is row[place - 1].cell) else ""
        for place, (slot, once) in enumerate(zip(row, is_once, strict=True))
    )
