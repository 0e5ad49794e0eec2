"""A cited sentence held against the line that it cites: shown as it is, in the document's own words, or not at all.

A small model garbles what it copies ("runs for 9 minutes"). Where its sentence says nothing that the line does not
hold, it stays; where it is a near copy, the line's own sentence takes its place; everything else is withheld. Knows
nothing of meaning: word overlap only.
"""

import re
from difflib import SequenceMatcher

from retrieval.english.sentences import split_sentences

NEAR_COPY = 0.5
_WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+")


def mend_quote(text: str, line: str) -> str | None:
    """Return what may be shown for `text`, which cites `line`; None where the line does not support it.

    The similarity is difflib's ratio over words, between the text and each sentence of the line.
    """
    said = _split(text)
    if not said:
        return None
    held = set(_split(line))
    if all(word in held for word in said) and _keeps_order(said, _split(line)):
        return text
    best = max(split_sentences(line) or [line], key=lambda sentence: _similarity(said, sentence))
    return best if _similarity(said, best) >= NEAR_COPY else None


def _similarity(said: list[str], sentence: str) -> float:
    return SequenceMatcher(None, said, _split(sentence), autojunk=False).ratio()


def _keeps_order(said: list[str], line: list[str]) -> bool:
    """Whether the words stand in the line in this order: numbers that changed places are not a quote."""
    rest = iter(line)
    return all(word in rest for word in said)


def _split(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
