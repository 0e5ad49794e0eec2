"""Tables and records: XLSX and CSV as Markdown tables under their header, JSONL as one document for each line."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from io import BytesIO, StringIO

import openpyxl
from bs4.dammit import UnicodeDammit

from retrieval.reading.documents import DocumentKind, Part, RejectedError, parse_audience, parse_date
from retrieval.reading.office import build_table, escape

MAX_ROWS = 100_000
_TEXT_FIELDS = ("text", "body", "content", "answer")
_TITLE_FIELDS = ("title", "subject", "question", "name")


def read_xlsx(raw: bytes) -> Iterator[Part]:
    """Yield a workbook as one part: a heading and a table for each sheet, with the values last calculated."""
    workbook = openpyxl.load_workbook(BytesIO(raw), read_only=True, data_only=True)
    try:
        sheets = []
        for sheet in workbook.worksheets:
            table = build_table(_limit(_show_row(row) for row in sheet.iter_rows(values_only=True)))
            sheets.append(f"## {escape(sheet.title)}\n\n{table}" if table else "")
        properties = workbook.properties
        modified = properties.modified.date() if properties.modified else None
        text = "\n\n".join(sheet for sheet in sheets if sheet)
        yield Part(text, DocumentKind.MARKDOWN, properties.title or None, modified)
    finally:
        workbook.close()


def read_csv(raw: bytes) -> Iterator[Part]:
    """Yield a table as one part. Encoding and separator are guessed, as spreadsheets write many."""
    text = UnicodeDammit(raw, ["utf-8-sig", "windows-1252"]).unicode_markup
    if text is None or "\0" in text:
        raise RejectedError("The file is binary, or its encoding is unknown.")
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:8_192], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    yield Part(build_table(_limit(csv.reader(StringIO(text), dialect))), DocumentKind.MARKDOWN)


def read_jsonl(raw: bytes) -> Iterator[Part]:
    """Yield a part for each line: an object with text and, where it has them, id, title, url, updated and audience."""
    for number, line in enumerate(raw.decode("utf-8-sig").splitlines(), start=1):
        if line.strip():
            yield _read_record(line, number)


def _read_record(line: str, number: int) -> Part:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RejectedError(f"Line {number} is no JSON.") from error
    if not isinstance(record, dict):
        raise RejectedError(f"Line {number} is no JSON object.")
    text = next((str(record[name]) for name in _TEXT_FIELDS if record.get(name)), None)
    if text is None:
        raise RejectedError(f"Line {number} has no text; name it one of: {', '.join(_TEXT_FIELDS)}.")
    title = next((str(record[name]) for name in _TITLE_FIELDS if record.get(name)), None)
    url = record.get("url")
    return Part(
        text=text,
        kind=DocumentKind.MARKDOWN,
        title=title,
        updated=parse_date(record.get("updated") or record.get("date")),
        url=url if isinstance(url, str) and url.startswith(("https://", "http://")) else None,
        audience=parse_audience(record.get("audience")),
        name=str(record.get("id") or number)[:80],
    )


def _limit(rows: Iterable[Sequence[str]]) -> list[Sequence[str]]:
    kept: list[Sequence[str]] = []
    for row in rows:
        if any(cell.strip() for cell in row):
            kept.append(row)
        if len(kept) > MAX_ROWS:
            raise RejectedError(f"The table has more than {MAX_ROWS:,} rows.")
    return kept


def _show_row(row: Sequence[object]) -> list[str]:
    cells = [_show(cell) for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _show(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime() | date() | time():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
    return str(value)
