"""The formats that Chip reads: from the bytes of one file to its parts, by a well-kept library for each.

Owns the limits on what a file may unfold to. Errors of foreign parsers over broken files end here.
"""

import logging
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath

from retrieval.reading import mail, records
from retrieval.reading.decoding import decode_text
from retrieval.reading.documents import DocumentKind, Part, RejectedError
from retrieval.reading.markup import asciidoc, markdown, restructured, webpage
from retrieval.reading.office import slides, word, workbook
from retrieval.reading.pdf import file as pdf
from retrieval.reading.tables import delimited

log = logging.getLogger(__name__)

Reader = Callable[[bytes], Iterator[Part]]

# Part of every fingerprint. Raise it when the same bytes would give other documents.
READERS_VERSION = 5
TEXT_BYTES = 5_000_000
FILE_BYTES = 64_000_000
# What an office file may unfold to. A large workbook unfolds about tenfold, a bomb a thousandfold.
UNZIPPED_BYTES = 300_000_000
UNZIPPED_RATIO = 200


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file: how it is read, how large it may be, and whether it is a zip inside."""

    read: Reader
    max_bytes: int = FILE_BYTES
    is_zip: bool = False


def _read_markdown(raw: bytes) -> Iterator[Part]:
    yield markdown.read_markdown(decode_text(raw))


def _read_text(raw: bytes) -> Iterator[Part]:
    yield Part(decode_text(raw), DocumentKind.TEXT)


_MARKDOWN = Format(_read_markdown, TEXT_BYTES)
_TEXT = Format(_read_text, TEXT_BYTES)
_HTML = Format(webpage.read_html, TEXT_BYTES)
FORMATS = {
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
    ".mdx": _MARKDOWN,
    ".rst": Format(restructured.read_rst, TEXT_BYTES),
    ".adoc": Format(asciidoc.read_asciidoc, TEXT_BYTES),
    ".asciidoc": Format(asciidoc.read_asciidoc, TEXT_BYTES),
    ".txt": _TEXT,
    ".text": _TEXT,
    ".log": _TEXT,
    ".html": _HTML,
    ".htm": _HTML,
    ".xhtml": _HTML,
    ".pdf": Format(pdf.read_pdf),
    ".docx": Format(word.read_docx, is_zip=True),
    ".pptx": Format(slides.read_pptx, is_zip=True),
    ".xlsx": Format(workbook.read_xlsx, is_zip=True),
    ".csv": Format(delimited.read_csv, TEXT_BYTES),
    ".tsv": Format(delimited.read_csv, TEXT_BYTES),
    ".jsonl": Format(records.read_jsonl),
    ".eml": Format(mail.read_eml),
    ".mbox": Format(mail.read_mbox),
}


def find_format(name: str) -> Format | None:
    """Return the format for a file name's ending."""
    return FORMATS.get(PurePosixPath(name).suffix.lower())


def describe_formats() -> str:
    """Return the endings that are read, in words for a person."""
    return ", ".join(sorted(FORMATS))


def require_format(name: str, size: int) -> Format:
    """Return the format of a file of `size` bytes. Raise `RejectedError` for an unknown kind or too large a file."""
    found = find_format(name)
    if found is None:
        kind = PurePosixPath(name).suffix or "(none)"
        raise RejectedError(f"Files of the kind {kind} are not read; use one of: {describe_formats()}.")
    if size > found.max_bytes:
        raise RejectedError(f"The file is too large: {size:,} bytes, and the limit is {found.max_bytes:,}.")
    return found


def read_parts(name: str, raw: bytes) -> Iterator[Part]:
    """Yield the parts of a file's bytes. Raise `RejectedError` if it is of an unknown kind, too large, or broken."""
    found = require_format(name, len(raw))
    if found.is_zip:
        _refuse_bomb(raw)
    try:
        yield from found.read(raw)
    except (RejectedError, MemoryError):
        raise
    except (Exception, RecursionError) as error:
        # A broken file can raise anything from inside a foreign parser, and must not end the run.
        log.info("a file of the kind %s broke its parser: %s", PurePosixPath(name).suffix, type(error).__name__)
        raise RejectedError(f"The file is broken ({type(error).__name__}).") from error


def _refuse_bomb(raw: bytes) -> None:
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise RejectedError("The file is encrypted, or of the format before 2007.")
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            unfolded = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        raise RejectedError("The file is broken: it is no zip inside.") from error
    if unfolded > UNZIPPED_BYTES or unfolded > max(len(raw) * UNZIPPED_RATIO, TEXT_BYTES):
        raise RejectedError(f"The file would unfold to {unfolded:,} bytes; such a file is not opened.")
