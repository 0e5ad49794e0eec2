"""The values that reading makes: a document with its audience, or the reason why there is none.

Every format becomes CommonMark or plain text with a title and a date. Knows nothing of files, passages or indexes.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import PurePosixPath

from markdown_it import MarkdownIt

from retrieval.passage import Audience

# A line with only this character starts a new page (or slide), in Markdown and in text.
PAGE_BREAK = "\f"
# In Markdown, a paragraph that begins with this character opens a scope: a label (of a tab, of an answer that unfolds)
# that holds until its end. Readers remove these characters, which nobody uses, from what they read.
SCOPE_START, SCOPE_END = "\ue000", "\ue001"
_MAX_TITLE = 200
_MAX_TITLE_TEXT = 2_000
_PARSER = MarkdownIt("commonmark")


class DocumentKind(StrEnum):
    """How the text of a document has to be read."""

    MARKDOWN = "markdown"  # CommonMark with tables and ~~struck text~~; its HTML is ignored
    TEXT = "text"


class RemarkKind(StrEnum):
    """What a head says that nobody can rely on."""

    STRANGE_AUDIENCE = "strange audience"  # a word of somebody else's: as if the document named no audience
    DOUBTFUL_AUDIENCE = "doubtful audience"  # it may mean staff
    WITHHELD = "withheld"  # a draft, or hidden where it was published
    STRANGE_DATE = "strange date"  # as if the document named none
    BROKEN_HEAD = "broken head"  # what could be read of it holds


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a document's head that a person should hear of, with the word that it is about."""

    kind: RemarkKind
    word: str


@dataclass(frozen=True, slots=True)
class Document:
    """One readable thing. `source` names it in the index; `digest` covers everything in this value but `seen`.

    `PAGE_BREAK` lines count the pages of the text; without one it has no pages. `seen`: see `Part`.
    """

    source: str
    title: str
    audience: Audience
    updated: date | None
    kind: DocumentKind
    text: str
    digest: str
    url: str | None = None
    seen: str = ""
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that was left out, and why, in words for the person who keeps the documents.

    `is_kept`: it only could not be reached now, so what is indexed of it stays. `is_listing`: it may have named further
    things, so what the source does not list stays as well.
    """

    path: str
    reason: str
    is_kept: bool = False
    is_listing: bool = False


class RejectedError(Exception):
    """Something cannot be used as a document. The message says why."""


class StoppedError(Exception):
    """Chip is told to end while it reads documents. The next run continues."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a format's reader found: a text, with what the file itself says about it.

    `name` distinguishes the parts of one file, as "#name" after its path. `seen` are the words that a person sees in
    the file, extracted independently of the text, so that a loss is noticed; "" if only the text is known.
    `is_withheld`: the text is for staff at most, whatever holds for its source.
    """

    text: str
    kind: DocumentKind
    title: str | None = None
    updated: date | None = None
    url: str | None = None
    audience: Audience | None = None
    name: str = ""
    seen: str = ""
    is_withheld: bool = False
    remarks: tuple[Remark, ...] = ()


# From a file's name and bytes to its parts. Raises `RejectedError`, or `StoppedError` if Chip is told to end.
ReadFile = Callable[[str, bytes], Iterator[Part]]


# What words for readers mean, in lower case: ("itpro", customers).
AudienceWords = tuple[tuple[str, Audience], ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all documents of one source.

    `audience` is that of documents that name none, or of all of them if `is_fixed`: text that strangers may write must
    not choose who reads it. `words` says what other words for readers mean: "itpro" are customers.
    """

    audience: Audience = Audience.STAFF
    is_fixed: bool = False
    words: AudienceWords = ()

    def find_meant(self, remark: Remark) -> Audience | None:
        """Return the readers that a word for readers means here; None if nobody said."""
        is_word = remark.kind in (RemarkKind.STRANGE_AUDIENCE, RemarkKind.DOUBTFUL_AUDIENCE)
        return dict(self.words).get(remark.word.casefold()) if is_word else None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a source lists: a file, a web page, a pinned message.

    `fingerprint` changes whenever reading would give something else. `read` does the reading, and not before; it is
    given the function that reads the bytes of files.
    """

    name: str
    fingerprint: str
    read: Callable[[ReadFile], Iterator[Document | Unreadable]]


Found = Item | Unreadable


def build_document(part: Part, source: str, rules: Rules) -> Document:
    """Return the document of one part. Raise `RejectedError` if it holds no words."""
    if not any(character.isalnum() for character in part.text):
        raise RejectedError("The document is empty.")
    part = _settle_words(part, rules)
    source = f"{source}#{part.name}" if part.name else source
    title = part.title or _first_heading(part) or _title_from(source)
    title = " ".join(title.split())[:_MAX_TITLE]
    audience = _choose_audience(part, rules)
    remarks = () if rules.is_fixed else part.remarks
    covered = f"{source}\0{title}\0{audience}\0{part.updated}\0{part.kind}\0{part.url}\0{part.text}\0{remarks}"
    digest = hashlib.sha256(covered.encode("utf-8", "replace")).hexdigest()
    return Document(source, title, audience, part.updated, part.kind, part.text, digest, part.url, part.seen, remarks)


def _settle_words(part: Part, rules: Rules) -> Part:
    """Return the part for the readers that its own word for them means, where the rules say so."""
    meant = [audience for remark in part.remarks if (audience := rules.find_meant(remark))]
    if not meant:
        return part
    remarks = tuple(remark for remark in part.remarks if rules.find_meant(remark) is None)
    is_withheld = any(remark.kind is RemarkKind.WITHHELD for remark in remarks)
    return replace(part, audience=meant[0], remarks=remarks, is_withheld=is_withheld)


def _choose_audience(part: Part, rules: Rules) -> Audience:
    if rules.is_fixed:
        return rules.audience
    audience = part.audience or rules.audience
    return Audience.STAFF if part.is_withheld and audience in (Audience.PUBLIC, Audience.CUSTOMER) else audience


def _first_heading(part: Part) -> str | None:
    if part.kind is not DocumentKind.MARKDOWN:
        return None
    tokens = _PARSER.parse(part.text.lstrip()[:_MAX_TITLE_TEXT])
    while tokens and tokens[0].type in ("hr", "html_block"):
        del tokens[0]
    if len(tokens) > 1 and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        return " ".join(child.content for child in tokens[1].children or [] if child.content) or None
    return None


def _title_from(source: str) -> str:
    path = source.partition("#")[0].rpartition(":")[2]
    return PurePosixPath(path).stem.replace("-", " ").replace("_", " ").strip().capitalize() or source
