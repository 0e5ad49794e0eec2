"""Finds names in English text: runs of capitalised words that do not merely begin a sentence."""

import re

from retrieval.english.closed_words import AUXILIARIES, QUESTION_WORDS

_SENTENCE = re.compile(r"(?<=[.!?])\s+")
# A product name: capitalised words in a row, with the numbers and marks that belong to them.
_NAME = re.compile(r"\b[A-ZÄÖÜ][\w-]*(?:\s+(?:[A-ZÄÖÜ][\w-]*|\d+[\w.-]*))*")
# Fewer than all function words: a name may begin with "All", "Just", "Over" or "Up".
_OPENERS = """
i a an the and or but also if it its my our your we you he she they this that these those there please hi hello hey
thanks thank ok okay yes no not in on at to for from with of as by chip so then same
"""
_NO_NAME = frozenset((*AUXILIARIES, *QUESTION_WORDS, *_OPENERS.split()))


def find_names(text: str) -> list[str]:
    """Return the names in a text in reading order: runs of capitalised words that do not merely begin a sentence."""
    names = []
    for sentence in _SENTENCE.split(text):
        for match in _NAME.finditer(sentence):
            words = match.group().split()
            while words and words[0].lower() in _NO_NAME:
                words.pop(0)
            opens = match.start() == 0 and len(words) == len(match.group().split())
            if words and not (opens and len(words) == 1 and not any(c.isdigit() for c in words[0])):
                names.append(" ".join(words))
    return names
