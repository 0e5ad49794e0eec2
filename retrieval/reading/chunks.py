"""Cuts documents into passages along headings, with tables turned into rows that can be quoted.

Knows the structure of CommonMark through markdown-it, and the scopes that `documents` marks in it. `layout` says how
the text of a passage is laid out. Knows nothing of files, vectors, access or the dialects of Markdown.
"""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode

from retrieval.english.sentences import count_words, split_sentences
from retrieval.layout import BREAK, ITEM, build_code_block, is_code_block, mask
from retrieval.passage import HEADING_JOINT, NUMBERED_MARKER, Passage
from retrieval.reading.documents import PAGE_BREAK, SCOPE_END, SCOPE_START, Document, DocumentKind
from retrieval.reading.markdown_words import MarkdownReader
from retrieval.reading.tables.heads import is_value
from retrieval.reading.tables.lines import tell_rows
from retrieval.reading.tables.pipes import get_rows

# The index stores this number: raise it when the same document would give other passages.
CHUNKER_VERSION = 6
TARGET_WORDS = 120
# Code is not cut up to this many words: half of a listing does not run.
MAX_CODE_WORDS = 400
# Nor is a list up to this many words: half of the steps do not help.
MAX_LIST_WORDS = 200
_MARKER = re.compile(NUMBERED_MARKER)
# Lines of text that are all this short were broken on purpose: an address, opening hours.
_SHORT_LINE = 50


@dataclass(frozen=True, slots=True)
class _Block:
    """Blocks of text that belong together under one heading path. Text may be cut between them, not within one."""

    headings: tuple[str, ...]
    lines: tuple[str, ...]
    page: int | None = None


def build_passages(document: Document, *, target_words: int = TARGET_WORDS) -> list[Passage]:
    """Return the document's passages in reading order, each about `target_words` long and under one heading."""
    blocks = _read_markdown(document) if document.kind is DocumentKind.MARKDOWN else _read_text(document)
    passages: dict[str, Passage] = {}
    for block in _pack(blocks, target_words):
        heading = _spell_markers(HEADING_JOINT.join((document.title, *block.headings)))
        text = "\n".join(line if is_code_block(line) else _spell_markers(line) for line in block.lines)
        covered = f"{document.source}\0{heading}\0{text}".encode("utf-8", "replace")
        passage_id = hashlib.sha256(covered).hexdigest()[:20]
        passages[passage_id] = Passage(
            id=passage_id,
            text=text,
            heading=heading,
            title=document.title,
            source=document.source,
            audience=document.audience,
            updated=document.updated,
            url=document.url,
            page=block.page,
            position=len(passages),
        )
    return list(passages.values())


def _spell_markers(text: str) -> str:
    """Write "[3]" as "(3)": a number in brackets is how a prompt marks its evidence, and an answer its source."""
    for marker in _MARKER.finditer(mask(text)):  # code stays as it is
        text = f"{text[: marker.start()]}({marker.group(1)}){text[marker.end() :]}"
    return text


def _pack(blocks: Iterator[_Block], target_words: int) -> Iterator[_Block]:
    """Yield one block for each passage, with the page on which it starts."""
    headings: tuple[str, ...] = ()
    page: int | None = None
    lines: list[str] = []
    for block in blocks:
        for piece in _cut_long(block.lines, target_words):
            # A lead-in ("The box holds:") stays with its list even if the two together are too long.
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
    """Yield runs of about the target, a list whole. An overlong line is cut between sentences or between words."""
    if ITEM.match(lines[0]) and sum(map(count_words, lines)) <= MAX_LIST_WORDS:
        yield list(lines)
        return
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
    if is_code_block(line):
        yield from _cut_code(line)
        return
    run, words = "", 0
    for sentence in split_sentences(line):
        for piece in _cut_sentence(sentence, target_words):
            size = count_words(piece)
            if run and words + size > target_words:
                yield run
                run, words = "", 0
            # Scripts without blanks between words have none between sentences either.
            run += f" {piece}" if run and run[-1].isascii() else piece
            words += size
    if run:
        yield run


def _cut_sentence(sentence: str, target_words: int) -> Iterator[str]:
    """Yield a sentence whole up to twice the target. A longer one is cut between words or characters."""
    if count_words(sentence) <= 2 * target_words:
        yield sentence
        return
    words = sentence.split()
    if len(words) > target_words:
        yield from (" ".join(words[start : start + target_words]) for start in range(0, len(words), target_words))
    else:
        yield from (sentence[start : start + target_words] for start in range(0, len(sentence), target_words))


def _cut_code(block: str) -> Iterator[str]:
    """Yield a code block whole. A very long one is cut at line ends, each piece between fences."""
    opening, *lines, closing = block.split("\n")
    run: list[str] = []
    for line in lines:
        if run and count_words("\n".join([*run, line])) > MAX_CODE_WORDS:
            yield "\n".join([opening, *run, closing])
            run = []
        run.append(line)
    yield "\n".join([opening, *run, closing])


def _read_text(document: Document) -> Iterator[_Block]:
    """Yield the paragraphs. Consecutive list items are one block, an item on each line."""
    pages = document.text.split(f"\n{PAGE_BREAK}\n")
    for number, page in enumerate(pages, start=1):
        items: list[str] = []
        for paragraph in page.split("\n\n"):
            for line in _join_lines(paragraph):
                if ITEM.match(line):
                    items.append(line)
                    continue
                if items:
                    yield _Block((), tuple(items), number if len(pages) > 1 else None)
                    items = []
                yield _Block((), (line,), number if len(pages) > 1 else None)
        if items:
            yield _Block((), tuple(items), number if len(pages) > 1 else None)


def _join_lines(paragraph: str) -> list[str]:
    """Return a paragraph as one block, or as a line for each item if it is a list."""
    lines = [" ".join(line.split()) for line in paragraph.split("\n") if line.strip()]
    is_broken = max(map(len, lines), default=0) < _SHORT_LINE
    joined: list[str] = []
    for line in lines:
        if not joined or ITEM.match(line):
            joined.append(line)
        else:
            joined[-1] += f"{BREAK}\n{line}" if is_broken and not ITEM.match(joined[-1]) else f" {line}"
    return joined


def _read_markdown(document: Document) -> Iterator[_Block]:
    reader = MarkdownReader(document.url)
    tree = reader.parse(document.text)
    breaks = [number for number, line in enumerate(document.text.split("\n")) if line == PAGE_BREAK]
    path = _HeadingPath(document.title)
    caption: tuple[str, ...] = ()
    for node in tree.children:
        if node.type == "heading":
            yield from path.enter(int(node.tag[1:]), reader.plain(node))
            continue
        if _is_caption(node):
            caption = (reader.plain(node),)
            continue
        if node.type == "paragraph" and path.follow_scope(reader.plain(node)):
            continue
        lines = tuple(line for line in _read_block(node, reader) if line.strip())
        if lines:
            page = bisect_right(breaks, node.map[0]) + 1 if breaks and node.map else None
            yield path.build_block(lines, page, caption)
        caption = ()
    yield from path.finish()


def _is_caption(node: SyntaxTreeNode) -> bool:
    """Whether this is a paragraph of bold words above a table: the table's title, which heads its rows."""
    following = node.next_sibling
    if node.type != "paragraph" or following is None or following.type != "table":
        return False
    return [part.type for part in node.children[0].children if part.content or part.children] == ["strong"]


class _HeadingPath:
    """The headings above what is read. A heading with nothing below it becomes a line of its own."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._path: list[tuple[int, str]] = []
        self._scopes: list[int] = []
        self._is_bare = False

    def enter(self, level: int, text: str) -> Iterator[_Block]:
        """Go below a heading. Yield the one before if nothing stood below it."""
        base = self._scopes[-1] if self._scopes else 0
        outer = [entry for place, entry in enumerate(self._path) if place < base or entry[0] < level]
        if len(outer) < len(self._path):
            yield from self.finish()
        self._path = outer
        # The document's own "# Title" line repeats the title, which every heading path already starts with.
        if text and text != self._title:
            self._path.append((level, text))
            self._is_bare = True

    def follow_scope(self, text: str) -> bool:
        """Open or end a scope if the paragraph marks one, and say so: a scope is a label for what is within."""
        if text.startswith(SCOPE_START):
            self._scopes.append(len(self._path))
            self._path.append((0, text.removeprefix(SCOPE_START)))
            return True
        if text.startswith(SCOPE_END):
            if self._scopes:
                del self._path[self._scopes.pop() :]
            return True
        return False

    def build_block(self, lines: tuple[str, ...], page: int | None, caption: tuple[str, ...]) -> _Block:
        self._is_bare = False
        return _Block((*(name for _, name in self._path), *caption), lines, page)

    def finish(self) -> Iterator[_Block]:
        """Yield the last heading if nothing stood below it."""
        if self._is_bare and self._path:
            *above, (_, text) = self._path
            self._is_bare = False
            yield _Block(tuple(name for _, name in above), (text,))


def _read_block(node: SyntaxTreeNode, reader: MarkdownReader) -> Iterator[str]:
    match node.type:
        case "paragraph" | "heading":
            yield _say_scope(reader.laid_out(node))
        case "bullet_list" | "ordered_list":
            yield from _read_list(node, reader)
        case "table":
            yield from _read_table(node, reader)
        case "fence" | "code_block":
            code = node.content.rstrip().strip("\n")
            yield build_code_block(code, node.info.split(maxsplit=1)[0] if node.info.strip() else "") if code else ""
        case "blockquote":
            for child in node.children:
                yield from _read_block(child, reader)
        case "html_block" | "hr":
            return
        case _:
            yield reader.laid_out(node)


def _say_scope(text: str) -> str:
    """Return a scope's label as a lead-in within a list, where no heading can hold it."""
    return f"{text[1:]}:" if text.startswith(SCOPE_START) else text.removeprefix(SCOPE_END)


def _read_list(node: SyntaxTreeNode, reader: MarkdownReader, level: int = 0) -> Iterator[str]:
    """Yield a line for each item, followed by those of inner lists. Code within an item follows its line."""
    first = int(node.attrs.get("start", 1))
    for number, item in enumerate(node.children, start=first):
        marker = f"{number}. " if node.type == "ordered_list" else "- "
        own, below = [], []
        for child in item.children:
            if child.type in ("bullet_list", "ordered_list"):
                below += list(_read_list(child, reader, level + 1))
            elif child.type in ("fence", "code_block", "table") or below:
                below += list(_read_block(child, reader))
            else:
                own += [line.replace(f"{BREAK}\n", " ") for line in _read_block(child, reader)]
        said = " ".join(filter(None, own))
        if said or below:
            yield f"{BREAK * level}{marker}{said}".rstrip()
        indent = BREAK * (level + 1)
        for line in below:
            yield line if is_code_block(line) or ITEM.match(line) else f"{indent}- {line}"


def _read_table(node: SyntaxTreeNode, reader: MarkdownReader) -> Iterator[str]:
    """Yield the lines of a table. An empty first row means that it has no labels."""
    head, *rows = [[reader.read_cell(cell) for cell in row] for row in get_rows(node)]
    if len(head) == 2 and rows and is_value(head[1]) and sum(is_value(row[1]) for row in rows) > len(rows) / 2:
        # Markdown has no tables without labels: here the first row is an ordinary row.
        head, rows = ["", ""], [head, *rows]
    yield from tell_rows(head, rows)
