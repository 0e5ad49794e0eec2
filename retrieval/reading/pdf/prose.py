"""Turns the lines of a PDF into paragraphs: joins hyphens, finds lists and headings, drops what every page repeats.

Knows English and German habits of hyphens. Knows nothing of PDF files or of where words stand in columns.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from retrieval.reading.pdf.layout import Block, Grid, Line
from retrieval.reading.pdf.words import SOFT_HYPHEN

_BULLET = re.compile(r"^[•▪◦‣·●○■\uf0b7–*-]\s+")
_NUMBERED = re.compile(r"^(?:\d{1,3}[.)]|[a-z][.)])\s+")
_SENTENCE_END = re.compile(r"[.!?:]['\")\]”’]?$")
_PAGE_NUMBER = re.compile(
    r"^\W*(?:(?:page|seite|p\.|s\.)\s*)?(?:\d{1,4}|[ivxl]{1,6})(?:\s*(?:/|of|von|de)\s*\d{1,4})?\W*$", re.IGNORECASE
)
# A line of a table of contents.
_LEADER = re.compile(r"(?:\.\s?){4,}\s*\w{1,6}$")
_BROKEN = re.compile(r"([^\W\d_]{2,})-$")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# After these a hyphen stays: "self-priming", "start-up". For other words the file itself tells.
_FIRST_PARTS = """
self well high low long short full half heavy two three four five six seven eight ten single double cross all quick
built stand start shut plug follow state end non hard soft cold hot dry wet time user easy
"""
_LAST_PARTS = "up down off out by free based proof resistant friendly"
_KEEP_FIRST, _KEEP_LAST = frozenset(_FIRST_PARTS.split()), frozenset(_LAST_PARTS.split())
_HEADING = 1.15
_HEADING_WORDS = 14
# The share of a page's height that holds heads and feet.
_MARGIN = 0.13


@dataclass(slots=True)
class Paragraph:
    """One paragraph, list item or heading. `is_open`: its last sentence has no end."""

    text: str
    level: int = 0
    is_open: bool = False


class Vocabulary:
    """The words of a file that stand within lines. They tell how a word that a line end cuts is written."""

    def __init__(self, lines: Sequence[str]) -> None:
        words = [word.casefold() for line in _leave_out_cut(lines) for word in _WORD.findall(line)]
        self._known = frozenset(words)
        counts = Counter(words)
        self._is_german = counts["der"] + counts["die"] + counts["und"] > counts["the"] + counts["and"]

    def join(self, before: str, after: str) -> str:
        """Return two lines as one. A hyphen between them stays if it belongs to the word."""
        if before.endswith(SOFT_HYPHEN):
            return before.rstrip(SOFT_HYPHEN) + after
        broken, rest = _BROKEN.search(before), re.match(r"[^\W\d_]+", after)
        if not broken or not rest or not rest[0][0].islower():
            is_cut = before.endswith(("-", "/")) and before[-2:-1].isalnum() and after[:1].isalnum()
            return before + after if is_cut else f"{before} {after}"
        first, last = broken[1].casefold(), rest[0].casefold()
        return before + after if self._keeps_hyphen(first, last) else before[:-1] + after

    def _keeps_hyphen(self, first: str, last: str) -> bool:
        if f"{first}-{last}" in self._known:
            return True
        if f"{first}{last}" in self._known or self._is_german:
            return False
        return first in _KEEP_FIRST or last in _KEEP_LAST or {first, last} <= self._known


def _leave_out_cut(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines without the two halves of words that line ends cut."""
    is_cut = False
    for line in lines:
        kept = re.sub(r"^\S+", "", line) if is_cut else line
        is_cut = bool(_BROKEN.search(line)) or line.endswith(SOFT_HYPHEN)
        yield re.sub(r"\S+$", "", kept) if is_cut else kept


def find_repeated(pages: Sequence[Sequence[Line]], heights: Sequence[float]) -> list[frozenset[Line]]:
    """Return for each page the lines that are its running head, its foot and its number."""
    margins = [
        [line for line in lines if line.bottom < _MARGIN * height or line.top > (1 - _MARGIN) * height]
        for lines, height in zip(pages, heights, strict=True)
    ]
    seen = Counter(key for lines in margins for key in {_find_key(line) for line in lines})
    least = max(min(3, len(pages)), 0.3 * len(pages), 2)
    numbers = _find_numbers(pages)
    return [
        frozenset(
            line
            for line in page
            if line in numbers or (line in margin and _is_repeated(line, page, seen[_find_key(line)] >= least))
        )
        for margin, page in zip(margins, pages, strict=True)
    ]


def _find_numbers(pages: Sequence[Sequence[Line]]) -> frozenset[Line]:
    """Return the first and last lines that count the pages: each is one more than on the page before."""
    found: dict[tuple[int, int], list[Line]] = {}
    for number, page in enumerate(pages):
        for place, line in ((0, page[0]), (-1, page[-1])) if len(page) > 1 else ():
            if _PAGE_NUMBER.match(line.text) and (digits := re.search(r"\d+", line.text)):
                found.setdefault((place, int(digits[0]) - number), []).append(line)
    return frozenset(line for lines in found.values() if len(lines) > 1 for line in lines)


def _is_repeated(line: Line, page: Sequence[Line], is_common: bool) -> bool:
    """Whether a line in a page's margin is a running head, a foot or a number. A sentence never is."""
    if len(page) < 2:
        return False
    is_number = line in (page[0], page[-1]) and bool(_PAGE_NUMBER.match(line.text))
    return is_number or (is_common and not re.search(r"\w\w[.!?]$", line.text))


def _find_key(line: Line) -> tuple[str, int]:
    """Return what a running head has in common with those of other pages: its words, and its height."""
    return re.sub(r"\d+|\b[ivxl]+\b", "#", line.text.casefold()), round(line.top / 8)


def build_paragraphs(blocks: Sequence[Block], vocabulary: Vocabulary, body: float) -> Iterator[Paragraph | Grid]:
    """Yield the paragraphs and tables of a page. `body` is the size of the file's running text."""
    open_paragraph: Paragraph | None = None
    above: Line | None = None
    edge = 0.0
    width = max((block.right - block.left for block in blocks if isinstance(block, Line)), default=0.0)
    for block in blocks:
        if isinstance(block, Grid):
            if open_paragraph:
                yield open_paragraph
            yield block
            open_paragraph = above = None
            continue
        if _LEADER.search(block.text):
            continue
        level = _find_level(block, body)
        is_full = block.right - block.left > 0.8 * width
        if open_paragraph and above and not _starts(block, above, open_paragraph, level, edge):
            open_paragraph.text = vocabulary.join(open_paragraph.text, block.text)
        else:
            if open_paragraph:
                yield open_paragraph
            open_paragraph = Paragraph(_BULLET.sub("- ", block.text), level)
            # Lines of a list item are indented further than its mark. The first line that is not belongs to no item.
            edge = block.left + 1 if not is_full and _is_item(block.text) else 0.0
        open_paragraph.is_open = not _SENTENCE_END.search(block.text)
        above = block if is_full or open_paragraph.is_open else None
    if open_paragraph:
        yield open_paragraph


def _starts(line: Line, above: Line, paragraph: Paragraph, level: int, edge: float) -> bool:
    """Whether a line begins a paragraph: a list item, other type, a wider gap, a new column, or left of `edge`."""
    if line.is_first or level != paragraph.level or _is_item(line.text) or line.left < edge:
        return True
    gap = line.top - above.bottom
    return gap > 0.8 * line.size or line.top < above.top - line.size


def _is_item(text: str) -> bool:
    return bool(_BULLET.match(text) or _NUMBERED.match(text))


def _find_level(line: Line, body: float) -> int:
    """Return the level of a heading, which is in larger type; 0 for running text."""
    if line.size < _HEADING * body or len(line.words) > _HEADING_WORDS or not any(c.isalpha() for c in line.text):
        return 0
    return 2 if line.size > 1.45 * body else 3


def find_body_size(lines: Sequence[Line]) -> float:
    """Return the size of type in which most letters are set."""
    letters = sorted((line.size, len(line.text)) for line in lines)
    sizes = [size for size, count in letters for _ in range(min(count, 200) // 10 + 1)]
    return median(sizes) if sizes else 0.0
