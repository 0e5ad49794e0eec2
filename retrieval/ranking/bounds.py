"""Lines that a question's own terms rule out: bounds, denials, and what is most or least of its kind.

"Up to 3 pumps" does not cover 7, a depot that takes returns is none that does not, and the cheapest of three plans is
one of them. Pure; knows nothing of scores.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.english.closed_words import NEGATION
from retrieval.english.identifiers import Kind, find_identifiers
from retrieval.english.quantities import Quantity, UnitKind, find_quantities
from retrieval.english.terms import tokenise
from retrieval.passage import HEADING_JOINT
from retrieval.ranking.features import Candidate

_NUMBER_OF = re.compile(r"(?<![\w.,-])(\d+(?:[.,]\d+)?) ([a-z]{3,})", re.IGNORECASE)
_AT_MOST = re.compile(
    r"\b(?:up to|at most|no more than|(?:a )?maximum of|max\.?) (\d+(?:[.,]\d+)?) ([a-z]{3,})", re.IGNORECASE
)
_AT_LEAST = re.compile(
    r"\b(?:at least|more than|over|from|(?:a )?minimum of|min\.?) (\d+(?:[.,]\d+)?) ([a-z]{3,})", re.IGNORECASE
)
_WHICH_NOT = re.compile(
    r"\bwhich\b[^.?!]*\b(?:is|are|was|were|do|does|did|can|may|must|will|has|have)(?:n['’]t| not|not)\b", re.IGNORECASE
)
# An exception and a word such as "unsupported" leave something out, too.
_NEGATED = re.compile(rf"{NEGATION}|\b(?:except|un[a-z]{{4,}}|non-?[a-z]{{3,}})\b", re.IGNORECASE)
# What stands beside "and" or a comma is denied by itself.
_PART = re.compile(r"[,;.](?=\s)|\b(?:and|but|while|whereas)\b", re.IGNORECASE)
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


def find_ruled_out(question: str, candidates: Sequence[Candidate]) -> NDArray[np.bool_]:
    """Return which candidate lines the question's own terms rule out: (lines,)."""
    marks = np.zeros(len(candidates), dtype=bool)
    for value, noun in _read_numbers(_NUMBER_OF, question):
        marks |= _find_out_of_bounds(value, noun, candidates)
    if _WHICH_NOT.search(question):
        wanted = frozenset(tokenise(question))
        marks |= np.array([not _denies(line.text, wanted) for line in candidates])
    for word, kind, choose in _MOST:
        if word.search(question):
            marks |= _keep_extreme(candidates, [_measure(line, kind, word) for line in candidates], choose)
    if _LATEST.search(question):
        marks |= _keep_extreme(candidates, [_find_version(line) for line in candidates], max)
    return marks


def _denies(text: str, wanted: frozenset[str]) -> bool:
    """Whether a line denies what is asked: in a part of it that speaks of that, or anywhere where none does."""
    parts = _PART.split(text)
    shared = [len(wanted & set(tokenise(part))) for part in parts]
    return any(_NEGATED.search(part) for part, count in zip(parts, shared, strict=True) if count == max(shared))


def _read_numbers(pattern: re.Pattern[str], text: str) -> list[tuple[float, str]]:
    found = (match.groups() for match in pattern.finditer(text))
    return [(float(value.replace(",", ".")), (tokenise(noun) or [noun])[0]) for value, noun in found]


def _find_out_of_bounds(value: float, noun: str, candidates: Sequence[Candidate]) -> NDArray[np.bool_]:
    """Mark lines whose bound leaves the number out, and those with a wider bound than another of their heading."""
    most = [min((n for n, of in _read_numbers(_AT_MOST, line.text) if of == noun), default=None) for line in candidates]
    least = [
        max((n for n, of in _read_numbers(_AT_LEAST, line.text) if of == noun), default=None) for line in candidates
    ]
    tightest: dict[str, float] = {}
    for line, bound in zip(candidates, most, strict=True):
        if bound is not None and bound >= value:
            tightest[line.heading] = min(bound, tightest.get(line.heading, bound))
    return np.array(
        [
            (high is not None and (high < value or high > tightest.get(line.heading, high)))
            or (low is not None and low > value)
            for line, high, low in zip(candidates, most, least, strict=True)
        ],
        dtype=bool,
    )


def _list_bounds(pattern: re.Pattern[str], text: str, noun: str) -> list[float]:
    return [bound for bound, of in _read_numbers(pattern, text) if of == noun]


def _measure(line: Candidate, kind: UnitKind, word: re.Pattern[str]) -> tuple[str, tuple[float, ...]] | None:
    """Return what a line measures of a kind, in one unit; None for no number, or where it says the word itself."""
    if word.search(line.text):
        return None
    found = [quantity for quantity in find_quantities(line.text) if quantity.kind is kind]
    return _normalise(found[0]) if len(found) == 1 else None


def _normalise(quantity: Quantity) -> tuple[str, tuple[float, ...]]:
    if quantity.kind is UnitKind.DURATION and quantity.unit in _SECONDS:
        return "second", (quantity.value * _SECONDS[quantity.unit],)
    return quantity.unit, (quantity.value,)


def _find_version(line: Candidate) -> tuple[str, tuple[float, ...]] | None:
    found = [one for one in find_identifiers(f"{line.heading}. {line.text}") if one.kind is Kind.VERSION]
    versions = [tuple(float(part) for part in one.words[0].split(".")) for one in found]
    return ("version", max(versions)) if versions else None


def _keep_extreme(
    candidates: Sequence[Candidate], measured: Sequence[tuple[str, tuple[float, ...]] | None], choose: object
) -> NDArray[np.bool_]:
    """Mark every measured line of a page but those with its extreme; a page with one value decides nothing."""
    marks = np.zeros(len(candidates), dtype=bool)
    pages: dict[tuple[str, str], list[int]] = {}
    for number, found in enumerate(measured):
        if found is not None:
            pages.setdefault((candidates[number].heading.partition(HEADING_JOINT)[0], found[0]), []).append(number)
    for numbers in pages.values():
        values = [found[1] for number in numbers if (found := measured[number]) is not None]
        best = max(values) if choose is max else min(values)
        marks[[number for number, value in zip(numbers, values, strict=True) if value != best]] = True
    return marks
