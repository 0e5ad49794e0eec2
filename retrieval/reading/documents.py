"""The values that reading makes: a document with its audience, or the reason why there is none.

Every format becomes Markdown or plain text with a title and a date. Knows front matter; knows nothing of files,
passages or indexes.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import PurePosixPath

import yaml
from markdown_it import MarkdownIt

from retrieval.passage import AUDIENCE_FORMS, Audience

# A line that holds this alone starts a new page (or slide), in Markdown and in text.
PAGE_BREAK = "\f"
_MAX_TITLE = 200


class DocumentKind(StrEnum):
    """How the text of a document is to be read."""

    MARKDOWN = "markdown"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Document:
    """One readable thing. `source` names it in the index; `digest` covers all that this value holds.

    The text counts its pages by `PAGE_BREAK` lines; without one it has no pages.
    """

    source: str
    title: str
    audience: Audience
    updated: date | None
    kind: DocumentKind
    text: str
    digest: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A thing that was left out, and why, in words for the person who keeps the documents.

    `is_kept`: it could only not be reached now; what is indexed of it stays. `is_listing`: it may have named further
    things; whatever the source does not list stays as well.
    """

    path: str
    reason: str
    is_kept: bool = False
    is_listing: bool = False


class RejectedError(Exception):
    """Something cannot be used as a document; the message says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a format's reader found: a text, with what the file itself says of it.

    `name` tells the parts of one file apart, as "#name" behind its path.
    """

    text: str
    kind: DocumentKind
    title: str | None = None
    updated: date | None = None
    url: str | None = None
    audience: Audience | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all documents of one source.

    `audience` is that of documents that do not say theirs; of all of them where `is_fixed`: what strangers may write
    must not choose who reads it.
    """

    audience: Audience = Audience.STAFF
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a source lists: a file, a web page, a pinned message.

    `fingerprint` changes whenever reading would give something else; `read` does the reading, only when it has.
    """

    name: str
    fingerprint: str
    read: Callable[[], Iterator[Document | Unreadable]]


Found = Item | Unreadable


def build_document(part: Part, source: str, rules: Rules) -> Document:
    """Return the document of one part. Raise `RejectedError` where it holds no words."""
    if not any(character.isalnum() for character in part.text):
        raise RejectedError("The document is empty.")
    source = f"{source}#{part.name}" if part.name else source
    title = part.title or _first_heading(part) or _title_from(source)
    title = " ".join(title.split())[:_MAX_TITLE]
    audience = rules.audience if rules.is_fixed or part.audience is None else part.audience
    covered = f"{source}\0{title}\0{audience}\0{part.updated}\0{part.kind}\0{part.url}\0{part.text}"
    digest = hashlib.sha256(covered.encode("utf-8", "replace")).hexdigest()
    return Document(source, title, audience, part.updated, part.kind, part.text, digest, part.url)


def parse_markdown(text: str) -> Part:
    """Return the part of a Markdown text with or without front matter. Raise `RejectedError` for a bad head."""
    fields, body = _split_front_matter(text)
    title = fields.get("title")
    return Part(
        text=body,
        kind=DocumentKind.MARKDOWN,
        title=str(title).strip() if title else None,
        updated=parse_date(fields.get("updated")),
        audience=parse_audience(fields.get("audience")),
    )


def parse_audience(value: object) -> Audience | None:
    """Return the audience that a document names for itself; None where it names none. Raise `RejectedError`."""
    if value is None:
        return None
    name = str(value).strip()
    try:
        return Audience(name if name.startswith("group:") else name.lower())
    except ValueError as error:
        raise RejectedError(f"The audience {name[:40]!r} is unknown; use one of: {AUDIENCE_FORMS}.") from error


def parse_date(value: object) -> date | None:
    """Return the day that a head names; None for none. Raise `RejectedError` where it is no day."""
    if value is None or isinstance(value, datetime):
        return value.date() if isinstance(value, datetime) else None
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError as error:
        raise RejectedError(f"The date {str(value)[:40]!r} is not of the form 2026-01-31.") from error


def _split_front_matter(text: str) -> tuple[dict[str, object], str]:
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return {}, text
    end = next((i for i, line in enumerate(lines[1:], start=1) if line.rstrip() == "---"), None)
    if end is None:
        raise RejectedError("The front matter starts with --- but does not end.")
    try:
        fields = yaml.safe_load("\n".join(lines[1:end]))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RejectedError("The front matter is not valid YAML.") from error
    if not isinstance(fields, dict | None):
        raise RejectedError("The front matter is not a list of names and values.")
    return fields or {}, "\n".join(lines[end + 1 :])


def _first_heading(part: Part) -> str | None:
    if part.kind is not DocumentKind.MARKDOWN:
        return None
    tokens = MarkdownIt("commonmark").parse(part.text)
    if len(tokens) > 1 and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        return " ".join(child.content for child in tokens[1].children or [] if child.content) or None
    return None


def _title_from(source: str) -> str:
    path = source.partition("#")[0].rpartition(":")[2]
    return PurePosixPath(path).stem.replace("-", " ").replace("_", " ").strip().capitalize() or source
