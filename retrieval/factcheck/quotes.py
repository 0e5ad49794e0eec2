"""Compares a cited sentence with its line: keeps it, replaces it by the line's own words, or withholds it.

A small model garbles what it copies ("runs for 9 minutes"). A sentence that says nothing beyond its line stays. A near
copy is replaced by the line's own sentence. Everything else is withheld. Knows word overlap only, not meaning.
"""

import re
from difflib import SequenceMatcher

from retrieval.english.sentences import split_sentences

NEAR_COPY = 0.5
_WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+")


def mend_quote(text: str, line: str) -> str | None:
    """Return the text to show for `text`, which cites `line`; None if the line does not support it.

    Similarity is difflib's ratio over words between the text and each sentence of the line.
    """
    if not list_words(text):
        return None
    if is_in_order(text, line):
        return text
    best = max(split_sentences(line) or [line], key=lambda sentence: compare_words(text, sentence))
    return best if compare_words(text, best) >= NEAR_COPY else None


def compare_words(text: str, sentence: str) -> float:
    """Return how similar their words are, in [0, 1]."""
    return SequenceMatcher(None, list_words(text), list_words(sentence), autojunk=False).ratio()


def is_in_order(text: str, line: str) -> bool:
    """Whether the line holds every word in this order: a quote, perhaps with omissions.

    A text with swapped numbers is not a quote.
    """
    rest = iter(list_words(line))
    return all(word in rest for word in list_words(text))


def list_words(text: str) -> list[str]:
    """Return a text's words in order, in lower case."""
    return _WORD.findall(text.casefold())
