"""Spells out acronyms in a question whose long form is a document's title: "SLA", "Service level agreement"."""

import re
from collections.abc import Callable, Iterable

_ACRONYM = re.compile(r"\b[A-Z]{2,6}\b")
_SKIPPED = frozenset({"a", "an", "and", "at", "by", "for", "in", "of", "on", "or", "the", "to", "with"})


def expand_acronyms(question: str, list_titles: Callable[[], Iterable[str]]) -> str:
    """Return the question with the long form after each acronym that a document's title spells out."""
    asked = set(_ACRONYM.findall(question))
    if not asked:
        return question
    for title in list_titles():
        for acronym in asked:
            if spells(title, acronym) and title.casefold() not in question.casefold():
                question = re.sub(rf"\b{acronym}\b", f"{acronym} ({title})", question, count=1)
    return question


def spells(title: str, acronym: str) -> bool:
    """Whether the words of a title, with or without the small ones, begin with the letters of an acronym."""
    words = re.findall(r"[^\W\d_]+", title)
    told = [word for word in words if word.lower() not in _SKIPPED]
    return any(
        len(some) == len(acronym) and all(word[0].upper() == letter for word, letter in zip(some, acronym, strict=True))
        for some in (words, told)
    )
