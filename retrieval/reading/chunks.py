"""Documents in, passages out: cut along headings, with tables turned into rows that can be quoted.

Knows the structure of Markdown through markdown-it; knows nothing of files, vectors or scopes.
"""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from retrieval.english.sentences import count_words, split_sentences
from retrieval.passage import Passage
from retrieval.reading.documents import PAGE_BREAK, Document, DocumentKind
from retrieval.reading.table_lines import tell_rows

# Part of an index's identity: raise it when the same document would give other passages.
CHUNKER_VERSION = 4
TARGET_WORDS = 120
HEADING_JOINT = " › "
_MARKER = re.compile(r"\[(\d{1,2})\]")
_ITEM = re.compile(r"^(?:- |\d{1,3}[.)] )")


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that belong together under one heading path; `whole` blocks (lists, tables) are cut only between lines."""

    headings: tuple[str, ...]
    lines: tuple[str, ...]
    page: int | None = None


def build_passages(document: Document, *, target_words: int = TARGET_WORDS) -> list[Passage]:
    """Return the document's passages in reading order, each about `target_words` long and under one heading."""
    blocks = _read_markdown(document) if document.kind is DocumentKind.MARKDOWN else _read_text(document)
    passages: dict[str, Passage] = {}
    for block in _pack(blocks, target_words):
        heading = _spell_markers(HEADING_JOINT.join((document.title, *block.headings)))
        text = _spell_markers("\n".join(block.lines))
        covered = f"{document.source}\0{heading}\0{text}".encode("utf-8", "replace")
        identity = hashlib.sha256(covered).hexdigest()[:20]
        passages[identity] = Passage(
            id=identity,
            text=text,
            heading=heading,
            title=document.title,
            source=document.source,
            audience=document.audience,
            updated=document.updated,
            url=document.url,
            page=block.page,
        )
    return list(passages.values())


def _spell_markers(text: str) -> str:
    """Write "[3]" as "(3)": in brackets a number is how a prompt marks its evidence, and an answer its source."""
    return _MARKER.sub(r"(\1)", text)


def _pack(blocks: Iterator[_Block], target_words: int) -> Iterator[_Block]:
    """Yield one block for each passage; it has the page on which it starts."""
    headings: tuple[str, ...] = ()
    page: int | None = None
    lines: list[str] = []
    for block in blocks:
        for piece in _cut_long(block.lines, target_words):
            # A lead-in ("The box holds:") stays with its list even where the two are too long together.
            too_long = sum(map(count_words, (*lines, *piece))) > target_words
            full = too_long and not (lines and lines[-1].endswith(":"))
            if lines and (block.headings != headings or full):
                yield _Block(headings, tuple(lines), page)
                lines = []
            if not lines:
                headings, page = block.headings, block.page
            lines.extend(piece)
    if lines:
        yield _Block(headings, tuple(lines), page)


def _cut_long(lines: tuple[str, ...], target_words: int) -> Iterator[list[str]]:
    """Yield runs of about the target, cutting an overlong line between sentences and, at worst, between words."""
    run: list[str] = []
    for line in lines:
        pieces = [line] if count_words(line) <= target_words else list(_cut_line(line, target_words))
        for piece in pieces:
            if run and sum(map(count_words, run)) + count_words(piece) > target_words:
                yield run
                run = []
            run.append(piece)
    if run:
        yield run


def _cut_line(line: str, target_words: int) -> Iterator[str]:
    run: list[str] = []
    for sentence in split_sentences(line):
        words = sentence.split()
        if run and len(run) + len(words) > target_words:
            yield " ".join(run)
            run = []
        run.extend(words)
        while len(run) > 2 * target_words:
            yield " ".join(run[:target_words])
            run = run[target_words:]
    if run:
        yield " ".join(run)


def _read_text(document: Document) -> Iterator[_Block]:
    """Yield the paragraphs; consecutive list items are one block, an item on each line."""
    pages = document.text.split(f"\n{PAGE_BREAK}\n")
    for number, page in enumerate(pages, start=1):
        items: list[str] = []
        for paragraph in page.split("\n\n"):
            for line in _join_lines(paragraph):
                if _ITEM.match(line):
                    items.append(line)
                    continue
                if items:
                    yield _Block((), tuple(items), number if len(pages) > 1 else None)
                    items = []
                yield _Block((), (line,), number if len(pages) > 1 else None)
        if items:
            yield _Block((), tuple(items), number if len(pages) > 1 else None)


def _join_lines(paragraph: str) -> list[str]:
    """Return a paragraph as one line, or as a line for each item where it is a list."""
    joined: list[str] = []
    for line in paragraph.split("\n"):
        text = " ".join(line.split())
        if text and (not joined or _ITEM.match(text)):
            joined.append(text)
        elif text:
            joined[-1] += f" {text}"
    return joined


def _read_markdown(document: Document) -> Iterator[_Block]:
    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(document.text))
    breaks = [number for number, line in enumerate(document.text.split("\n")) if line == PAGE_BREAK]
    path: list[tuple[int, str]] = []
    caption: tuple[str, ...] = ()
    for node in tree.children:
        if node.type == "heading":
            level, text = int(node.tag[1:]), _plain(node)
            path = [(above, name) for above, name in path if above < level]
            # The document's own "# Title" line repeats the title, which starts every heading path already.
            if text and text != document.title:
                path.append((level, text))
            continue
        if _is_caption(node):
            caption = (_plain(node),)
            continue
        lines = tuple(line for line in _read_block(node) if line)
        if lines:
            page = bisect_right(breaks, node.map[0]) + 1 if breaks and node.map else None
            yield _Block((*(name for _, name in path), *caption), lines, page)
        caption = ()


def _is_caption(node: SyntaxTreeNode) -> bool:
    """Whether it is a paragraph of bold words above a table: the table's title, which heads its rows."""
    following = node.next_sibling
    if node.type != "paragraph" or following is None or following.type != "table":
        return False
    return [part.type for part in node.children[0].children if part.content or part.children] == ["strong"]


def _read_block(node: SyntaxTreeNode) -> Iterator[str]:
    match node.type:
        case "paragraph" | "heading":
            yield _plain(node)
        case "bullet_list" | "ordered_list":
            yield from _read_list(node)
        case "table":
            yield from _read_table(node)
        case "fence" | "code_block":
            yield " ".join(node.content.split())
        case "blockquote":
            for child in node.children:
                yield from _read_block(child)
        case "html_block" | "hr":
            return
        case _:
            yield _plain(node)


def _read_list(node: SyntaxTreeNode) -> Iterator[str]:
    first = int(node.attrs.get("start", 1))
    for number, item in enumerate(node.children, start=first):
        marker = f"{number}. " if node.type == "ordered_list" else "- "
        lines = [line for child in item.children for line in _read_block(child)]
        if not lines:
            continue
        own = [line for line in lines if not line.startswith("- ")]
        nested = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
        tail = f" {'; '.join(nested)}" if nested else ""
        yield f"{marker}{' '.join(own)}{tail}"


def _read_table(node: SyntaxTreeNode) -> Iterator[str]:
    """Yield the lines of a table; an empty first row says that it has no labels."""
    head, *rows = [[_plain(cell) for cell in row.children] for part in node.children for row in part.children]
    yield from tell_rows(head, rows)


def _plain(node: SyntaxTreeNode) -> str:
    """Return the readable words of a node: no markup, no link targets, line breaks as blanks."""
    words: list[str] = []
    for part in node.walk():
        match part.type:
            case "text" | "code_inline":
                words.append(part.content)
            case "softbreak" | "hardbreak" | "html_inline":
                words.append(" ")
    return " ".join("".join(words).split())
