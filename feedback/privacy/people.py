"""Finds the names of people who are known: those whom Slack shows in a conversation. Knows no other names."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from feedback.privacy.spans import Found

_SLACK_PERSON = re.compile(r"<@(?P<id>[UW][A-Z0-9]*)(?:\|[^<>]*)?>")
ALSO_WORDS = frozenset(
    {"Amber", "April", "Art", "August", "Bill", "Chip", "Chase", "Dean", "Drew", "Faith", "Frank", "Gene", "Grace"}
    | {"Grant", "Hope", "Jack", "Joy", "June", "Mark", "May", "Miles", "Pat", "Penny", "Ray", "Rob", "Rose", "Rusty"}
    | {"Sue", "Summer", "Van", "Wade", "Ward", "Will"}
)
_NO_NAMES = frozenset({"Admin", "Customer", "Help", "Robot", "Sales", "Service", "Support", "Team", "The"})
_TITLES = frozenset({"dr", "prof", "mr", "mrs", "ms", "herr", "frau"})
_SHORTEST_NAME = 3
_BEGINS = r"(?<![^\W_])"
_BEFORE = r"(?i:hi|hello|hey|dear|thanks|thx|ask|asked|tell|told|cc)"
_AFTER = r"(?i:asked|asks|said|says|wrote|writes|called|told|thinks|wants|confirmed|approved)"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by an id (Slack's, or a name where there is none) and all names that are shown of them."""

    id: str
    names: tuple[str, ...]


def group_names(names: Iterable[str]) -> list[Person]:
    """Return the people behind some names; names that share a telling word are one person's."""
    groups: list[list[str]] = []
    for name in names:
        words = set(_telling_words(name))
        group = next((one for one in groups if any(words & set(_telling_words(other)) for other in one)), None)
        if group is None:
            groups.append([name])
        else:
            group.append(name)
    return [Person(group[0], tuple(group)) for group in groups if group[0].strip()]


def _telling_words(name: str) -> list[str]:
    return [word.casefold() for word in _words(name) if len(word) >= _SHORTEST_NAME]


def find_mentions(text: str) -> Iterator[Found]:
    """Yield Slack's mentions of people."""
    yield from (Found(match.start(), match.end(), "name", person=match["id"]) for match in _SLACK_PERSON.finditer(text))


def find_known(text: str, people: Sequence[Person], public: str = "") -> list[Found]:
    """Return where the people are named, longest names first. What stands in `public` is no name there.

    A name of several words is found however it is written. A single word of one (a first name, say) is found with its
    capital or in capitals, from three letters on, and without one behind a greeting; where it is also a common word,
    only where the words beside it speak of a person. After an @ every name is found.
    """
    found: list[Found] = []
    folded = text.casefold()
    for person in people:
        if not any(word in folded for word in _fold_words(person.names)):
            continue
        for pattern in _build_patterns(person.names):
            if not (public and pattern.search(public)):
                found += (Found(*match.span("name"), "name", person.id) for match in pattern.finditer(text))
    return sorted(found, key=lambda one: one.start - one.end)


@lru_cache(maxsize=4096)
def _build_patterns(names: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    patterns = dict.fromkeys(pattern for name in names for pattern in _build_forms(_words(name)))
    return tuple(map(re.compile, patterns))


@lru_cache(maxsize=4096)
def _fold_words(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple({word.casefold(): None for name in names for word in _words(name)})


def _words(name: str) -> list[str]:
    bare = (word.strip(".,;:()[]\"'") for word in name.split())
    return [word for word in bare if word and word.casefold() not in _TITLES]


def _build_forms(words: list[str]) -> Iterator[str]:
    """Yield what matches one display name: whole, turned round, after an @, and each of its telling words."""
    if not words:
        return
    escaped = [re.escape(word) for word in words]
    yield _name(rf"@(?i:{_in_a_row(escaped)})", before="")
    if len(words) > 1:
        yield _name(rf"(?i:{_in_a_row(escaped)})")
        for cut in range(1, len(words)):
            yield _name(rf"(?i:{_in_a_row(escaped[cut:])},\s?{_in_a_row(escaped[:cut])})")
    for word in words:
        if (len(word) >= _SHORTEST_NAME or not word.isascii()) and re.sub(r"[-'’]", "", word).isalpha():
            yield from _build_word_forms(word, is_alone=len(words) == 1)
        elif len(word) >= _SHORTEST_NAME:
            yield _name(rf"@(?i:{re.escape(word)})", before="")


def _build_word_forms(word: str, *, is_alone: bool) -> Iterator[str]:
    yield _name(rf"@(?i:{re.escape(word)})", before="")
    capital = re.escape(word[:1].upper() + word[1:])
    if word.lower() == word.upper():  # a script without capitals, and mostly without spaces
        yield rf"(?P<name>{re.escape(word)})"
    elif capital in _NO_NAMES or not (word[:1].isupper() or is_alone):
        return
    elif capital in ALSO_WORDS:
        yield _name(capital, behind=rf"(?=['’]s\b| {_AFTER}\b)")
        yield _name(capital, before=rf"\b{_BEFORE},? ")
    else:
        yield _name(rf"(?:{capital}|{re.escape(word.upper())})" if len(word) > _SHORTEST_NAME else capital)
        yield _name(re.escape(word.lower()), before=rf"\b{_BEFORE},? ")


def _in_a_row(escaped: Sequence[str]) -> str:
    return r"\.?\s+".join(escaped)


def _name(pattern: str, before: str = _BEGINS, behind: str = "") -> str:
    return rf"{before}(?P<name>{pattern})(?![^\W_]){behind}"
