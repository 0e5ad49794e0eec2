"""Splits text into terms: the words as search compares them, casefolded and lightly stemmed."""

import re
import unicodedata
from collections.abc import Iterator

from retrieval.english.closed_words import FUNCTION_WORDS

# Part of what a stored ranking was made with: raise it when the same text would give other terms.
TERMS_VERSION = 2

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
# Soft hyphens, and what Word and web pages put between letters to allow or forbid a break.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_RUNS = re.compile(rf"{_UNSPACED.pattern}+|(?:(?!{_UNSPACED.pattern}).)+")
# The last are what an apostrophe leaves of "it's" and "don't".
_STOPWORDS = FUNCTION_WORDS | frozenset(["s", "t", "ll", "re", "ve", "don", "didn", "doesn", "isn"])


def tokenise(text: str) -> list[str]:
    """Return the terms of a text, with numbers separated from letters: "8.2kg" is 8.2 and kg."""
    return [term for term, _ in tokenise_with_words(text)]


def tokenise_with_words(text: str) -> list[tuple[str, str]]:
    """Return the terms of a text, each with its original word."""
    text = text.casefold() if text.isascii() else _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    words = (match.replace("’", "'").removesuffix("'s") for match in _WORD.findall(text))
    if not text.isascii():
        words = (part for word in words for part in _split_unspaced(word))
    return [(_stem(word), word) for word in words if word not in _STOPWORDS]


def _split_unspaced(word: str) -> Iterator[str]:
    """Yield a word. For Chinese and Japanese, which do not separate words, yield each pair of adjacent characters."""
    for is_unspaced, run in ((bool(_UNSPACED.match(part)), part) for part in _RUNS.findall(word)):
        if is_unspaced and len(run) > 2:
            yield from (run[start : start + 2] for start in range(len(run) - 1))
        else:
            yield run


def _stem(word: str) -> str:
    """Strip the common English endings, so that charge, charges, charged and charging are one term."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) >= len(ending) + 4:
            word = word.removesuffix(ending)
            return word[:-1] if word[-1] == word[-2] and word[-1] not in "ls" else word
    return word.removesuffix("e") if len(word) > 4 else word
