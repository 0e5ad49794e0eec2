"""Reads tables: chat logs with a message per row, and FAQ with a question and its answer per row. CSV, TSV and XLSX."""

import csv
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from feedback.history import fields
from feedback.history.files import find_encoding, note_encoding, read_start
from feedback.history.message import Given, HistoryError, Left, Message, Reading

ASKER, ANSWERER = "customer", "staff"  # roles, because nobody is named
"""The authors of a question and its answer if a table has no names."""

LARGEST_CELL = 1_000_000
_DELIMITERS = ",;\t|"

Row = Mapping[str, Any]


def open_csv(path: Path) -> Reading:
    """Open comma-, semicolon- or tab-separated rows below a line of names. Raises `HistoryError` for other columns."""
    encoding = find_encoding(path)
    start = read_start(path).decode(encoding, "replace")
    csv.field_size_limit(LARGEST_CELL)
    rows = _read_rows(path, encoding, _find_delimiter(start))
    header = next(rows, [])
    parse = choose_parser(header, path.stem)
    kind = "FAQ table" if is_faq(header) else "chat table"
    records = ((number, dict(zip(header, row, strict=False))) for number, row in enumerate(rows, start=2))
    return Reading(kind, records, parse, notes=note_encoding(path, encoding))


def _read_rows(path: Path, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the rows that hold anything. A row that is not CSV counts as empty."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:
                row = [""]
            if row:
                yield row


def _find_delimiter(start: str) -> str:
    first = start.lstrip("\ufeff\r\n").partition("\n")[0]
    return max(_DELIMITERS, key=first.count)


def open_workbook(path: Path) -> Reading:
    """Open every sheet whose column names Chip knows. Raises `HistoryError` if there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, OSError, KeyError, ValueError, TypeError) as error:
        raise HistoryError("The workbook is incomplete or damaged") from error
    sheets, problem = [], HistoryError("It holds no rows")
    for sheet in book.worksheets:
        header = [str(cell or "") for cell in next(sheet.iter_rows(values_only=True), ())]
        try:
            sheets.append((sheet, header, choose_parser(header, f"{path.stem}/{sheet.title}")))
        except HistoryError as error:
            problem = error if any(header) else problem
    if not sheets:
        book.close()
        raise problem

    def read() -> Iterator[tuple[Callable[[tuple[int, Row]], Iterable[Given]], tuple[int, Row]]]:
        with closing(book):
            for sheet, header, parse in sheets:
                for number, row in enumerate(islice(sheet.iter_rows(values_only=True), 1, None), start=2):
                    yield parse, (number, dict(zip(header, row, strict=False)))

    kind = "FAQ table" if is_faq(sheets[0][1]) else "chat table"
    return Reading(kind, read(), lambda record: record[0](record[1]))


def is_faq(header: Iterable[str]) -> bool:
    """Whether a row is a question with its answer."""
    names = list(header)
    return bool(fields.find_key(names, fields.QUESTION) and fields.find_key(names, fields.ANSWER))


def choose_parser(header: list[str], place: str) -> Callable[[tuple[int, Row]], Iterable[Given]]:
    """Return the function that turns a row into messages.

    Raises `HistoryError`, which names the columns, if none of them is the text.
    """
    if is_faq(header):
        return lambda record: parse_faq_row(record[1], f"{place}/{record[0]}")
    if not fields.find_key(header, fields.TEXT):
        found = ", ".join(name.strip() for name in header if name.strip())[:200] or "none"
        raise HistoryError(
            "No column is called question and answer, or text (message, body, content) with author, role and "
            f"conversation_id; its columns are: {found}"
        )
    return lambda record: [parse_chat_row(record[1], place)]


def parse_faq_row(row: Row, thread: str) -> list[Given]:
    """Return the question and its answer."""
    question, answer = fields.pick(row, fields.QUESTION), fields.pick(row, fields.ANSWER)
    if not question or not answer:
        return [Left("a row without a question or without an answer", thread)]
    return [
        Message(ASKER, question, thread, side="customer", at=0.0),
        Message(ANSWERER, answer, thread, side="staff", at=1.0),
    ]


def parse_chat_row(row: Row, place: str) -> Given:
    """Return the message in a row of a chat log."""
    text = fields.pick(row, fields.TEXT)
    role, author = fields.pick(row, fields.ROLE), fields.pick(row, fields.AUTHOR)
    if not text:
        return Left("a message without text")
    if fields.is_bot(role) or (not role and fields.is_bot(author)):
        return Left("written by a bot")
    side = fields.side_of(role) or fields.side_of(author)
    if not (author or side):
        return Left("its author is not named")
    thread = fields.pick(row, fields.THREAD)
    return Message(
        author=author or side,
        name=fields.pick(row, fields.NAME),
        side=side,
        text=text,
        thread=f"{place}/{thread}" if thread else "",
        at=fields.parse_time(fields.pick(row, fields.TIME)),
        place=place,
        subject=fields.pick(row, fields.SUBJECT),
    )
