"""The learned words: what was proposed, what is used, what was dropped. Nothing is used until an admin says so.

One entry for each word, in the table of switches, because an admin turns it on and off. Knows nothing of learning.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

from feedback.database import Database
from feedback.switches import Setting, list_switches, set_switch
from retrain.errors import RetrainError
from retrain.finder.words import Meaning
from retrieval.asked.glossary import Glossary, find_term

EVERYWHERE = ""
"""The team of an entry: the documents are the same for all."""
NAME = "word"
LEARNED = "learned"


class State(StrEnum):
    """What became of an entry."""

    PROPOSED = "proposed"
    USED = "used"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Entry:
    """A learned word in its present state, and who decided so."""

    meaning: Meaning
    state: State
    by: str


class UnknownWord(RetrainError):
    """There is no such entry."""


def list_entries(db: Database) -> list[Entry]:
    """Return all entries, those with the most questions first."""
    entries = [_parse(setting) for setting in list_switches(db, EVERYWHERE, NAME)]
    return sorted(entries, key=lambda one: (-one.meaning.questions, one.meaning.word))


def propose(db: Database, learned: Iterable[Meaning]) -> list[Meaning]:
    """Keep what was learned for an admin to decide. Return what is new; what was decided about a phrase stays so."""
    known = {(one.meaning.word, one.meaning.phrase) for one in list_entries(db)}
    new = [one for one in learned if (one.word, one.phrase) not in known]
    for meaning in new:
        _save(db, Entry(meaning, State.PROPOSED, LEARNED))
    return new


def decide(db: Database, word: str, state: State, *, by: str) -> Entry:
    """Use or drop a word from now on. Raises `UnknownWord` if nothing was learned about it."""
    term = find_term(word)
    entry = next((one for one in list_entries(db) if term and find_term(one.meaning.word) == term), None)
    if entry is None:
        raise UnknownWord(f"Nothing was learned about “{word}”.")
    decided = Entry(entry.meaning, state, by)
    _save(db, decided)
    return decided


def build_glossary(db: Database) -> Glossary:
    """Return the words that are used."""
    used = [one.meaning for one in list_entries(db) if one.state is State.USED]
    return Glossary({term: one.phrase for one in used if (term := find_term(one.word))})


def _save(db: Database, entry: Entry) -> None:
    value = json.dumps(asdict(entry.meaning) | {"state": entry.state.value}, ensure_ascii=False)
    set_switch(db, EVERYWHERE, NAME, value, by=entry.by, subject=entry.meaning.word)


def _parse(setting: Setting) -> Entry:
    row = json.loads(setting.value)
    state = State(row.pop("state"))
    return Entry(Meaning(**row), state, setting.set_by)
