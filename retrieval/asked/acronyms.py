"""Spells out acronyms in a question whose long form the documents have: "SLA", "Service level agreement".

A title that spells it out comes before a phrase in the text, which is looked for only if no document has the acronym.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable

_ACRONYM = re.compile(r"\b[A-Z]{2,6}\b")
_SKIPPED = frozenset({"a", "an", "and", "at", "by", "for", "in", "of", "on", "or", "the", "to", "with"})
_PHRASE_END = (
    r"[.,;:)]|\s*$| (?:is|are|was|has|may|can|must|of|for|in|on|with|and|or|to|by|that|which|costs|runs|lasts)\b"
)
# Two letters stand for too many phrases.
LEAST_LETTERS = 3


def expand_acronyms(
    question: str, list_titles: Callable[[], Iterable[str]], find_phrase: Callable[[str], str | None]
) -> str:
    """Return the question with the long form behind each acronym that a title, or else `find_phrase`, spells out."""
    asked = set(_ACRONYM.findall(question))
    if not asked:
        return question
    for title in list_titles():
        for acronym in asked:
            if spells(title, acronym) and title.casefold() not in question.casefold():
                question = _put_behind(question, acronym, title)
                asked = asked - {acronym}
    for acronym in sorted(asked):
        if phrase := find_phrase(acronym):
            question = _put_behind(question, acronym, phrase)
    return question


def find_long_form(acronym: str, texts: Iterable[str]) -> str | None:
    """Return the phrase that texts use most behind an article and that the acronym's letters begin; None for none."""
    if len(acronym) < LEAST_LETTERS:
        return None
    words = r"[ -](?:(?:and|of|for|the) )*".join(rf"{letter}[a-z]{{2,}}" for letter in acronym)
    phrase = re.compile(rf"\b(?:an?|the|our|your|each|every|this|any) ({words})(?={_PHRASE_END})", re.I | re.M)
    found = Counter(match.casefold() for text in texts for match in phrase.findall(text))
    return found.most_common(1)[0][0] if found else None


def _put_behind(question: str, acronym: str, long_form: str) -> str:
    return re.sub(rf"\b{acronym}\b", lambda match: f"{match.group()} ({long_form})", question, count=1)


def spells(title: str, acronym: str) -> bool:
    """Whether the words of a title, with or without the small ones, begin with the letters of an acronym."""
    words = re.findall(r"[^\W\d_]+", title)
    told = [word for word in words if word.lower() not in _SKIPPED]
    return any(
        len(some) == len(acronym) and all(word[0].upper() == letter for word, letter in zip(some, acronym, strict=True))
        for some in (words, told)
    )
