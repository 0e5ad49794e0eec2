"""Lines that a question's own terms rule out: bounds, denials, and what is not the most or least of its kind.

"Up to 3 pumps" does not cover 7, and a depot that takes returns is none that does not. Pure; knows nothing of scores.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.english.closed_words import NEGATION
from retrieval.english.terms import tokenise
from retrieval.passage import HEADING_JOINT
from retrieval.ranking.extremes import find_extremes
from retrieval.ranking.features import Candidate

_NUMBER_OF = re.compile(r"(?<![\w.,-])(\d+(?:[.,]\d+)?) ([a-z]{3,})", re.IGNORECASE)
_AT_MOST = re.compile(
    r"\b(?:up to|at most|no more than|(?:a )?maximum of|max\.?) (\d+(?:[.,]\d+)?) ([a-z]{3,})", re.IGNORECASE
)
_AT_LEAST = re.compile(
    r"\b(?:at least|more than|over|from|(?:a )?minimum of|min\.?) (\d+(?:[.,]\d+)?) ([a-z]{3,})", re.IGNORECASE
)
_WHICH_NOT = re.compile(
    r"\bwhich\b[^.?!]*\b(?:is|are|was|were|do|does|did|can|may|must|will|has|have)(?:n['’]t| not|not)\b"
    r"(?P<what>[^.?!]*)",
    re.IGNORECASE,
)
_WHICH = re.compile(r"\bwhich\b|\bwhat\s+\w+s\s+(?:are|can|may|must|have)\b", re.IGNORECASE)
# An exception and a word such as "unsupported" leave something out, too.
_NEGATED = re.compile(rf"{NEGATION}|\b(?:except|un[a-z]{{4,}}|non-?[a-z]{{3,}})\b", re.IGNORECASE)
# What stands beside "and" or a comma is denied by itself.
_PART = re.compile(r"[,;.](?=\s)|\b(?:and|but|while|whereas)\b", re.IGNORECASE)
_BARE_WORDS = 5
# Two lines that say the same of two things share this much of their words.
_TWINS = 0.6


def find_ruled_out(question: str, candidates: Sequence[Candidate]) -> NDArray[np.bool_]:
    """Return which candidate lines the question's own terms rule out: (lines,)."""
    marks = np.zeros(len(candidates), dtype=bool)
    for value, noun in _read_numbers(_NUMBER_OF, question):
        marks |= _find_out_of_bounds(value, noun, candidates)
    if denied := _WHICH_NOT.search(question):
        marks |= _find_affirmed(frozenset(tokenise(denied["what"])), frozenset(tokenise(question)), candidates)
    elif _WHICH.search(question) and not _NEGATED.search(question):
        marks |= _find_denied_twins(frozenset(tokenise(question)), candidates)
    return marks | find_extremes(question, candidates).losers


def _find_affirmed(
    denied: frozenset[str], wanted: frozenset[str], candidates: Sequence[Candidate]
) -> NDArray[np.bool_]:
    """Mark the lines that do not deny what stands after the question's "not"."""
    marks = []
    for line in candidates:
        is_meant = not denied or not denied.isdisjoint(tokenise(f"{line.heading} {line.text}"))
        marks.append(not (is_meant and _denies(line.text, wanted)))
    return np.array(marks, dtype=bool)


def _find_denied_twins(wanted: frozenset[str], candidates: Sequence[Candidate]) -> NDArray[np.bool_]:
    """Mark the lines that deny of one thing what another line of their page affirms of another, in the same words."""
    affirmed: dict[str, list[frozenset[str]]] = {}
    denied: dict[int, tuple[str, frozenset[str]]] = {}
    for number, line in enumerate(candidates):
        page, terms = line.heading.partition(HEADING_JOINT)[0], frozenset(tokenise(line.text))
        if _denies(line.text, wanted):
            denied[number] = (page, terms)
        elif not wanted.isdisjoint(terms):
            affirmed.setdefault(page, []).append(terms)
    marks = np.zeros(len(candidates), dtype=bool)
    for number, (page, terms) in denied.items():
        marks[number] = any(len(terms & other) >= _TWINS * len(terms | other) for other in affirmed.get(page, ()))
    return marks


def _denies(text: str, wanted: frozenset[str]) -> bool:
    """Whether a line denies what is asked: in a part of it that speaks of that.

    A line that says nothing of it, below a heading that does, denies it if it says hardly more than no.
    """
    parts = _PART.split(text)
    shared = [len(wanted & set(tokenise(part))) for part in parts]
    if not any(shared) and len(text.split()) > _BARE_WORDS:
        return False
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
