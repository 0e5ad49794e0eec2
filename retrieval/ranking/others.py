"""Lines about another thing than the one asked for: another code, version or model of the same family.

A search by meaning puts the neighbour first, for it is worded alike; and where the thing itself is in no line, the
neighbour is all that there is. Such a line answers nothing. Pure; knows nothing of scores.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.english.identifiers import Identifier, Kind, Words, are_siblings, find_identifiers, split_words
from retrieval.passage import HEADING_JOINT
from retrieval.ranking.features import Candidate

# "Version 2.8 or later": what is said of one holds for others.
_HOLDS_FOR_MORE = re.compile(
    r"\b(?:and|or) (?:later|newer|higher|above|up|older|earlier|lower|below)\b|\b(?:all|every|each|any) ", re.IGNORECASE
)


# "in 2 days" names no IN-2.
_SMALL_WORDS = frozenset(["a", "i", "in", "at", "to", "of", "on", "by", "no", "for", "is", "or", "as", "and"])


# A code in more lines than this is the subject of a whole page and tells no line apart.
FEW_LINES = 4


@dataclass(frozen=True, slots=True)
class Others:
    """What is about something else. `lines`, (lines,), marks such lines; `is_unknown`: no line holds what is asked."""

    lines: NDArray[np.bool_]
    is_unknown: bool


def find_others(question: str, candidates: Sequence[Candidate]) -> Others:
    """Return which candidate lines are about a sibling of what the question names."""
    texts = [find_identifiers(line.text) for line in candidates]
    headings = [_find_in_heading(line.heading) for line in candidates]
    known = frozenset().union(*texts, *headings)
    asked = find_asked(question, known)
    if not asked:
        return Others(np.zeros(len(candidates), dtype=bool), is_unknown=False)
    marks = [
        _is_about_another(asked, text, heading) and _HOLDS_FOR_MORE.search(line.text) is None
        for line, text, heading in zip(candidates, texts, headings, strict=True)
    ]
    missing = [one for one in asked if one not in known and not _is_held(one, candidates)]
    # A model that no document names may be anybody's ("my Galaxy 24"), unless the documents know its family.
    unknown = [one for one in missing if one.kind is not Kind.MODEL or any(are_siblings(one, other) for other in known)]
    return Others(np.array(marks, dtype=bool), is_unknown=bool(unknown) and len(missing) == len(asked))


def find_named(question: str, candidates: Sequence[Candidate]) -> NDArray[np.bool_]:
    """Return which candidate lines hold a code that the question names, (lines,), where these are few."""
    texts = [find_identifiers(line.text) for line in candidates]
    asked = {one for one in find_asked(question, frozenset().union(*texts)) if one.kind is Kind.CODE}
    marks = np.array([bool(asked & text) for text in texts], dtype=bool)
    return marks if marks.sum() <= FEW_LINES else np.zeros(len(candidates), dtype=bool)


def write_as_lines(question: str, candidates: Sequence[Candidate]) -> str:
    """Return the question with its codes written as the lines write them: "X1 20" becomes "X1-20"."""
    own = {one.words for one in find_identifiers(question)}
    for one in find_asked(question, frozenset().union(*(find_identifiers(line.text) for line in candidates))):
        if one.kind is Kind.CODE and one.words not in own:
            written = re.compile(r"(?<!\w)" + r"[ _-]?".join(map(re.escape, one.words)) + r"(?!\w)", re.IGNORECASE)
            found = next((match for line in candidates if (match := written.search(line.text))), None)
            question = question if found is None else written.sub(found.group(), question)
    return question


def find_asked(question: str, known: Iterable[Identifier]) -> frozenset[Identifier]:
    """Return what a question names: identifiers that the lines know, however they are written, and its own.

    The longest at each place: "X1 20" is the X1-20 of the documents and no X1.
    """
    words = split_words(question)
    found: dict[int, Identifier] = {}
    options = {one.words: _find_full(one, known) for one in find_identifiers(question)}
    options |= {one.words: one for one in known if one.words[0] not in _SMALL_WORDS or one.words in options}
    options |= {one.words: one for one in _find_unknown_models(words, known)}
    place = 0
    while place < len(words):
        fitting = [option for option in options if words[place : place + len(option)] == option]
        longest = max(fitting, key=len, default=())
        if longest:
            found[place] = options[longest]
        place += len(longest) or 1
    return frozenset(found.values())


def _find_full(one: Identifier, known: Iterable[Identifier]) -> Identifier:
    """Return the code of the lines that a bare number stands for: "error 4102" is the ERR-4102; else itself."""
    full = [other for other in known if other.kind is Kind.CODE and other.words[1:] == one.words]
    return full[0] if len(full) == 1 else one


def _is_held(one: Identifier, candidates: Sequence[Candidate]) -> bool:
    """Whether a line holds these words one after another, in whatever form."""
    size = len(one.words)
    texts = (split_words(f"{line.heading} . {line.text}") for line in candidates)
    return any(one.words == words[at : at + size] for words in texts for at in range(len(words) - size + 1))


def _find_unknown_models(words: Words, known: Iterable[Identifier]) -> Iterable[Identifier]:
    """Yield what a question names of a known family in small letters: "tarn 50" beside the Tarn 40 and the Tarn 60."""
    for one in known:
        if one.kind is Kind.MODEL:
            size, is_number = len(one.stem), one.words[-1].isdigit()
            for place in range(len(words) - size):
                tail = words[place + size]
                is_alike = tail.isdigit() if is_number else len(tail) == 1 and tail.isalpha() and tail not in ("a", "i")
                if words[place : place + size] == one.stem and is_alike:
                    yield Identifier(Kind.MODEL, (*one.stem, tail))


def _find_in_heading(heading: str) -> frozenset[Identifier]:
    """Return the identifiers of the lowest part of a heading path that has any."""
    for part in reversed(heading.split(HEADING_JOINT)):
        if found := find_identifiers(part):
            return found
    return frozenset()


def _is_about_another(
    asked: frozenset[Identifier], text: frozenset[Identifier], heading: frozenset[Identifier]
) -> bool:
    own = text or heading
    if asked & (text | heading):
        return False
    return any(are_siblings(one, other) for one in asked for other in own)
