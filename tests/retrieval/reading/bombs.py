"""Small files that cost their reader minutes or gigabytes, as a probe of Chip made them."""

import zipfile
from collections.abc import Callable
from io import BytesIO

import docx
import openpyxl


def make_far_corners() -> bytes:
    """Return a workbook of two cells, as far from each other as a sheet goes: 17 thousand million cells between."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet["XFD1"], sheet["A1048576"] = "price", "12"
    buffer = BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def make_wide_span() -> bytes:
    """Return a Word file with a cell that says it spans 300 million columns."""
    document = docx.Document()
    document.add_table(rows=1, cols=1).rows[0].cells[0].text = "wide"
    buffer, wide = BytesIO(), BytesIO()
    document.save(buffer)
    with zipfile.ZipFile(buffer) as plain, zipfile.ZipFile(wide, "w", zipfile.ZIP_DEFLATED) as spanning:
        for entry in plain.infolist():
            content = plain.read(entry)
            if entry.filename == "word/document.xml":
                content = content.replace(b"<w:tcPr>", b'<w:tcPr><w:gridSpan w:val="300000000"/>')
            spanning.writestr(entry, content)
    return wide.getvalue()


def make_long_subject() -> bytes:
    """Return a mail whose subject is 40,000 encoded words."""
    words = "".join(f"\r\n =?utf-8?q?word{number}?=" for number in range(40_000))
    return f"From: a@example.com\r\nSubject:{words}\r\n\r\nHello.\r\n".encode()


def make_alias_tree() -> bytes:
    """Return Markdown whose head unfolds to 10 to the 9."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    head = "\n".join(levels)
    return f"---\n{head}\nupdated: *a8\n---\n# Title\n\nText.\n".encode()


def make_wide_row() -> bytes:
    """Return a table with one row of 500,000 cells above 20,000 of one."""
    return b"," * 500_000 + b"\n" + b"a\n" * 20_000


def make_nested_items() -> bytes:
    """Return a page of 400,000 cells that nobody closes."""
    return b"<html><body><table><tr>" + b"<td>x" * 400_000


BOMBS: dict[str, Callable[[], bytes]] = {
    "prices.xlsx": make_far_corners,
    "span.docx": make_wide_span,
    "subject.eml": make_long_subject,
    "aliases.md": make_alias_tree,
    "row.csv": make_wide_row,
    "cells.html": make_nested_items,
}
