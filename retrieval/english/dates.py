"""Finds dates, months and weekdays in English text, in any notation. Knows nothing of lines or verdicts."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from retrieval.english.closed_words import DAYS, MONTHS, match_any

_MONTHS = {name[:3]: number for number, name in enumerate(MONTHS, start=1)}
_DAYS = {name[:3]: number for number, name in enumerate(DAYS)}
_WORKING, _WEEKEND = frozenset(range(5)), frozenset((5, 6))

# "may" and "march" are verbs as well, and without a number a short form is no month.
_FULL = rf"(?:(?i:{match_any(name for name in MONTHS if name not in ('may', 'march'))})|May|March|MAY|MARCH)"
_SHORT = r"(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?"
_MONTH = rf"(?:{_FULL}\b|{_SHORT})"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?\b"
_JOINT = r"\s*(?:-|–|—|/|\bto\b|\buntil\b|\btill\b|\bthrough\b|\band\b|\bor\b)\s*"
_SPAN = r"\s*(?:-|–|—|\bto\b|\buntil\b|\btill\b|\bthrough\b)\s*"
_DATE = re.compile(
    rf"(?<![\w-])(?:(?P<y1>\d{{4}})-(?P<m1>\d{{2}})-(?P<d1>\d{{2}})(?![\w-])|"
    rf"(?:(?P<d0>{_DAY})\.?{_JOINT})?(?P<d2>{_DAY})\.? (?:of )?(?P<m2>{_MONTH})(?:,? (?P<y2>\d{{4}})\b)?|"
    rf"(?P<m3>{_MONTH}) (?P<d3>{_DAY})(?!:)(?:,? (?P<y3>\d{{4}})\b)?|"
    rf"(?P<m4>{_MONTH}) (?P<y4>\d{{4}})\b|"
    rf"(?P<m5>{_FULL})\b)"
)
# Alone, "May" and "March" are months amid a sentence only, and not before a verb.
_VERB_AFTER = re.compile(r"\s+(?:not|be|have|only|also)\b", re.IGNORECASE)
_AMID = re.compile(r"[\w,;(/–-]\s*$")

_FULL_DAY = rf"(?i:{match_any(DAYS)})"
_ANY_DAY = rf"(?:{_FULL_DAY}|Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)"
_DAY_SPAN = re.compile(rf"\b({_ANY_DAY})s?\b\.?{_SPAN}({_ANY_DAY})s?\b")
# "Sat" and "Sun" alone are words, unless a time follows.
_ONE_DAY = re.compile(rf"\b({_FULL_DAY}|Mon|Tues?|Wed|Thu(?:rs?)?|Fri|(?:Sat|Sun)(?=:? \d))s?\b")
_MANY_DAYS = (
    (re.compile(r"\bweekdays?\b", re.IGNORECASE), _WORKING),
    (re.compile(r"\bweek-?ends?\b", re.IGNORECASE), _WEEKEND),
    (re.compile(r"\b(?:every|each|any|all) days?\b|\bdaily\b|\bdays? of the week\b", re.I), _WORKING | _WEEKEND),
)


@dataclass(frozen=True, slots=True)
class Date:
    """A month, its day and year if the text names them, and its position in the text."""

    year: int | None
    month: int
    day: int | None
    span: tuple[int, int]

    def is_part_of(self, other: "Date") -> bool:
        """Whether the other date holds all that this one says: "in May" is part of "on 4 May 2024"."""
        named = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return all(own is None or own == given for own, given in named)

    def differs_from(self, other: "Date") -> bool:
        """Whether both name a year, a month or a day, but a different one."""
        named = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return any(None not in pair and pair[0] != pair[1] for pair in named)


def find_dates(text: str) -> list[Date]:
    """Return the dates and months of a text. "4 to 8 May" is two dates, "April to June" is three months."""
    found: list[Date] = []
    for match in _DATE.finditer(text):
        dates = list(_read(match, text))
        if found and dates and re.fullmatch(_SPAN, text[found[-1].span[1] : match.start()]):
            found += _months_between(found[-1], dates[0])
        found += dates
    return found


def mask_spans(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return the text without these stretches of it."""
    for start, end in sorted(set(spans), reverse=True):
        text = f"{text[:start]} · {text[end:]}"
    return text


def find_weekdays(text: str) -> frozenset[int]:
    """Return the weekdays that a text mentions, with Monday as 0. "Mon-Fri" includes the days between."""
    days: set[int] = set()
    for first, last in _DAY_SPAN.findall(text):
        start, end = _DAYS[first[:3].lower()], _DAYS[last[:3].lower()]
        days |= {(start + step) % 7 for step in range((end - start) % 7 + 1)}
    days |= {_DAYS[name[:3].lower()] for name in _ONE_DAY.findall(text)}
    return frozenset(days.union(*(many for pattern, many in _MANY_DAYS if pattern.search(text))))


def _read(match: re.Match[str], text: str) -> Iterator[Date]:
    """Yield the dates of one match; none if it is a verb or not a day of the calendar."""
    if match["m1"]:
        year, month, days = match["y1"], int(match["m1"]), [match["d1"]]
    else:
        name = match["m2"] or match["m3"] or match["m4"] or match["m5"]
        year, month = match["y2"] or match["y3"] or match["y4"], _MONTHS[name[:3].lower()]
        days = [day for day in (match["d0"], match["d2"] or match["d3"]) if day] or [""]
        if match["m5"] and name.lower() in ("may", "march") and not _is_month(match, text):
            return
    for day in days:
        number = int(re.sub(r"\D", "", day)) if day else None
        if 1 <= month <= 12 and (number is None or 1 <= number <= 31):
            yield Date(int(year) if year else None, month, number, match.span())


def _is_month(match: re.Match[str], text: str) -> bool:
    return _AMID.search(text[: match.start()]) is not None and not _VERB_AFTER.match(text, match.end())


def _months_between(first: Date, last: Date) -> Iterator[Date]:
    if first.day is None and last.day is None:
        for step in range(1, (last.month - first.month) % 12):
            month = (first.month - 1 + step) % 12 + 1
            yield Date(last.year, month, None, last.span)
