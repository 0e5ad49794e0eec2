"""Small files of every format, made by the libraries that people's programs are made of."""

import zipfile
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

import docx
import openpyxl
import pptx
from openpyxl.worksheet.worksheet import Worksheet
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject


def make_pdf(pages: Sequence[Sequence[str]], *, title: str | None = None, password: str | None = None) -> bytes:
    """Return a PDF with these lines of text on its pages."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for lines in pages:
        page = writer.add_blank_page(595, 842)
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): writer._add_object(font)})}
        )
        drawn = " ".join(f"({line}) Tj 0 -14 Td" for line in lines)
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 72 760 Td {drawn} ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
    if title:
        writer.add_metadata({"/Title": title, "/ModDate": "D:20260301120000Z"})
    if password is not None:
        writer.encrypt(password, algorithm="AES-256")
    buffer = BytesIO()
    writer.write(buffer)
    assert PdfReader(BytesIO(buffer.getvalue()))
    return buffer.getvalue()


def make_docx(path: Path) -> None:
    document = docx.Document()
    document.core_properties.title = "Moss 2 manual"
    document.core_properties.modified = datetime(2026, 3, 1)  # noqa: DTZ001  # the format has no zone
    document.add_heading("Care", 1)
    document.add_paragraph("Brush the deck after each use.")
    document.add_paragraph("red screws", style="List Bullet")
    document.add_paragraph("blue screws", style="List Bullet")
    document.add_heading("Data", 2)
    table = document.add_table(2, 3)
    for row, cells in enumerate((("Model", "Runtime", "Weight"), ("Moss 2", "90 minutes", "8.2 kg"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    document.save(str(path))


def make_pptx(path: Path) -> None:
    presentation = pptx.Presentation()
    for title, body in (("Range", "The Moss 2 mows 600 square metres."), ("Noise", "It makes 58 dB.")):
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = body
    slide.notes_slide.notes_text_frame.text = "Measured at one metre."
    presentation.save(str(path))


def make_xlsx(path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Prices"
    sheet.append(["Part", "Price", "Since"])
    sheet.append(["Blade | set", 19.0, datetime(2026, 1, 31)])  # noqa: DTZ001  # the format has no zone
    sheet.append(["Wheel", 24.5, None])
    workbook.save(path)


def make_bomb(path: Path, size: int) -> None:
    """Write an office file that unfolds to `size` bytes of blanks."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("word/document.xml", "w") as entry:
        block = b" " * 1_000_000
        for _ in range(size // len(block)):
            entry.write(block)
