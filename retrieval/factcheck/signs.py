"""Compares one sentence with one line of evidence: numbers, dates, names, codes, negation, and words the line lacks.

Knows nothing of verdicts.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice, pairwise

import numpy as np
from numpy.typing import NDArray

from retrieval.english.closed_words import NEGATION
from retrieval.english.dates import Date, find_dates, find_weekdays, mask_spans
from retrieval.english.identifiers import find_codes, split_words
from retrieval.english.meanings import WordMeanings
from retrieval.english.names import find_names
from retrieval.english.quantities import Quantity, find_quantities
from retrieval.english.sentences import split_sentences
from retrieval.english.terms import tokenise_with_words
from retrieval.factcheck.quotes import NEAR_COPY, compare_words, is_in_order, list_words
from retrieval.passage import HEADING_JOINT

Name = tuple[str, ...]

# In the order of the numbers that `measure` returns.
SIGNS = (
    "words held",
    "words meant",
    "least word meant",
    "pairs held",
    "near copy",
    "in order",
    "words foreign",
    "is short",
)

_NOT = re.compile(NEGATION, re.IGNORECASE)
_TURN = re.compile(r"\b(?:before|after)\b", re.IGNORECASE)
_SAME = 1e-6
# A word is new to a line if its similarity to every word of the line is below this.
_FOREIGN = 0.35


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of a comparison. `conflict` is the kind of the first fact that differs, "" if none does."""

    measures: NDArray[np.float64]
    conflict: str


def compare(text: str, line: str, heading: str, meanings: WordMeanings) -> Comparison:
    """Return the shared words, as `measure` does, and the first fact in which sentence and line differ."""
    measures = measure(text, line, heading, meanings)
    return Comparison(measures, _find_conflict(text, line, heading))


def measure(text: str, line: str, heading: str, meanings: WordMeanings) -> NDArray[np.float64]:
    """Return the values of `SIGNS`: shares of the sentence's words, in [0, 1]."""
    said, held = tokenise_with_words(text), tokenise_with_words(f"{heading} {line}")
    if not said:
        return np.zeros(len(SIGNS))
    looked = [meanings.look_up(word) for _, word in said]
    weights = np.array([0.25 + rarity for _, rarity in looked])
    terms = {term for term, _ in held}
    exact = np.array([float(term in terms) for term, _ in said])
    meant = exact
    if held:
        table = np.array([meanings.look_up(word)[0] for _, word in held])
        meant = np.maximum(exact, (np.array([direction for direction, _ in looked]) @ table.T).max(axis=1))
    pairs = list(pairwise(term for term, _ in said))
    held_pairs = set(pairwise(term for term, _ in held))
    return np.array(
        [
            exact @ weights / weights.sum(),
            meant @ weights / weights.sum(),
            meant.min(),
            sum(pair in held_pairs for pair in pairs) / max(1, len(pairs)),
            max(compare_words(text, sentence) for sentence in split_sentences(line) or [line]),
            float(is_in_order(text, line)),
            min(4, int((meant < _FOREIGN).sum())) / 4.0,
            float(len(said) < 3),
        ]
    )


def is_garbled(text: str, line: str, heading: str, meanings: WordMeanings) -> bool:
    """Whether a near copy of the line stutters, misspells a word, or has an unrelated word among the line's own.

    "The boundaryary is cut", "it recognises cables and cables" and, for blades, "the Mondays stop within 2 seconds".
    """
    nearest = max(split_sentences(line) or [line], key=lambda sentence: compare_words(text, sentence))
    if compare_words(text, nearest) < NEAR_COPY:
        return False
    said = Counter(term for term, _ in tokenise_with_words(text))
    held = Counter(term for term, _ in tokenise_with_words(f"{heading} {line}"))
    if any(count > max(1, held[term]) for term, count in said.items()):
        return True
    # In a vocabulary of 30,000, what has several pieces is a name, a rare word or no word.
    strange = (word for term, word in tokenise_with_words(text) if term not in held and word.isalpha())
    return any(meanings.look_up(word)[1] >= 1.0 for word in strange) or _has_intruder(text, nearest, held, meanings)


def _has_intruder(text: str, sentence: str, held: Counter[str], meanings: WordMeanings) -> bool:
    """Whether a word between words of the line means none of them. Ignores the start, where people say "In short"."""
    said, own = list_words(text), list_words(sentence)
    for kind, start, end, first, last in SequenceMatcher(None, said, own, autojunk=False).get_opcodes():
        if kind in ("replace", "delete") and start > 0:
            new = [word for term, word in tokenise_with_words(" ".join(said[start:end])) if term not in held]
            there = tokenise_with_words(" ".join(own[first:last] if kind == "replace" else own))
            if any(word.isalpha() and not _is_meant(word, [other for _, other in there], meanings) for word in new):
                return True
    return False


def _is_meant(word: str, others: Sequence[str], meanings: WordMeanings) -> bool:
    direction = meanings.look_up(word)[0]
    return any(float(direction @ meanings.look_up(other)[0]) >= _FOREIGN for other in others)


def _find_conflict(text: str, line: str, heading: str) -> str:
    """Return the first kind of fact in which the sentence differs from the line and its heading; "" if none does.

    The kinds in order: time, code, product name, number or unit, negation.
    """
    said_dates, held_dates = find_dates(text), find_dates(line)
    if conflict := _find_time_conflict(text, line, heading, said_dates, held_dates):
        return conflict
    # A date that the line holds, perhaps in another form, is neither a name nor a number.
    spans = {date.span for date in said_dates}
    unheld = {date.span for date in said_dates if not any(date.is_part_of(other) for other in held_dates)}
    said_names = find_names(mask_spans(text, spans))
    held_names = find_names(mask_spans(line, (date.span for date in held_dates)))
    text = mask_spans(text, spans - unheld)
    above = [name for part in heading.split(HEADING_JOINT) for name in find_names(part)]
    if find_codes(text) - find_codes(f"{heading} {line}"):
        return "code"
    if _names_another(said_names, held_names, above, text):
        return "name"
    names = [*said_names, *held_names, *above]
    said, held = find_quantities(text, names), find_quantities(line, names)
    for quantity in said:
        if not any(_is_same(quantity, other) for other in held):
            return "unit" if any(abs(quantity.value - other.value) < _SAME for other in held) else "number"
    if bool(_NOT.search(text)) != bool(_NOT.search(_nearest_part(text, line))):
        return "negation"
    return ""


def _find_time_conflict(text: str, line: str, heading: str, said: Sequence[Date], held: Sequence[Date]) -> str:
    """Return the kind of time that the line states differently: a date, a weekday, or "before" instead of "after"."""
    known = [*held, *find_dates(heading)]
    for date in said:
        if held and all(date.differs_from(other) for other in known):
            return "date"
    days = find_weekdays(line)
    if days and find_weekdays(text) - days - find_weekdays(heading):
        return "weekday"
    before, after = _find_turns(text)
    held_before, held_after = _find_turns(line)
    is_turned = (before & held_after) - held_before or (after & held_before) - held_after
    return "before or after" if is_turned else ""


def _find_turns(text: str) -> tuple[set[str], set[str]]:
    """Return the first terms after "before" and after "after" in a text."""
    found: dict[str, set[str]] = {"before": set(), "after": set()}
    for match in _TURN.finditer(text):
        following = (term for term, word in tokenise_with_words(text[match.end() :]) if word not in found)
        found[match.group().casefold()].update(islice(following, 1))  # "before and after use"
    return found["before"], found["after"]


def _names_another(said: Sequence[str], held: Sequence[str], above: Sequence[str], text: str) -> bool:
    """Whether the sentence is about another product than the line, perhaps a sibling."""
    here, over = {split_words(name) for name in held}, {split_words(name) for name in above}
    tokens = split_words(text)
    spoken = {split_words(name) for name in said}
    spoken |= {name for name in here | over if len(name) > 1 and _is_within(name, tokens)}
    spoken -= {a for a in spoken for b in spoken if a != b and _is_within(a, b)}
    return any(_is_another(name, here, over) for name in spoken if len(name) > 1)


def _is_another(name: Name, in_line: set[Name], above: set[Name]) -> bool:
    """Whether a line with these names in it and above it is about another product than the one of this name.

    "Moss 2 Pro" is another one than a line's "Moss 2", but not than its "Moss", which means the whole family. A line
    without a name of the family is about what its headings name: "Moss 2", or "Moss" for all of them. Under any other
    name with a number, such as "Heron 1", it is about another product.
    """
    if name in in_line:
        return False
    siblings = {other for other in in_line if other[0] == name[0]}
    if siblings:
        return all(len(other) > 1 for other in siblings)
    if name in above or name[:1] in above:
        return False
    has_sibling_above = any(other[0] == name[0] for other in above)
    has_other_model = any(len(other) > 1 and any(part[0].isdigit() for part in other) for other in in_line | above)
    return has_sibling_above or has_other_model


def _is_within(name: Name, tokens: Name) -> bool:
    return any(tokens[start : start + len(name)] == name for start in range(len(tokens) - len(name) + 1))


def _is_same(said: Quantity, held: Quantity) -> bool:
    return abs(said.value - held.value) < _SAME and (said.unit == held.unit or not said.unit or not held.unit)


def _nearest_part(text: str, line: str) -> str:
    """Return the part of the line about the same matter: from the first to the last shared word, and a little more."""
    said = {term for term, _ in tokenise_with_words(text)}
    best, most = "", -1
    for sentence in split_sentences(line) or [line]:
        words = sentence.split()
        shared = [place for place, word in enumerate(words) if {t for t, _ in tokenise_with_words(word)} & said]
        if len(shared) > most:
            most = len(shared)
            best = " ".join(words[max(0, shared[0] - 2) : shared[-1] + 3]) if shared else sentence
    return best
