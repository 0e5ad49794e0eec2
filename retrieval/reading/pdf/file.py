"""Turns PDF files into Markdown, page by page. Knows PDFium's documents. `layout` finds where words belong."""

import re
from collections.abc import Iterator
from datetime import date

import pypdfium2  # type: ignore[import-untyped]  # the package has no types

from retrieval.reading.documents import PAGE_BREAK, DocumentKind, Part, RejectedError
from retrieval.reading.pdf.layout import Grid, find_lines, lay_out
from retrieval.reading.pdf.prose import Paragraph, Vocabulary, build_paragraphs, find_body_size, find_repeated
from retrieval.reading.pdf.words import Page, read_page
from retrieval.reading.tables.grid import Cell, escape, escape_inline, show_table
from retrieval.reading.titles import clean_title

MAX_PAGES = 2_000
_DAY = re.compile(r"D?:?(\d{4})(\d\d)(\d\d)")
_LOCKED = ("password", "security")

_Block = Paragraph | Grid


def read_pdf(raw: bytes) -> Iterator[Part]:
    """Yield the whole file as one part. Raise `RejectedError` if it is locked, too long, or holds no text."""
    document = _open(raw)
    try:
        if len(document) > MAX_PAGES:
            raise RejectedError(f"The file has {len(document):,} pages, and the limit is {MAX_PAGES:,}.")
        pages = [read_page(page) for page in document]
        described = document.get_metadata_dict(skip_empty=True)
    finally:
        document.close()
    if not any(character.isalnum() for page in pages for word in page.words for character in word.text):
        raise RejectedError("The file holds pictures of text only (a scan); its text must be recognised first.")
    blocks = _read_blocks(pages)
    text = f"\n\n{PAGE_BREAK}\n\n".join("\n\n".join(filter(None, map(_show_block, page))) for page in blocks)
    day = _find_day(described.get("ModDate")) or _find_day(described.get("CreationDate"))
    yield Part(text, DocumentKind.MARKDOWN, clean_title(described.get("Title")), day)


def _open(raw: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(raw)
    except pypdfium2.PdfiumError as error:
        if any(word in str(error).casefold() for word in _LOCKED):
            raise RejectedError("The file is encrypted; store it without a password.") from error
        raise RejectedError(f"The file is broken: {error}") from error


def _read_blocks(pages: list[Page]) -> list[list[_Block]]:
    """Return the paragraphs and tables of each page, without what all pages repeat."""
    lines = [find_lines(page.words) for page in pages]
    repeated = find_repeated(lines, [page.height for page in pages])
    every = [line for page in lines for line in page]
    body = find_body_size(every)
    vocabulary = Vocabulary([line.text for line in every])
    blocks: list[list[_Block]] = []
    for page, left_out in zip(pages, repeated, strict=True):
        gone = {id(word) for line in left_out for word in line.words}
        kept = Page(tuple(word for word in page.words if id(word) not in gone), page.rules, page.height)
        blocks.append(list(build_paragraphs(lay_out(kept), vocabulary, body)))
    _mend_cuts(blocks, vocabulary)
    return blocks


def _mend_cuts(pages: list[list[_Block]], vocabulary: Vocabulary) -> None:
    """Join a sentence that continues over a page's end, or from one column to the next, where it begins."""
    before: Paragraph | None = None
    for page in pages:
        for block in list(page):
            if not isinstance(block, Paragraph) or block.level:
                before = None
                continue
            if before is not None and before.is_open and block.text[:1].islower():
                before.text, before.is_open = vocabulary.join(before.text, block.text), block.is_open
                page.remove(block)
                continue
            before = block


def _show_block(block: _Block) -> str:
    if isinstance(block, Grid):
        rows = [
            [Cell(text, is_head=is_bold) for text in row]
            for row, is_bold in zip(block.rows, block.is_bold, strict=True)
        ]
        return show_table(rows)
    if block.level:
        return f"{'#' * block.level} {escape(block.text)}"
    return escape_inline(block.text)


def _find_day(text: str | None) -> date | None:
    match = _DAY.match(text or "")
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None
