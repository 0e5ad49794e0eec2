"""Turns Word into Markdown: headings, lists with their numbers, tables, notes, text boxes, repeated page parts.

Knows the structure of WordprocessingML and opens files with python-docx. `word_text` reads what a paragraph says,
`word_numbers` what stands before it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from io import BytesIO
from typing import Any

import docx
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from retrieval.reading.documents import DocumentKind, Part
from retrieval.reading.office.word_numbers import Mark, Numbering, read_numbering
from retrieval.reading.office.word_tables import is_layout, show_grid, walk_cells, walk_rows
from retrieval.reading.office.word_text import (
    GONE,
    NO_NOTES,
    Notes,
    Words,
    choose,
    find_value,
    is_placeholder,
    read_words,
)
from retrieval.reading.titles import clean_title

_ITEM = re.compile(r"( *)(?:-|\d{1,9}\.) ")
_INNER = re.compile(r"list \D*([2-5])$", re.IGNORECASE)
_CONTENTS = re.compile(r"^toc \d|^table of figures", re.IGNORECASE)
_HEADING = re.compile(r"^heading ([1-9])", re.IGNORECASE)
# A page header or footer of this many words is worth reading; a shorter one is a running title.
_PAGE_WORDS = 4
_RUNNING = "Page header and footer"


def read_docx(raw: bytes) -> Iterator[Part]:
    """Yield a Word document as one part, with all tracked changes accepted."""
    document = docx.Document(BytesIO(raw))
    reader = _open_reader(document.part)
    blocks = list(_settle_lists(reader.read(document.element.body)))
    repeated = list(_read_repeated(document, reader, "\n".join(blocks)))
    if repeated:
        blocks += [f"# {_RUNNING}", *repeated]
    properties = document.core_properties
    title = clean_title(properties.title)
    yield Part("\n\n".join(blocks), DocumentKind.MARKDOWN, title, _find_day(properties.modified))


@dataclass(frozen=True, slots=True)
class _Style:
    """What a paragraph's style, or the style that it is based on, says about it."""

    name: str
    level: int | None
    number: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the blocks of one document in order, because its lists keep counting."""

    styles: dict[str, _Style]
    numbering: Numbering
    notes: Notes

    def read(self, container: Any) -> Iterator[str]:
        """Yield the blocks of a body, a cell, a text box or a page header as Markdown."""
        held = ""
        for child in _walk_blocks(container):
            if child.tag == qn("w:tbl"):
                yield from self._read_table(child)
                continue
            words = read_words(child, self.notes)
            words.markdown = f"{held} {words.markdown}".strip()
            # A deleted paragraph mark joins the paragraph to the next one.
            held = words.markdown if _is_mark_deleted(child) else ""
            if not held:
                yield from self._show_paragraph(child, words)
            yield from (block for box in words.boxes for block in self.read(box))
        if held:
            yield held

    def _show_paragraph(self, paragraph: Any, words: Words) -> Iterator[str]:
        properties = paragraph.find(qn("w:pPr"))
        style = self.styles.get(find_value(properties, "w:pStyle") or "", _PLAIN)
        mark = self._find_mark(properties, style)
        if words.markdown and not _CONTENTS.match(style.name):
            yield _show_block(words, style, _find_level(properties, style), mark)
        yield from words.long_notes

    def _find_mark(self, properties: Any, style: _Style) -> Mark | None:
        own = None if properties is None else properties.find(qn("w:numPr"))
        number = find_value(own, "w:numId") or (style.number[0] if style.number else None)
        level = find_value(own, "w:ilvl")
        if number in (None, "0"):
            return None
        return self.numbering.find_mark(number, int(level) if level else style.number[1] if style.number else 0)

    def _read_table(self, table: Any) -> Iterator[str]:
        rows = list(walk_rows(table))
        grid = [[(cell, list(self.read(cell))) for cell in walk_cells(row)] for row in rows]
        if is_layout(grid):
            yield from (block for row in grid for _, blocks in row for block in blocks)
        else:
            yield show_grid(rows, grid)


_PLAIN = _Style("", None, None)


def _open_reader(part: Any) -> _Reader:
    styles, numbering = _read_styles(_find_part(part, RT.STYLES)), read_numbering(_find_part(part, RT.NUMBERING))
    return _Reader(styles, numbering, Notes(dict(_read_notes(part)), _read_targets(part)))


def _read_notes(part: Any) -> Iterator[tuple[tuple[str, str], str]]:
    for kind, relation in (("footnote", RT.FOOTNOTES), ("endnote", RT.ENDNOTES)):
        root = _find_part(part, relation)
        for note in () if root is None else root.iter(qn(f"w:{kind}")):
            said = " ".join(read_words(paragraph, NO_NOTES).markdown for paragraph in note.iter(qn("w:p")))
            yield (kind, note.get(qn("w:id"), "")), " ".join(said.split())


def _show_block(words: Words, style: _Style, level: int | None, mark: Mark | None) -> str:
    line = " ".join(words.markdown.split())
    if style.name.lower() == "title":
        return f"# {line}"
    if level is not None:
        return f"{'#' * min(level + 1, 6)} {mark.text if mark else ''} {line}".replace("  ", " ")
    if mark:
        inner = _INNER.match(style.name)
        return _show_item(line, replace(mark, level=int(inner[1]) - 1) if inner and not mark.level else mark)
    if style.name.lower() == "caption":
        # above a table, it is the caption of the rows
        return f"**{line}**"
    if style.name.lower().startswith("list"):
        return f"- {line}"
    return words.markdown.replace("\n", "\\\n")


def _show_item(line: str, mark: Mark) -> str:
    indent = "    " * mark.level
    plain = re.fullmatch(r"(\d{1,9})[.)]?", mark.text)
    if not mark.text or plain:
        return f"{indent}{f'{plain[1]}.' if plain else '-'} {line}"
    # Markdown lacks such numbers: "a)" goes into a bullet, "2.1" and "Step 1:" begin a paragraph.
    return f"{indent}- {mark.text} {line}" if mark.level or len(mark.text) < 4 else f"{mark.text} {line}"


def _settle_lists(blocks: Iterable[str]) -> Iterator[str]:
    """Yield the blocks.

    An inner item goes one level below the item before it, and without one it must not become code.
    """
    level = -1
    for block in blocks:
        item = _ITEM.match(block)
        level = min(len(item[1]) // 4, level + 1) if item else -1
        yield f"{'    ' * level}{block.lstrip()}" if item else block


def _find_level(properties: Any, style: _Style) -> int | None:
    own = find_value(properties, "w:outlineLvl")
    level = int(own) if own and own.isdigit() else style.level
    return level if level is not None and level < 9 else None


def _walk_blocks(container: Any) -> Iterator[Any]:
    """Yield the paragraphs and tables of a container, including those in content controls and tracked changes."""
    for child in container:
        if child.tag in (qn("w:p"), qn("w:tbl")):
            yield child
        elif child.tag == qn("mc:AlternateContent"):
            yield from _walk_blocks(choose(child))
        elif isinstance(child.tag, str) and child.tag not in GONE and not is_placeholder(child):
            yield from _walk_blocks(child)


def _is_mark_deleted(paragraph: Any) -> bool:
    return paragraph.find(f"{qn('w:pPr')}/{qn('w:rPr')}/{qn('w:del')}") is not None


def _read_repeated(document: Any, reader: _Reader, said: str) -> Iterator[str]:
    """Yield what page headers and footers say, each once, if it is more than a running title."""
    seen: set[str] = set()
    for relation in document.part.rels.values():
        if relation.is_external or relation.reltype not in (RT.HEADER, RT.FOOTER):
            continue
        part = relation.target_part
        reader = replace(reader, notes=Notes({}, _read_targets(part)))
        for block in reader.read(parse_xml(part.blob)):
            if len(block.split()) >= _PAGE_WORDS and block not in seen and block.lstrip("# ") not in said:
                seen.add(block)
                yield block


def _read_styles(root: Any) -> dict[str, _Style]:
    styles = {} if root is None else {style.get(qn("w:styleId"), ""): style for style in root.iter(qn("w:style"))}
    return {name: _read_style(name, styles) for name in styles}


def _read_style(name: str, styles: dict[str, Any]) -> _Style:
    """Return a style with what it inherits from the styles that it is based on."""
    line: list[Any] = []
    while name in styles and styles[name] not in line:
        line.append(styles[name])
        name = find_value(line[-1], "w:basedOn") or ""
    levels = (level for style in line if (level := _style_level(style)) is not None)
    numbers = (style.find(f"{qn('w:pPr')}/{qn('w:numPr')}") for style in line)
    listed = next((number for number in numbers if find_value(number, "w:numId")), None)
    number = None if listed is None else (find_value(listed, "w:numId") or "", int(find_value(listed, "w:ilvl") or 0))
    return _Style(find_value(line[0], "w:name") or "", next(levels, None), number)


def _style_level(style: Any) -> int | None:
    """Return the outline level of a style, from 0. Built-in headings have their English name in every language."""
    called = _HEADING.match(find_value(style, "w:name") or "")
    outline = find_value(style.find(qn("w:pPr")), "w:outlineLvl")
    return int(called[1]) - 1 if called else int(outline) if outline and outline.isdigit() else None


def _find_part(part: Any, kind: str) -> Any:
    """Return the root of a related part; None if the document has none."""
    for relation in part.rels.values():
        if relation.reltype == kind and not relation.is_external:
            return parse_xml(relation.target_part.blob)
    return None


def _read_targets(part: Any) -> dict[str, str]:
    return {number: relation.target_ref for number, relation in part.rels.items() if relation.reltype == RT.HYPERLINK}


def _find_day(when: object) -> date | None:
    day = getattr(when, "date", None)
    return day() if callable(day) else None
