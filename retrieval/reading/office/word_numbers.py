"""Finds the numbers and bullets that Word puts before paragraphs: "3.", "2.1", "b)". Knows numbering.xml.

Keeps the counters of the lists.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from docx.oxml.ns import qn

_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
          (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands before a paragraph: `text` is "" for a bullet, else "3.", "2.1" or "b)"; `level` counts from 0."""

    text: str
    level: int


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    form: str
    pattern: str


@dataclass(slots=True)
class Numbering:
    """The lists of one document. It counts, so ask for each paragraph once, in reading order."""

    _levels: dict[str, dict[int, _Level]] = field(default_factory=dict)
    _lists: dict[str, str] = field(default_factory=dict)
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)

    def find_mark(self, number: str, level: int) -> Mark | None:
        """Return the mark of the next paragraph of the list `number` at this level; None for a list without marks."""
        levels = self._levels.get(number, {})
        own = levels.get(level)
        if own is None:
            return Mark("", level) if number in self._lists else None
        counts = self._counts.setdefault(self._lists[number], {})
        counts[level] = counts.get(level, own.start - 1) + 1
        for deeper in [other for other in counts if other > level]:
            del counts[deeper]
        if own.form == "none" or not own.pattern.strip():
            return None
        return Mark("" if own.form == "bullet" else self._spell(levels, counts, own.pattern), level)

    def _spell(self, levels: dict[int, _Level], counts: dict[int, int], pattern: str) -> str:
        for place, level in levels.items():
            count = counts.get(place, level.start)
            pattern = pattern.replace(f"%{place + 1}", _spell_count(count, level.form))
        return pattern.strip()


def read_numbering(root: Any) -> Numbering:
    """Return the lists that a numbering part defines; none for None."""
    numbering = Numbering()
    if root is None:
        return numbering
    abstract = {item.get(qn("w:abstractNumId")): dict(_read_levels(item)) for item in root.iter(qn("w:abstractNum"))}
    for item in root.iter(qn("w:num")):
        number = item.get(qn("w:numId"))
        base = _value(item, "w:abstractNumId") or ""
        levels = dict(abstract.get(base, {}))
        starts = False
        for change in item.iter(qn("w:lvlOverride")):
            levels.update(_read_levels(change))
            place = int(change.get(qn("w:ilvl"), 0))
            if (start := _value(change, "w:startOverride")) and place in levels:
                levels[place] = _Level(_count(start), levels[place].form, levels[place].pattern)
                starts = True
        numbering._levels[number] = levels
        # Lists of one kind continue each other's count, unless one of them restarts.
        numbering._lists[number] = f"{base}/{number}" if starts else base
    return numbering


def _read_levels(item: Any) -> Iterator[tuple[int, _Level]]:
    for level in item.iter(qn("w:lvl")):
        form = _value(level, "w:numFmt") or "decimal"
        yield (
            int(level.get(qn("w:ilvl"), 0)),
            _Level(_count(_value(level, "w:start") or "1"), form, _value(level, "w:lvlText") or ""),
        )


def _value(item: Any, name: str) -> str | None:
    child = item.find(qn(name))
    return None if child is None else child.get(qn("w:val"))


def _count(text: str) -> int:
    return min(int(text), _MOST) if text.isdigit() else 1


def _spell_count(count: int, form: str) -> str:
    if form in ("lowerLetter", "upperLetter"):
        letter = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return letter if form == "lowerLetter" else letter.upper()
    if form in ("lowerRoman", "upperRoman"):
        roman = _spell_roman(min(count, _MOST))
        return roman if form == "lowerRoman" else roman.upper()
    return f"{count:02d}" if form == "decimalZero" else str(count)


def _spell_roman(count: int) -> str:
    spelled = ""
    for value, letters in _ROMAN:
        spelled += letters * (count // value)
        count %= value
    return spelled
