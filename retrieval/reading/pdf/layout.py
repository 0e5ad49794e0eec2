"""Finds where the words of a page belong: lines, columns in reading order, and tables.

A gutter is a stretch that no word crosses over several lines. Between columns of prose the lines are full; between the
cells of a table they are short. Knows only boxes, nothing of PDF or of what words mean.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean, median

from retrieval.reading.pdf.words import Page, Word

# In heights of type: the least width of a gutter, and the distance of two lines that belong together.
_GUTTER = 0.9
_NEAR = 2.2
_MIN_LINES = 3
_MAX_DEPTH = 8
# Lines of prose in a column have at least this many words and fill this much of its width.
_PROSE_WORDS = 3.5
_PROSE_FILL = 0.6
# In a table with a rule between all rows, this share of the lines begins below a rule. The others continue their cells.
_RULED = 0.25
# If this share of lines begins in the middle of a sentence, it is running text, set narrowly.
_WRAPPED = 0.4
# What precedes the items of a list.
_LABEL = re.compile(r"^(?:[•▪◦‣·●○■□\uf0b7–*-]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)]?)$")


@dataclass(frozen=True, slots=True)
class Line:
    """Words that stand side by side, from left to right. `is_first`: a column begins with them, or ends above them."""

    words: tuple[Word, ...]
    is_first: bool = False

    @property
    def text(self) -> str:
        words = self.words[::-1] if _is_right_to_left(self.words) else self.words
        return " ".join(word.text for word in words)

    @property
    def left(self) -> float:
        return self.words[0].left

    @property
    def right(self) -> float:
        return max(word.right for word in self.words)

    @property
    def top(self) -> float:
        return min(word.top for word in self.words)

    @property
    def bottom(self) -> float:
        return max(word.bottom for word in self.words)

    @property
    def size(self) -> float:
        return median(word.size for word in self.words)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: rows of cells, all of one width. `is_bold` says for each row whether all of it is bold."""

    rows: tuple[tuple[str, ...], ...]
    is_bold: tuple[bool, ...]


Block = Line | Grid


def find_lines(words: Sequence[Word]) -> list[Line]:
    """Return the lines from top to bottom. Words that overlap by half their height are on one line."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda word: (word.top + word.bottom) / 2):
        if lines:
            last = lines[-1][0]
            overlap = min(last.bottom, word.bottom) - max(last.top, word.top)
            if overlap > 0.5 * min(last.bottom - last.top, word.bottom - word.top):
                lines[-1].append(word)
                continue
        lines.append([word])
    return [Line(tuple(sorted(line, key=lambda word: word.left))) for line in lines]


def _is_right_to_left(words: Sequence[Word]) -> bool:
    """Whether most words are in a script that runs to the left."""
    sides = [unicodedata.bidirectional(letter) for word in words for letter in word.text if letter.isalpha()]
    return sum(side in ("R", "AL") for side in sides) > len(sides) / 2


def lay_out(page: Page) -> list[Block]:
    """Return the lines and tables of a page in reading order."""
    return list(_read_region(page.words, page.rules))


_Gap = tuple[float, float]
_Rules = Sequence[tuple[float, float, float]]


def _read_region(words: Sequence[Word], rules: _Rules, depth: int = 0) -> Iterator[Block]:
    lines = find_lines(words)
    place = 0
    is_first = True
    while place < len(lines):
        end, gutter = _find_run(lines, place) if depth < _MAX_DEPTH else (place, None)
        if gutter is None:
            yield replace(lines[place], is_first=is_first)
            is_first = False
            place += 1
            continue
        run = lines[place:end]
        sides = _split(run, gutter)
        if all(map(_is_prose, sides)):
            for side in sides:
                yield from _read_region(side, rules, depth + 1)
        else:
            yield from _read_table(run, rules)
        place, is_first = end, True


def _find_run(lines: Sequence[Line], start: int) -> tuple[int, _Gap | None]:
    """Return how far a gutter that begins in this line reaches, and the gutter; None if there is none."""
    best: tuple[int, _Gap | None] = (start, None)
    for gap in _find_gaps(lines[start]):
        end, both, gutter = start, 0, gap
        while end < len(lines) and (end == start or _is_near(lines[end - 1], lines[end])):
            narrowed = _narrow(gutter, lines[end])
            if narrowed is None:
                break
            gutter = narrowed
            both += lines[end].left < gutter[0] and lines[end].right > gutter[1]
            end += 1
        least = _MIN_LINES if len(_find_gaps(lines[start])) < 2 else 2
        if both >= least and end > best[0]:
            best = (end, gutter)
    return best


def _find_gaps(line: Line) -> list[_Gap]:
    gaps: list[_Gap] = []
    reach = line.words[0].right
    for word in line.words[1:]:
        if word.left - reach >= _GUTTER * line.size:
            gaps.append((reach, word.left))
        reach = max(reach, word.right)
    return gaps


def _narrow(gutter: _Gap, line: Line) -> _Gap | None:
    """Return what is left of a gutter beside the words of one more line; None if they close it."""
    left, right = gutter
    for word in line.words:
        if word.left >= right or word.right <= left:
            continue
        if word.left - left > right - word.right:
            right = word.left
        else:
            left = word.right
    return (left, right) if right - left >= _GUTTER * line.size else None


def _is_near(above: Line, below: Line) -> bool:
    return below.bottom - above.bottom < _NEAR * max(above.size, below.size)


def _split(lines: Sequence[Line], gutter: _Gap) -> tuple[list[Word], list[Word]]:
    words = [word for line in lines for word in line.words]
    middle = (gutter[0] + gutter[1]) / 2
    return [word for word in words if word.right <= middle], [word for word in words if word.right > middle]


def _is_prose(words: Sequence[Word]) -> bool:
    """Whether a column is running text: its lines are long and full, except the last of a paragraph."""
    lines = find_lines(words)
    if len(lines) < _MIN_LINES:
        return False
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    fill = median((line.right - line.left) / max(right - left, 1) for line in lines)
    length = fmean(len(line.words) for line in lines)
    wrapped = fmean(line.text[:1].islower() for line in lines)
    return (length >= _PROSE_WORDS and fill >= _PROSE_FILL) or (length >= 3 and wrapped >= _WRAPPED)


def _read_table(lines: Sequence[Line], rules: _Rules) -> Iterator[Block]:
    """Yield a table, and as lines what covers all its columns above and below it. A list is not a table."""
    columns = _find_columns([line for line in lines if _find_gaps(line)])
    fits = [_fits(line, columns) for line in lines]
    if not any(fits):
        yield from lines
        return
    first, last = fits.index(True), len(fits) - fits[::-1].index(True)
    inner = lines[first:last]
    labels = [line.words[0].text for line in inner if line.words[0].right <= columns[0][1]]
    yield from lines[:first]
    if len(columns) == 2 and all(map(_LABEL.match, labels)):
        yield from (_mark_item(line) for line in inner)
    elif len(columns) < 2:
        yield from inner
    else:
        yield _read_grid(inner, columns, rules)
    yield from lines[last:]


def _fits(line: Line, columns: Sequence[_Gap]) -> bool:
    """Whether the words of a line stand within columns, and not in a row across them."""
    edges = [right for _, right in columns[:-1]]
    crossed = sum(
        before.left <= edge < after.right and after.left - before.right < 0.5 * line.size
        for before, after in pairwise(line.words)
        for edge in edges
    )
    return not crossed


def _mark_item(line: Line) -> Line:
    """Return a line of a list with its number as list numbers are written: "1." for "1"."""
    first = line.words[0]
    return Line((replace(first, text=f"{first.text}."), *line.words[1:])) if first.text.isdigit() else line


def _read_grid(lines: Sequence[Line], columns: Sequence[_Gap], rules: _Rules) -> Grid:
    """Return the lines of a table as rows of cells."""
    rows: list[list[list[Word]]] = []
    parted = [_is_parted(above, line, rules) for above, line in pairwise(lines)]
    is_ruled = sum(parted) >= _RULED * len(lines)
    for number, line in enumerate(lines):
        cells: list[list[Word]] = [[] for _ in columns]
        for word in line.words:
            middle = (word.left + word.right) / 2
            cells[min(range(len(columns)), key=lambda place: _distance(middle, columns[place]))].append(word)
        # In a ruled table a row ends at a rule. Otherwise a line continues the row above if its first cell is empty.
        if rows and not parted[number - 1] and (is_ruled or not cells[0]):
            for begun, cell in zip(rows[-1], cells, strict=True):
                begun.extend(cell)
        else:
            rows.append(cells)
    texts = tuple(tuple(" ".join(word.text for word in cell) for cell in row) for row in rows)
    return Grid(texts, tuple(all(word.is_bold for cell in row for word in cell) for row in rows))


def _distance(place: float, column: _Gap) -> float:
    return max(column[0] - place, place - column[1], 0.0)


def _is_parted(above: Line, line: Line, rules: _Rules) -> bool:
    """Whether a rule is drawn between two lines."""
    first, last = above.top + 0.6 * above.size, line.top + 0.4 * line.size
    return any(first < height < last and left < line.right and right > line.left for height, left, right in rules)


def _find_columns(lines: Sequence[Line]) -> list[_Gap]:
    """Return the stretches that words fill, from left to right. No word crosses what is between them."""
    spans = sorted((word.left, word.right) for line in lines for word in line.words)
    least = 0.6 * median(line.size for line in lines)
    columns: list[_Gap] = [spans[0]]
    for left, right in spans[1:]:
        if left - columns[-1][1] >= least:
            columns.append((left, right))
        else:
            columns[-1] = (columns[-1][0], max(columns[-1][1], right))
    return columns
