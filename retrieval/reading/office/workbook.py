"""Turns Excel workbooks into Markdown, as Excel shows them: formatted numbers, merged cells, nothing hidden.

Knows openpyxl. `sheets` finds where tables begin on a sheet.
"""

import re
import zipfile
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import openpyxl
from openpyxl.utils import column_index_from_string, range_boundaries

from retrieval.reading.documents import DocumentKind, Part, RejectedError
from retrieval.reading.office.number_formats import show_moment, show_number
from retrieval.reading.tables.grid import MAX_CELLS, Cell, escape
from retrieval.reading.tables.sheets import Place, show_sheet
from retrieval.reading.titles import clean_title

MAX_ROWS = 100_000
NOT_CALCULATED = "(not calculated)"
_DEFAULT_NAME = re.compile(r"^(?:sheet|tabelle|feuil|hoja|foglio|blad|arkusz)\s?\d*$", re.IGNORECASE)
_WITHOUT_VALUE = re.compile(rb"<f\b[^>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")


def read_xlsx(raw: bytes) -> Iterator[Part]:
    """Yield a workbook as one part: a heading and the tables of each sheet that is not hidden."""
    _require_size(raw)
    workbook = openpyxl.load_workbook(BytesIO(raw), data_only=True)
    formulas = openpyxl.load_workbook(BytesIO(raw)) if _lacks_values(raw) else None
    sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    shown = []
    for sheet in sheets:
        tables = show_sheet(_read_sheet(sheet, formulas[sheet.title] if formulas else None))
        has_heading = len(sheets) > 1 or not _DEFAULT_NAME.match(sheet.title)
        shown.append(f"## {escape(sheet.title)}\n\n{tables}" if tables and has_heading else tables)
    properties = workbook.properties
    modified = properties.modified.date() if properties.modified else None
    text = "\n\n".join(filter(None, shown))
    yield Part(text, DocumentKind.MARKDOWN, clean_title(properties.title), modified)


def _require_size(raw: bytes) -> None:
    """Refuse a workbook with too many cells, before they take memory."""
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        cells = sum(archive.read(name).count(b"<c ") for name in _sheet_files(archive))
    if cells > MAX_CELLS:
        raise RejectedError(f"The workbook has {cells:,} cells, and the limit is {MAX_CELLS:,}.")


def _lacks_values(raw: bytes) -> bool:
    """Whether a formula has no value, because the program that wrote the file calculated none."""
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        return any(_WITHOUT_VALUE.search(archive.read(name)) for name in _sheet_files(archive))


def _sheet_files(archive: zipfile.ZipFile) -> list[str]:
    return [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]


def _read_sheet(sheet: Any, formulas: Any) -> dict[Place, Cell]:
    """Return the filled cells by their place among the visible rows and columns."""
    texts = {
        place: _add_target(text, cell) for place, cell in sheet._cells.items() if (text := _show_cell(cell, formulas))
    }
    rows, columns = _Shown(_find_hidden_rows(sheet)), _Shown(_find_hidden_columns(sheet))
    last = (max((row for row, _ in texts), default=0), max((column for _, column in texts), default=0))
    areas = {(area.min_row, area.min_col): area for area in sheet.merged_cells.ranges}
    heads = _find_head_rows(sheet)
    cells: dict[Place, Cell] = {}
    for (row, column), text in texts.items():
        if rows.shows(row) and columns.shows(column):
            area = areas.get((row, column))
            wide = columns.count(column, min(area.max_col, last[1])) if area else 1
            tall = rows.count(row, min(area.max_row, last[0])) if area else 1
            is_head = row in heads or bool(sheet._cells[row, column].font.b)
            cells[rows.place(row), columns.place(column)] = Cell(text, wide, tall, is_head)
    if len({row for row, _ in cells}) > MAX_ROWS:
        raise RejectedError(f"A sheet has more than {MAX_ROWS:,} rows.")
    return cells


class _Shown:
    """The places of the visible rows, or columns."""

    def __init__(self, hidden: set[int]) -> None:
        self._hidden = sorted(hidden)

    def shows(self, number: int) -> bool:
        place = bisect_left(self._hidden, number)
        return place == len(self._hidden) or self._hidden[place] != number

    def place(self, number: int) -> int:
        return number - bisect_left(self._hidden, number)

    def count(self, first: int, last: int) -> int:
        """Return how many are visible from the first to the last."""
        return max(1, self.place(last + 1) - self.place(first))


def _find_hidden_rows(sheet: Any) -> set[int]:
    return {number for number, row in sheet.row_dimensions.items() if row.hidden or row.height == 0}


def _find_hidden_columns(sheet: Any) -> set[int]:
    """Return the hidden columns. One entry may cover a run of them."""
    hidden: set[int] = set()
    for name, column in sheet.column_dimensions.items():
        if column.hidden or column.width == 0:
            first = column.min or column_index_from_string(name)
            hidden.update(range(first, (column.max or first) + 1))
    return hidden


def _find_head_rows(sheet: Any) -> set[int]:
    """Return the rows that the workbook itself marks as labels: those of tables and of filters."""
    areas = [table.ref for table in sheet.tables.values() if table.headerRowCount != 0]
    if sheet.auto_filter.ref:
        areas.append(sheet.auto_filter.ref)
    return {row for area in areas if (row := range_boundaries(area)[1]) is not None}


def _add_target(text: str, cell: Any) -> str:
    """Return a cell's text with the address that it links to."""
    target = str(cell.hyperlink.target or "") if cell.hyperlink else ""
    shows = target.startswith(("https://", "http://", "mailto:")) and target not in text
    return f"{text} ({target.removeprefix('mailto:')})" if shows else text


def _show_cell(cell: Any, formulas: Any) -> str:
    """Return what a cell shows."""
    value, code = cell.value, cell.number_format
    match value:
        case None:
            is_open = formulas is not None and formulas._cells[cell.row, cell.column].data_type == "f"
            return NOT_CALCULATED if is_open else ""
        case bool():
            return "yes" if value else "no"
        case datetime() | date() | time() | timedelta():
            return show_moment(value, code)
        case int() | float():
            return show_number(value, code)
    return str(value).strip()
