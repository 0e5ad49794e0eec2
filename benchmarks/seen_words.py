"""Counts the words that a person sees in a file, with methods independent of Chip's readers.

Word and PowerPoint are read by the XML inside, web pages and Markdown by BeautifulSoup over the rendered page,
workbooks cell by cell, PDF by PDFium. Ignores layout, because only words are counted. Knows nothing of Chip.
"""

import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any
from unicodedata import normalize

import charset_normalizer
import openpyxl
import pypdfium2  # type: ignore[import-untyped]  # the package has no types
from bs4 import BeautifulSoup
from lxml import etree  # type: ignore[import-untyped]  # the package has no types
from markdown_it import MarkdownIt
from openpyxl.cell.cell import Cell

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_NOT_SEEN = (f"{_W}del", f"{_W}moveFrom", _FALLBACK)
_WORD_PARTS = re.compile(r"word/(?:document|footnotes|endnotes|header\d*|footer\d*)\.xml")
_INVISIBLE = ("script", "style", "template", "noscript", "head", "nav")
_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)\n.*?\n\1\n", re.DOTALL)
_TEMPLATE_TAGS = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{:.*?\}|<!--.*?-->", re.DOTALL)
_WORD = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+")
# A link's address and the language of code are in the text that Chip keeps, but a person does not see them.
_NOT_SHOWN = re.compile(r"(?:https?|mailto|tel):[^\s)>\]]+|```\w*")
_USUAL_TITLE = re.compile(r"Sheet\d*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_BROKEN_WORD = re.compile(r"(?<=\w)[-\u2010\u00ad]\s*\n\s*(?=\w)")


def count_words(text: str) -> Counter[str]:
    """Return the words of a text. Numbers count by their value, and a word that a line end splits is one word.

    Addresses do not count.
    """
    plain = _BROKEN_WORD.sub("", normalize("NFKC", _NOT_SHOWN.sub(" ", text))).replace("\u00ad", "")
    words = _WORD.findall(_THOUSANDS.sub("", plain.lower()))
    return Counter(f"{float(word):g}" if word[0].isdecimal() else word for word in words)


def find_seen(name: str) -> Callable[[bytes], str] | None:
    """Return the function that reads a file of this name as a person sees it; None for other kinds."""
    return _SEEN.get(PurePosixPath(name).suffix.lower())


def _see_markdown(raw: bytes) -> str:
    text = _TEMPLATE_TAGS.sub(" ", _FRONT_MATTER.sub("", _decode(raw)))
    return _see_markup(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


def _see_html(raw: bytes) -> str:
    return _see_markup(raw)


def _see_markup(markup: str | bytes) -> str:
    soup = BeautifulSoup(markup, "lxml")
    for element in soup.find_all(_INVISIBLE):
        element.decompose()
    for steps in soup.find_all("ol"):
        for number, step in enumerate(steps.find_all("li", recursive=False), start=1):
            step.insert(0, f"{number}. ")
    return soup.get_text(" ")


def _see_text(raw: bytes) -> str:
    return _decode(raw)


def _see_docx(raw: bytes) -> str:
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        names = [
            name
            for name in archive.namelist()
            if re.fullmatch(r"word/(document|\w*note|header|footer)s?\d*\.xml", name)
        ]
        return "\n".join(_read_word_xml(archive.read(name)) for name in names)


def _read_word_xml(raw: bytes) -> str:
    paragraphs = etree.fromstring(raw).iter(f"{_W}p")
    return "\n".join("".join(_read_runs(paragraph)) for paragraph in paragraphs)


def _read_runs(paragraph: Any) -> Iterator[str]:
    """Yield the text of a paragraph's own runs. A text box inside has paragraphs of its own."""
    for element in paragraph.iter(f"{_W}t", f"{_W}tab", f"{_W}br"):
        above = list(element.iterancestors())
        if next(one for one in above if one.tag == f"{_W}p") is not paragraph:
            continue
        if not any(one.tag in _NOT_SEEN for one in above) and not _is_hidden(above[0]):
            yield (element.text or "") if element.tag == f"{_W}t" else " "


def _is_hidden(run: Any) -> bool:
    return run.find(f"{_W}rPr/{_W}vanish") is not None


def _see_pptx(raw: bytes) -> str:
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        slides = [name for name in archive.namelist() if re.fullmatch(r"ppt/slides/slide\d+\.xml", name)]
        return "\n".join(text for slide in slides for text in _read_slide(archive, slide))


def _read_slide(archive: zipfile.ZipFile, name: str) -> Iterator[str]:
    """Yield the texts of a visible slide, of its charts and of its notes."""
    slide = etree.fromstring(archive.read(name))
    if slide.get("show") == "0":
        return
    yield from _read_drawing(slide)
    related = f"ppt/slides/_rels/{PurePosixPath(name).name}.rels"
    targets = re.findall(r'Target="\.\./((?:charts|notesSlides)/[^"]+)"', archive.read(related).decode())
    for target in targets:
        part = etree.fromstring(archive.read(f"ppt/{target}"))
        yield from _read_drawing(part)
        yield from (value.text or "" for value in part.iter(f"{_C}v"))


def _read_drawing(part: Any) -> Iterator[str]:
    for paragraph in part.iter(f"{_A}p"):
        yield "".join(text.text or "" for text in paragraph.iter(f"{_A}t") if text.getparent().tag != f"{_A}fld")


def _see_xlsx(raw: bytes) -> str:
    book = openpyxl.load_workbook(BytesIO(raw), data_only=True)
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    titles = ["" if _USUAL_TITLE.fullmatch(sheet.title) else sheet.title for sheet in sheets]
    return "\n".join([*titles, *(text for sheet in sheets for text in _read_sheet(sheet))])


def _read_sheet(sheet: Any) -> Iterator[str]:
    """Yield what the visible cells display."""
    hidden = {letter for letter, column in sheet.column_dimensions.items() if column.hidden}
    for row in sheet.iter_rows():
        if not sheet.row_dimensions[row[0].row].hidden:
            yield from (_show_cell(cell) for cell in row if getattr(cell, "column_letter", "") not in hidden)


def _show_cell(cell: Cell) -> str:
    value: Any = cell.value
    if value is None:
        return ""
    if isinstance(value, timedelta):
        hours, rest = divmod(int(value.total_seconds()), 3600)
        return f"{hours}:{rest // 60}"
    if isinstance(value, datetime | date | time):
        return value.isoformat().replace("T00:00:00", "")
    is_share = isinstance(value, int | float) and "%" in (cell.number_format or "")
    return f"{value * 100:g}" if is_share else str(value)


def _see_mail(raw: bytes) -> str:
    return "\n".join(_read_mail(message_from_bytes(raw, policy=policy.default)))


def _read_mail(message: Message) -> Iterator[str]:
    """Yield the subject and the visible parts: the last of alternatives, and all forwarded messages."""
    if subject := message.get("subject"):
        yield str(subject)
    if message.get_content_type() == "multipart/alternative":
        yield from _read_mail(message.get_payload()[-1])  # type: ignore[arg-type, index]  # parts of a multipart
    elif message.is_multipart():
        for part in message.get_payload():
            yield from _read_mail(part)  # type: ignore[arg-type]  # parts of a multipart
    elif message.get_content_maintype() == "text" and isinstance(message, EmailMessage):
        raw = message.get_payload(decode=True)
        text = _decode(raw if isinstance(raw, bytes) else b"", message.get_content_charset())
        yield _see_markup(text) if message.get_content_subtype() == "html" else text


def _see_pdf(raw: bytes) -> str:
    document = pypdfium2.PdfDocument(raw)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def _decode(raw: bytes, charset: str | None = None) -> str:
    for encoding in (charset, "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else None, "utf-8-sig"):
        try:
            if encoding:
                return raw.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return str(charset_normalizer.from_bytes(raw).best() or raw.decode("cp1252", "replace"))


_SEEN: dict[str, Callable[[bytes], str]] = {
    ".md": _see_markdown,
    ".markdown": _see_markdown,
    ".html": _see_html,
    ".htm": _see_html,
    ".txt": _see_text,
    ".csv": _see_text,
    ".tsv": _see_text,
    ".docx": _see_docx,
    ".pptx": _see_pptx,
    ".xlsx": _see_xlsx,
    ".eml": _see_mail,
    ".pdf": _see_pdf,
}
