"""The closed classes of English words, each stated once: auxiliaries, question words, negations, months, days.

The rules of this package and of its neighbours build their patterns from these. A rule that needs fewer or more words
says so beside its own list.
"""

from collections.abc import Iterable

_AUXILIARIES = "can could may might must shall should will would do does did is are am was were has have had"
AUXILIARIES = tuple(_AUXILIARIES.split())
_QUESTION_WORDS = "who whom whose what which when where why how"
QUESTION_WORDS = tuple(_QUESTION_WORDS.split())
_MONTHS = "january february march april may june july august september october november december"
MONTHS = tuple(_MONTHS.split())
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
DAYS = tuple(_DAYS.split())

NEGATION = r"\b(?:not|no|none|never|cannot|nobody|nothing|neither|nor|without|\w+n['’]t)\b"
"""The pattern of a word that denies."""

_OTHERS = """
a an the and or but if so than then as at by for from in into of off on onto out over to up with without about be been
being doing done having i me my mine we us our ours you your yours he him his she her hers it its they them their theirs
this that these those there here not no nor too very just also please hi hello hey thanks thank any some all
"""
FUNCTION_WORDS = frozenset((*AUXILIARIES, *QUESTION_WORDS, *_OTHERS.split()))
"""What a sentence is put together with, and nothing is searched for by."""


def match_any(words: Iterable[str]) -> str:
    """Return the pattern of any of these words."""
    return f"(?:{'|'.join(words)})"
