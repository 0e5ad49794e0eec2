"""PDF into text, page by page, with pypdf. Knows nothing of other formats."""

import logging
import re
from collections.abc import Iterator
from datetime import date
from io import BytesIO

from pypdf import PdfReader
from pypdf.errors import DependencyError, PdfReadError

from retrieval.reading.documents import PAGE_BREAK, DocumentKind, Part, RejectedError

MAX_PAGES = 2_000
_BULLET = re.compile(r"^\s*[•▪◦‣·–*-]\s+")
_NUMBERED = re.compile(r"^\s*\d{1,3}[.)]\s+")
_SENTENCE_END = re.compile(r"[.!?:]['\")\]]?$")


def read_pdf(raw: bytes) -> Iterator[Part]:
    """Yield the whole file as one part. Raise `RejectedError` where it is locked, too long, or holds no text."""
    # pypdf warns in its log about every small fault of a file; what matters comes as an error.
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    reader = _open(raw)
    count = len(reader.pages)
    if count > MAX_PAGES:
        raise RejectedError(f"The file has {count:,} pages, and the limit is {MAX_PAGES:,}.")
    pages = [_lay_out(page.extract_text() or "") for page in reader.pages]
    if not any(character.isalnum() for page in pages for character in page):
        raise RejectedError("The file holds pictures of text only (a scan); its text must be recognised first.")
    yield Part(f"\n\n{PAGE_BREAK}\n\n".join(pages), DocumentKind.TEXT, _find_title(reader), _find_date(reader))


def _open(raw: bytes) -> PdfReader:
    try:
        reader = PdfReader(BytesIO(raw))
        # Many files are locked against printing only: the empty password opens them.
        if reader.is_encrypted and not reader.decrypt(""):
            raise RejectedError("The file is encrypted; store it without a password.")
    except DependencyError as error:
        raise RejectedError("The file is encrypted; store it without a password.") from error
    except PdfReadError as error:
        raise RejectedError(f"The file is broken: {error}") from error
    return reader


def _lay_out(page: str) -> str:
    """Join the printed lines of a page into paragraphs; a list item starts a new one."""
    printed = [line.strip() for line in page.replace("\f", " ").split("\n")]
    width = max(map(len, printed), default=0)
    paragraphs: list[str] = []
    is_open = False
    for line in printed:
        if not line:
            is_open = False
            continue
        starts = bool(_BULLET.match(line) or _NUMBERED.match(line))
        text = _BULLET.sub("- ", line)
        if is_open and not starts:
            paragraphs[-1] = _join(paragraphs[-1], text)
        else:
            paragraphs.append(text)
        is_open = not (_SENTENCE_END.search(line) and len(line) < 0.8 * width)
    return "\n\n".join(paragraphs)


def _join(before: str, line: str) -> str:
    if re.search(r"[a-zäöü]-$", before) and line[:1].islower():
        return before[:-1] + line
    return f"{before} {line}"


def _find_title(reader: PdfReader) -> str | None:
    title = str((reader.metadata.title if reader.metadata else None) or "").strip()
    return title or None


def _find_date(reader: PdfReader) -> date | None:
    try:
        when = reader.metadata and (reader.metadata.modification_date or reader.metadata.creation_date)
    except (ValueError, PdfReadError):
        return None
    return when.date() if when else None
