"""Contradictions: two lines of evidence, from two documents, that say different things about the same matter.

Found by words alone: the same words with other numbers, or with and without a "not". Errs towards silence; a table of
sister products says other numbers of other things. Knows nothing of which document is right.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retrieval.english.closed_words import NEGATION
from retrieval.english.names import find_names
from retrieval.english.terms import tokenise
from retrieval.passage import EvidenceLine, Passage
from retrieval.store.versions import is_old, name_key

# At 0.75 "a refurbished Pebble 3 costs" contradicted "the Pebble 3 costs".
SAME_MATTER = 0.85
LEAST_SHARED = 3

_DENYING = re.compile(NEGATION, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two lines that cannot both hold; the one of the newer document comes first, where their days tell."""

    newer: EvidenceLine
    older: EvidenceLine


def find_conflicts(lines: Sequence[EvidenceLine], passages: Mapping[str, Passage]) -> tuple[Conflict, ...]:
    """Return the contradictions among lines of evidence, each pair once; `passages` holds theirs by id."""
    held = [(line, passages[line.passage_id]) for line in lines if line.passage_id in passages]
    # An old version is said to be one already.
    known = [(line, passage) for line, passage in held if not is_old(passage)]
    found = []
    for position, (line, passage) in enumerate(known):
        for other, source in known[position + 1 :]:
            if passage.source != source.source and _contradict(line.flat, passage, other.flat, source):
                is_newer = (passage.updated and source.updated and source.updated > passage.updated) or False
                found.append(Conflict(other, line) if is_newer else Conflict(line, other))
    return tuple(found)


def _contradict(one: str, its: Passage, other: str, others: Passage) -> bool:
    terms, other_terms = set(tokenise(one)), set(tokenise(other))
    words, other_words = _without_numbers(terms), _without_numbers(other_terms)
    shared = words & other_words
    if len(shared) < LEAST_SHARED or len(shared) / len(words | other_words) < SAME_MATTER:
        return False
    if not _share_subject(one, its, other, others):
        return False
    denial = bool(_DENYING.search(one)) != bool(_DENYING.search(other))
    numbers, other_numbers = terms - words, other_terms - other_words
    return bool(numbers - other_numbers and other_numbers - numbers) or (denial and numbers == other_numbers)


def _share_subject(one: str, its: Passage, other: str, others: Passage) -> bool:
    """Whether two lines speak of one thing: by their titles, by their names, or as neither title names a thing."""
    if name_key(its.title) == name_key(others.title):
        return True
    names, other_names = _names(one), _names(other)
    if names or other_names:
        return names == other_names
    return not (_names_a_thing(its.title) or _names_a_thing(others.title))


def _names(text: str) -> set[str]:
    return {name.casefold() for name in find_names(text)}


def _names_a_thing(title: str) -> bool:
    later_words = title.split()[1:]
    return any(c.isdigit() for c in name_key(title)) or any(word[:1].isupper() for word in later_words)


def _without_numbers(terms: set[str]) -> set[str]:
    return {term for term in terms if not any(character.isdigit() for character in term)}
