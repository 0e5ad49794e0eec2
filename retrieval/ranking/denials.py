"""Lines that deny what a question takes for granted: "No robot of ours can fly" for "How do I make it fly?".

Such a line shares little with the question but the one thing that it denies, and its page is about no single product,
so that rankings put it far down. Found by words and their meanings, pure. Knows nothing of scores.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.english.identifiers import split_words
from retrieval.english.lines import ASKS_WHETHER
from retrieval.english.meanings import WordMeanings
from retrieval.english.names import find_names
from retrieval.english.terms import tokenise_with_words
from retrieval.passage import HEADING_JOINT
from retrieval.ranking.features import Candidate

# What follows is what is denied, up to the next comma. A line about nothing in particular denies it of everything.
_OF_ALL = re.compile(
    r"^(?:no|none of|neither of)\b[^,;]*?\b(?:can|may|has|have|does|do|will|works?|understands?|supports?)\b"
    r"(?P<denied>[^,;]*)",
    re.IGNORECASE,
)
# Fewer words than `NEGATION`: what follows must be what cannot be done.
_OF_SOME = re.compile(
    r"^(?P<about>.*?)\b(?:cannot|can ?not|can['’]t|(?:must|may|do|does)(?: not|n['’]t)|never)\b(?P<denied>[^,;]*)",
    re.IGNORECASE,
)
# Who asks whether takes nothing for granted, and the line that says yes is as welcome as the one that says no.
_ASKS_WHETHER = re.compile(ASKS_WHETHER, re.IGNORECASE)
_OR = re.compile(r"\b(?:or|and|nor)\b")
_SAYS_NOTHING = frozenset(
    {"us", "get", "mak", "work", "also", "model", "robot", "devic", "product", "thing", "anything"}
)
SAME = 0.6
# Shares of what a line denies and of what a question says, weighed by rarity, that have to be met in the other.
OF_DENIED, OF_QUESTION, OF_SUBJECT = 0.5, 0.2, 0.5


def find_denials(question: str, candidates: Sequence[Candidate], meanings: WordMeanings) -> NDArray[np.bool_]:
    """Return, for each line, whether it denies what the question takes for granted of what it names: (lines,)."""
    if _ASKS_WHETHER.match(question):
        return np.zeros(len(candidates), dtype=bool)
    headed = {name for line in candidates for part in line.heading.split(HEADING_JOINT) for name in find_names(part)}
    models = {word for name in headed if any(c.isdigit() for c in name) for word in split_words(name)}
    asked, tokens = [w for w in _list_words(question) if w not in models], frozenset(split_words(question))
    return np.array([_denies(line.text, asked, tokens, meanings) for line in candidates], dtype=bool)


def _denies(text: str, asked: Sequence[str], tokens: frozenset[str], meanings: WordMeanings) -> bool:
    of_all, of_some = _OF_ALL.match(text), _OF_SOME.match(text)
    found = of_all or of_some
    if found is None or text.endswith("?"):
        return False
    names = [split_words(name) for name in find_names(text)]
    named = frozenset(word for name in names for word in name)
    own = [word for word in asked if word not in named]
    if of_all is None and of_some is not None:
        about = _list_words(of_some["about"])
        is_named = any(name[0] in tokens for name in names)
        if not is_named and (names or _share_met(about, own, meanings) < OF_SUBJECT):
            return False
    for alternative in _OR.split(found["denied"]):
        denied = [word for word in _list_words(alternative) if word not in named]
        if _share_met(denied, own, meanings) >= OF_DENIED and _share_met(own, denied, meanings) >= OF_QUESTION:
            return True
    return False


def _share_met(words: Sequence[str], others: Sequence[str], meanings: WordMeanings) -> float:
    """Return how much of the words is met among others, in [0, 1]; 0.0 where there are none of either."""
    if not words or not others:
        return 0.0
    looked = [meanings.look_up(word) for word in words]
    there = np.array([meanings.look_up(word)[0] for word in others])
    is_met = (np.array([direction for direction, _ in looked]) @ there.T).max(axis=1) >= SAME
    weights = np.array([0.25 + rarity for _, rarity in looked])
    return float(weights[is_met].sum() / weights.sum())


def _list_words(text: str) -> list[str]:
    """Return the words that say something, each term once."""
    return list({term: word for term, word in tokenise_with_words(text) if term not in _SAYS_NOTHING}.values())
