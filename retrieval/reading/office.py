"""Word and PowerPoint into Markdown: headings, lists and tables kept. Knows python-docx and python-pptx."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from io import BytesIO

import docx
import pptx
from docx.table import Table
from docx.text.paragraph import Paragraph
from pptx.slide import Slide

from retrieval.reading.documents import PAGE_BREAK, DocumentKind, Part

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|])")


def read_docx(raw: bytes) -> Iterator[Part]:
    """Yield a Word document as one part."""
    document = docx.Document(BytesIO(raw))
    blocks = [
        build_table(_read_rows(block)) if isinstance(block, Table) else _read_paragraph(block)
        for block in document.iter_inner_content()
    ]
    properties = document.core_properties
    text = "\n\n".join(block for block in blocks if block)
    yield Part(text, DocumentKind.MARKDOWN, properties.title or None, _day(properties.modified))


def read_pptx(raw: bytes) -> Iterator[Part]:
    """Yield a presentation as one part, a page for each slide, with its speaker notes."""
    presentation = pptx.Presentation(BytesIO(raw))
    slides = [_read_slide(slide) for slide in presentation.slides]
    properties = presentation.core_properties
    # python-pptx's own template brings this title.
    title = properties.title if properties.title != "PowerPoint Presentation" else None
    text = f"\n\n{PAGE_BREAK}\n\n".join(slides)
    yield Part(text, DocumentKind.MARKDOWN, title or None, _day(properties.modified))


def build_table(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, its first row the header; empty for no rows."""
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        return ""
    width = max(map(len, rows))
    lines = [_build_row([*row, *[""] * (width - len(row))]) for row in rows]
    return "\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])


def escape(text: str) -> str:
    """Return text that Markdown reads as plain words."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _build_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(escape(cell) for cell in cells)} |"


def _read_paragraph(paragraph: Paragraph) -> str:
    text = escape(paragraph.text)
    if not text:
        return ""
    style = (paragraph.style.name if paragraph.style else None) or ""
    if style == "Title":
        return f"# {text}"
    if heading := re.match(r"Heading ([1-6])", style):
        return f"{'#' * int(heading.group(1))} {text}"
    properties = paragraph._p.pPr
    if style.startswith("List") or (properties is not None and properties.numPr is not None):
        return f"1. {text}" if "Number" in style else f"- {text}"
    return text


def _read_rows(table: Table) -> list[list[str]]:
    rows = []
    for row in table.rows:
        cells: list[str] = []
        previous = None
        for cell in row.cells:
            # A merged cell comes once for each column that it spans.
            cells.append("" if cell._tc is previous else cell.text)
            previous = cell._tc
        rows.append(cells)
    return rows


def _read_slide(slide: Slide) -> str:
    title = slide.shapes.title
    blocks = [f"## {escape(title.text)}"] if title is not None and title.text.strip() else []
    for shape in slide.shapes:
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if shape.has_table:
            table = shape.table  # type: ignore[attr-defined]  # only shapes with a table have it
            blocks.append(build_table([[cell.text for cell in row.cells] for row in table.rows]))
        elif shape.has_text_frame:
            lines = [p.text for p in shape.text_frame.paragraphs if p.text.strip()]  # type: ignore[attr-defined]
            mark = "- " if len(lines) > 1 else ""
            blocks.append("\n".join(f"{mark}{escape(line)}" for line in lines))
    if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame):
        blocks.append(escape(notes.text))
    return "\n\n".join(block for block in blocks if block)


def _day(when: object) -> date | None:
    day = getattr(when, "date", None)
    return day() if callable(day) else None
