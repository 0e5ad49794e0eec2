"""Files in, documents out: Markdown with front matter and plain text, each with its audience.

A file that cannot be read becomes an `Unreadable` value, so that one bad file never stops a run. Knows nothing of
passages or indexes.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

import yaml
from markdown_it import MarkdownIt

from retrieval.passage import Audience

MAX_BYTES = 5_000_000


class DocumentKind(StrEnum):
    """How the text of a document is to be read."""

    MARKDOWN = "markdown"
    TEXT = "text"


_KINDS = {
    ".md": DocumentKind.MARKDOWN,
    ".markdown": DocumentKind.MARKDOWN,
    ".txt": DocumentKind.TEXT,
    ".text": DocumentKind.TEXT,
}


@dataclass(frozen=True, slots=True)
class Document:
    """One readable file. `source` is its path below the knowledge folder; `digest` covers all that this value holds."""

    source: str
    title: str
    audience: Audience
    updated: date | None
    kind: DocumentKind
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that was left out, and why, in words for the person who keeps the documents."""

    path: str
    reason: str


class _RejectedError(Exception):
    """The file cannot be used; the message says why."""


def load_documents(
    folder: Path, *, default_audience: Audience = Audience.STAFF, max_bytes: int = MAX_BYTES
) -> Iterator[Document | Unreadable]:
    """Yield every file below `folder` in path order, as a document or as the reason why it is none.

    Hidden files and folders are skipped, and so are symbolic links: they may lead out of the folder or round in a
    loop. A document that does not say its audience gets `default_audience`. Raise `NotADirectoryError` where there is
    no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"There is no folder of documents at {folder}.")
    for path in _list_files(folder):
        source = path.relative_to(folder).as_posix()
        try:
            yield load_document(path, source, default_audience=default_audience, max_bytes=max_bytes)
        except (_RejectedError, OSError) as error:
            yield Unreadable(source, str(error) if isinstance(error, _RejectedError) else "The file cannot be opened.")


def load_document(path: Path, source: str, *, default_audience: Audience, max_bytes: int = MAX_BYTES) -> Document:
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise _RejectedError(f"Files of the kind {path.suffix or '(none)'} are not read; use .md or .txt.")
    size = path.stat().st_size
    if size > max_bytes:
        raise _RejectedError(f"The file is too large: {size:,} bytes, and the limit is {max_bytes:,}.")
    return parse_document(path.read_bytes(), source, kind, default_audience=default_audience)


def parse_document(raw: bytes, source: str, kind: DocumentKind, *, default_audience: Audience) -> Document:
    text = _decode(raw)
    fields, body = _split_front_matter(text) if kind is DocumentKind.MARKDOWN else ({}, text)
    if not body.strip():
        raise _RejectedError("The document is empty.")
    title = str(fields.get("title") or _first_heading(body, kind) or _title_from(source)).strip()
    audience = _parse_audience(fields.get("audience"), default_audience)
    updated = _parse_updated(fields.get("updated"))
    digest = hashlib.sha256(f"{source}\0{title}\0{audience}\0{updated}\0{kind}\0{body}".encode()).hexdigest()
    return Document(source, title, audience, updated, kind, body, digest)


def _list_files(folder: Path) -> list[Path]:
    """Return the regular files below the folder; `os.walk` enters no linked folder."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(place, name)
            if not name.startswith(".") and path.is_file() and not path.is_symlink():
                found.append(path)
    return sorted(found)


def _decode(raw: bytes) -> str:
    if b"\0" in raw:
        raise _RejectedError("The file is binary, not text.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _RejectedError(f"The file is not UTF-8 text (byte {error.start:,}).") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _split_front_matter(text: str) -> tuple[dict[str, object], str]:
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return {}, text
    end = next((i for i, line in enumerate(lines[1:], start=1) if line.rstrip() == "---"), None)
    if end is None:
        raise _RejectedError("The front matter starts with --- but does not end.")
    try:
        fields = yaml.safe_load("\n".join(lines[1:end]))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _RejectedError("The front matter is not valid YAML.") from error
    if not isinstance(fields, dict | None):
        raise _RejectedError("The front matter is not a list of names and values.")
    return fields or {}, "\n".join(lines[end + 1 :])


def _parse_audience(value: object, default: Audience) -> Audience:
    if value is None:
        return default
    try:
        return Audience(str(value).strip().lower())
    except ValueError as error:
        known = ", ".join(Audience)
        raise _RejectedError(f"The audience {str(value)[:40]!r} is unknown; use one of: {known}.") from error


def _parse_updated(value: object) -> date | None:
    if value is None or isinstance(value, datetime):
        return value.date() if isinstance(value, datetime) else None
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError as error:
        raise _RejectedError(f"The date {str(value)[:40]!r} is not of the form 2026-01-31.") from error


def _first_heading(body: str, kind: DocumentKind) -> str | None:
    if kind is not DocumentKind.MARKDOWN:
        return None
    tokens = MarkdownIt("commonmark").parse(body)
    if len(tokens) > 1 and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        return " ".join(part.content for part in tokens[1].children or [] if part.content) or None
    return None


def _title_from(source: str) -> str:
    return Path(source).stem.replace("-", " ").replace("_", " ").strip().capitalize() or source
