"""Looks up what the documents say about the things that a sentence names: their facts, and the lines near in words."""

from collections.abc import Mapping

from retrieval.english.facts import Fact, find_subjects, read_values
from retrieval.english.identifiers import split_words
from retrieval.english.sentences import split_units
from retrieval.passage import EvidenceLine, Passage, Scope
from retrieval.store.catalogue import Entry
from retrieval.store.index import Index

# A true sentence's own passage is among this many of the nearest in words.
CHECKED_PASSAGES = 10
# A product's own number is among this many facts of like kinds.
CHECKED_FACTS = 60


def find_lines(index: Index, sentence: str, scope: Scope) -> tuple[EvidenceLine, ...]:
    """Return the lines that state facts about the things in a sentence, and those of the passages nearest in words.

    Looks at all that the asker may read, not only at what was found for the question. Takes a few milliseconds.
    """
    facts = _find_facts(index, sentence, scope)
    near = index.lexical.rank(sentence, scope.audiences, CHECKED_PASSAGES)
    found = index.catalogue.get_entries(list(dict.fromkeys([*(fact.passage_id for fact in facts), *near])))
    units = _split_readable(found, scope)
    places = [(fact.passage_id, fact.unit) for fact in facts if fact.passage_id in units]
    places += [(identity, number) for identity in near for number in range(len(units.get(identity, ())))]
    return tuple(
        EvidenceLine(n, units[identity][unit], found[identity].passage.heading, identity)
        for n, (identity, unit) in enumerate(dict.fromkeys(places), start=1)
    )


def list_facts(index: Index, name: str, scope: Scope) -> list[tuple[Fact, Passage]]:
    """Return the facts about one thing, each with its passage; `[]` for a name that no document uses."""
    facts = index.catalogue.find_facts([" ".join(split_words(name))], scope.audiences)
    found = index.catalogue.get_entries(list(dict.fromkeys(fact.passage_id for fact in facts)))
    return [(fact, found[fact.passage_id].passage) for fact in facts if fact.passage_id in found]


def _find_facts(index: Index, sentence: str, scope: Scope) -> list[Fact]:
    kinds = {kind for kind, _ in read_values(sentence)}
    subjects = find_subjects(sentence)
    if not kinds or not subjects:
        return []
    return index.catalogue.find_facts(subjects, scope.audiences, kinds)[:CHECKED_FACTS]


def _split_readable(found: Mapping[str, Entry], scope: Scope) -> dict[str, list[str]]:
    """Return the units of each passage in scope, by the passage's id."""
    readable = {key: entry.passage for key, entry in found.items() if entry.passage.audience in scope.audiences}
    return {key: [unit.text for unit in split_units(passage.text)] for key, passage in readable.items()}
