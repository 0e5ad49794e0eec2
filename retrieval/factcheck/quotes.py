"""Compares a cited sentence with its line: shows it as it is, in the document's own words, or not at all.

A small model garbles what it copies ("runs for 9 minutes"). A sentence that says nothing beyond its line stays. A near
copy is replaced by the line's own sentence. Everything else is withheld. Knows nothing of meaning, only of word
overlap.
"""

import re
from difflib import SequenceMatcher

from retrieval.english.sentences import split_sentences

NEAR_COPY = 0.5
_WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+")


def mend_quote(text: str, line: str) -> str | None:
    """Return what may be shown for `text`, which cites `line`; None if the line does not support it.

    The similarity is difflib's ratio over words, between the text and each sentence of the line.
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
    """Whether every word occurs in the line, in this order: a quote, perhaps with words left out.

    With numbers that changed places it is no quote.
    """
    rest = iter(list_words(line))
    return all(word in rest for word in list_words(text))


def list_words(text: str) -> list[str]:
    """Return a text's words in order, as quotes compare them."""
    return _WORD.findall(text.casefold())
