"""Returns the words of one Word paragraph as Markdown, as a reader sees them with all tracked changes accepted.

Inserted and moved-to text is in, deleted and moved-from text is out. Content controls, fields and links are read; field
codes and hidden text are not. A footnote goes into its sentence. Knows nothing of styles, lists or tables.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from docx.oxml.ns import nsmap, qn

from retrieval.reading.tables.grid import escape_inline

nsmap.setdefault("mc", "http://schemas.openxmlformats.org/markup-compatibility/2006")
nsmap.setdefault("m", "http://schemas.openxmlformats.org/officeDocument/2006/math")
nsmap.setdefault("v", "urn:schemas-microsoft-com:vml")
nsmap.setdefault("wps", "http://schemas.microsoft.com/office/word/2010/wordprocessingShape")

GONE = frozenset(map(qn, ("w:del", "w:moveFrom", "w:pPr", "w:rPr", "w:sdtPr", "w:sdtEndPr", "w:rt", "w:instrText")))
"""What no reader sees: deleted and moved text, properties, the small print over a ruby."""

_INLINE_NOTE_WORDS = 30
_SENTENCE_MARK = re.compile(r"[.!?,;:]+\s*$")
_LINK = re.compile(r"^\s*HYPERLINK\s+(?:\\\S+\s+)*\"([^\"]+)\"", re.IGNORECASE)
_COUNTING = re.compile(r"^\s*(?:PAGE|NUMPAGES|SECTIONPAGES|PAGEREF)\b", re.IGNORECASE)
_TARGET = re.compile(r"^(?:https?://|mailto:|tel:)[^\s<>]+$", re.IGNORECASE)
# What Wingdings draws for letters: ticks, crosses, boxes, an arrow.
_SYMBOLS = {"F0FC": "✓", "F0FB": "✗", "F0FE": "☒", "F0FD": "☒", "F0A8": "☐", "F06F": "☐", "F0E0": "→", "F0B7": "•"}
_SIGNS = {
    qn("w:tab"): "\t", qn("w:ptab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Notes:
    """What the file keeps outside its text: footnotes and endnotes by kind and number, link targets by number."""

    texts: Mapping[tuple[str, str], str]
    targets: Mapping[str, str]


NO_NOTES = Notes({}, {})


@dataclass(slots=True)
class Words:
    """A paragraph's text. `boxes` are the text boxes anchored in it; `long_notes` go below it."""

    markdown: str = ""
    is_bold: bool = False
    boxes: list[Any] = field(default_factory=list)
    long_notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    target: str | None = None
    is_struck: bool = False
    is_bold: bool = False


@dataclass(slots=True)
class _Field:
    """An open field: its code, and whether its result has begun."""

    code: str = ""
    is_shown: bool = False


def read_words(paragraph: Any, notes: Notes) -> Words:
    """Return what a reader sees of a paragraph."""
    words = Words()
    pieces = list(_Reader(notes, words).read(paragraph))
    words.markdown = "".join(_show_runs(pieces)).strip()
    solid = [piece for piece in pieces if piece.text.strip()]
    words.is_bold = bool(solid) and all(piece.is_bold for piece in solid)
    return words


def is_hidden(properties: Any) -> bool:
    """Whether a run's properties hide it."""
    return is_on(properties, "w:vanish")


def is_placeholder(control: Any) -> bool:
    """Whether a content control is still empty: it shows "Click here to enter text."."""
    properties = control.find(qn("w:sdtPr"))
    return properties is not None and is_on(properties, "w:showingPlcHdr")


class _Reader:
    """Walks one paragraph. A field may begin in one run and end in another."""

    def __init__(self, notes: Notes, words: Words) -> None:
        self._notes = notes
        self._words = words
        self._fields: list[_Field] = []

    def read(self, node: Any, target: str | None = None) -> Iterator[_Piece]:
        for child in node:
            if child.tag == qn("w:r"):
                yield from self._read_run(child, target)
            elif child.tag == qn("w:hyperlink"):
                yield from self.read(child, self._notes.targets.get(child.get(qn("r:id"), ""), target))
            elif child.tag == qn("w:fldSimple"):
                if not _COUNTING.match(child.get(qn("w:instr"), "")):
                    yield from self.read(child, target)
            elif child.tag == qn("m:t"):
                yield _Piece(child.text or "")
            elif child.tag == qn("mc:AlternateContent"):
                yield from self.read(choose(child), target)
            elif isinstance(child.tag, str) and child.tag not in GONE and not is_placeholder(child):
                yield from self.read(child, target)

    def _read_run(self, run: Any, target: str | None) -> Iterator[_Piece]:
        properties = run.find(qn("w:rPr"))
        if is_hidden(properties):
            return
        is_struck = is_on(properties, "w:strike") or is_on(properties, "w:dstrike")
        is_bold = is_on(properties, "w:b")
        for child in run:
            text = self._read_sign(child)
            if text and all(field.is_shown for field in self._fields):
                yield _Piece(text, self._find_target() or target, is_struck, is_bold)

    def _read_sign(self, child: Any) -> str:
        if child.tag == qn("w:t"):
            return child.text or ""
        if child.tag in _SIGNS:
            return "" if child.get(qn("w:type")) in ("page", "column") else _SIGNS[child.tag]
        if child.tag in (qn("w:fldChar"), qn("w:instrText")):
            self._follow_field(child)
        elif child.tag in (qn("w:footnoteReference"), qn("w:endnoteReference")):
            return self._read_note(child)
        elif child.tag == qn("w:sym"):
            return _read_symbol(child.get(qn("w:char"), "").upper())
        elif child.tag == qn("w:ruby"):
            return "".join(text.text or "" for base in child.iter(qn("w:rubyBase")) for text in base.iter(qn("w:t")))
        elif child.tag in (qn("w:drawing"), qn("w:pict"), qn("w:object"), qn("mc:AlternateContent")):
            self._words.boxes += find_boxes(child)
        return ""

    def _follow_field(self, child: Any) -> None:
        if child.tag == qn("w:instrText"):
            if self._fields:
                self._fields[-1].code += child.text or ""
            return
        match child.get(qn("w:fldCharType")):
            case "begin":
                self._fields.append(_Field())
            case "separate" if self._fields:
                self._fields[-1].is_shown = not _COUNTING.match(self._fields[-1].code)
            case "end" if self._fields:
                self._fields.pop()

    def _find_target(self) -> str | None:
        codes = (_LINK.match(field.code) for field in self._fields)
        return next((code[1] for code in codes if code), None)

    def _read_note(self, child: Any) -> str:
        kind = child.tag.rpartition("}")[2].removesuffix("Reference")
        text = self._notes.texts.get((kind, child.get(qn("w:id"), "")), "")
        if len(text.split()) > _INLINE_NOTE_WORDS:
            self._words.long_notes.append(text)
            return ""
        return f"\0{text}\0" if text else ""


def _read_symbol(code: str) -> str:
    """Return a letter given by its number in a font; "" for one that only the font knows."""
    if code in _SYMBOLS or not re.fullmatch(r"[0-9A-F]{4}", code):
        return _SYMBOLS.get(code, "")
    return "" if 0xE000 <= int(code, 16) <= 0xF8FF else chr(int(code, 16))


def find_boxes(node: Any) -> list[Any]:
    """Return the contents of the text boxes in a drawing, each once: Word writes them for old and new readers."""
    if node.tag == qn("w:txbxContent"):
        return [node]
    children = choose(node) if node.tag == qn("mc:AlternateContent") else node
    return [box for child in children if isinstance(child.tag, str) for box in find_boxes(child)]


def choose(alternatives: Any) -> Any:
    """Return the first of several forms of the same content."""
    choice = alternatives.find(qn("mc:Choice"))
    fallback = alternatives.find(qn("mc:Fallback"))
    return choice if choice is not None else fallback if fallback is not None else ()


def is_on(properties: Any, name: str) -> bool:
    """Whether a property is switched on."""
    found = None if properties is None else properties.find(qn(name))
    return found is not None and found.get(qn("w:val"), "1") not in ("0", "false", "off", "none")


def find_value(item: Any, name: str) -> str | None:
    """Return the value of a property; None if it is not set."""
    child = None if item is None else item.find(qn(name))
    return None if child is None else child.get(qn("w:val"))


def _show_runs(pieces: list[_Piece]) -> Iterator[str]:
    """Yield the Markdown of runs. Neighbours of one link, or struck alike, are joined first."""
    place = 0
    shown = ""
    while place < len(pieces):
        first = pieces[place]
        text = ""
        while place < len(pieces) and (pieces[place].target, pieces[place].is_struck) == (
            first.target,
            first.is_struck,
        ):
            text += pieces[place].text
            place += 1
        shown = _put_notes(shown, text, first)
    yield shown


def _put_notes(shown: str, text: str, piece: _Piece) -> str:
    """Append text to what is shown. A note in it goes before the mark that ends its sentence."""
    for place, part in enumerate(text.split("\0")):
        if place % 2:
            mark = _SENTENCE_MARK.search(shown)
            before, after = (shown[: mark.start()], mark.group()) if mark else (shown.rstrip(), "")
            note = re.sub(r"[.!] (?=\S)", "; ", part.rstrip(". "))
            shown = f"{before} ({note}){after}"
        elif part.strip():
            shown += _mark_up(part, piece)
        else:
            shown += part
    return shown


def _mark_up(text: str, piece: _Piece) -> str:
    """Return one stretch of text as Markdown, with its outer blanks and its line breaks kept."""
    lead, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    words = "\n".join(map(escape_inline, text.strip().split("\n")))
    if piece.is_struck:
        words = f"~~{words}~~"
    if piece.target and _TARGET.match(piece.target):
        words = f"[{words}](<{piece.target}>)"
    return f"{lead}{words}{tail}"
