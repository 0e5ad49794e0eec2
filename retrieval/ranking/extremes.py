"""Lines whose value a question asks for: the most or least of its kind, the latest version, or what is within a limit.

Pure; knows nothing of scores.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.english.identifiers import Kind, find_identifiers
from retrieval.english.quantities import Quantity, UnitKind, find_quantities
from retrieval.passage import HEADING_JOINT
from retrieval.ranking.features import Candidate

_MOST = (
    (re.compile(r"\b(?:cheapest|least expensive|lowest price)\b", re.I), UnitKind.MONEY, min),
    (re.compile(r"\b(?:most expensive|dearest|priciest|highest price)\b", re.I), UnitKind.MONEY, max),
    (re.compile(r"\b(?:fastest|quickest|shortest|soonest)\b", re.I), UnitKind.DURATION, min),
    (re.compile(r"\b(?:slowest|longest)\b", re.I), UnitKind.DURATION, max),
    (re.compile(r"\b(?:lightest)\b", re.I), UnitKind.WEIGHT, min),
    (re.compile(r"\b(?:heaviest)\b", re.I), UnitKind.WEIGHT, max),
)
_LATEST = re.compile(
    r"\b(?:latest|newest|most recent|current)\b[^.?!]*\b(?:version|release|firmware|update|software)\b", re.I
)
_SECONDS = {
    "millisecond": 0.001, "second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2629800,
    "year": 31557600, "decade": 315576000, "century": 3155760000,
}  # fmt: skip


# "less than 100 euros", "over 2 kg": a limit that the question sets.
_LIMIT = re.compile(
    r"\b(?:(?P<below>less than|below|under|cheaper than|lighter than|shorter than|faster than|at most|up to)|"
    r"more than|above|over|heavier than|longer than|at least)\b(?P<value>[^.?!;,]{1,24})",
    re.IGNORECASE,
)
# A line that sets a limit itself is no value to compare.
_SETS_LIMIT = re.compile(
    r"\b(?:less|more|below|under|above|over|at (?:most|least)|up to|from|maximum|minimum|until|within)\b", re.IGNORECASE
)
# A unit and a value in it, comparable with those of the same unit.
_Measured = tuple[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Extremes:
    """Which lines hold the extreme that a question asks for, and which hold another value of its kind: (lines,)."""

    winners: NDArray[np.bool_]
    losers: NDArray[np.bool_]


def find_extremes(question: str, candidates: Sequence[Candidate]) -> Extremes:
    """Return which lines are the extremes of their pages. A page with one value decides nothing."""
    winners, losers = (np.zeros(len(candidates), dtype=bool) for _ in range(2))
    for measured, choose in _measure_all(question, candidates):
        for numbers in _group(candidates, measured):
            values = [found[1] for number in numbers if (found := measured[number]) is not None]
            best = choose(values)
            is_best = np.array([value == best for value in values], dtype=bool)
            losers[np.array(numbers)[~is_best]] = True
            winners[np.array(numbers)[is_best]] = not is_best.all()
    for number, is_within in _compare_with_limit(question, candidates):
        winners[number], losers[number] = is_within, not is_within
    return Extremes(winners, losers)


def _compare_with_limit(question: str, candidates: Sequence[Candidate]) -> Iterator[tuple[int, bool]]:
    """Yield the lines that hold one value of the kind that the question limits, with whether it is within."""
    limit = _LIMIT.search(question)
    found = find_quantities(limit["value"])[:1] if limit else []
    if limit is None or not found or found[0].kind is UnitKind.COUNT:
        return
    unit, most = _normalise(found[0])
    for number, line in enumerate(candidates):
        values = [quantity for quantity in find_quantities(line.text) if quantity.kind is found[0].kind]
        if len(values) != 1 or _normalise(values[0])[0] != unit or _sets_limit(line.text, found[0].kind):
            continue
        value = _normalise(values[0])[1]
        if value != most:
            yield number, (value < most) is (limit["below"] is not None)


def _sets_limit(text: str, kind: UnitKind) -> bool:
    """Whether the value of this kind is a limit itself; in a row of a table only its own cell tells."""
    cells = (cell for cell in text.split("; ") if any(one.kind is kind for one in find_quantities(cell)))
    return any(_SETS_LIMIT.search(cell) for cell in cells)


def _measure_all(
    question: str, candidates: Sequence[Candidate]
) -> Iterator[tuple[list[_Measured | None], Callable[[list[tuple[float, ...]]], tuple[float, ...]]]]:
    """Yield what each line measures of every kind that the question wants the extreme of, and which extreme."""
    for word, kind, choose in _MOST:
        if word.search(question):
            yield [_measure(line, kind, word) for line in candidates], choose
    if _LATEST.search(question):
        yield [_find_version(line) for line in candidates], max


def _group(candidates: Sequence[Candidate], measured: Sequence[_Measured | None]) -> list[list[int]]:
    """Return the numbers of the lines whose values can be compared: those of one page, in one unit."""
    pages: dict[tuple[str, str], list[int]] = {}
    for number, found in enumerate(measured):
        if found is not None:
            pages.setdefault((candidates[number].heading.partition(HEADING_JOINT)[0], found[0]), []).append(number)
    return list(pages.values())


def _measure(line: Candidate, kind: UnitKind, word: re.Pattern[str]) -> _Measured | None:
    """Return what a line measures of a kind, in one unit; None for no number, or where it says the word itself."""
    if word.search(line.text):
        return None
    found = [quantity for quantity in find_quantities(line.text) if quantity.kind is kind]
    return _normalise(found[0]) if len(found) == 1 else None


def _normalise(quantity: Quantity) -> _Measured:
    if quantity.kind is UnitKind.DURATION and quantity.unit in _SECONDS:
        return "second", (quantity.value * _SECONDS[quantity.unit],)
    return quantity.unit, (quantity.value,)


def _find_version(line: Candidate) -> _Measured | None:
    found = [one for one in find_identifiers(f"{line.heading}. {line.text}") if one.kind is Kind.VERSION]
    versions = [tuple(float(part) for part in one.words[0].split(".")) for one in found]
    return ("version", max(versions)) if versions else None
