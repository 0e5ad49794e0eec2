"""Versions: which documents are earlier editions of another one, so that the newest is preferred.

Two documents are versions of each other when their titles and paths are equal but for version marks, and their texts
share most of their words in a row. Sister documents ("Moss 2", "Moss 2 Pro") keep different titles and are left alone.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import PurePosixPath

from retrieval.catalogue import Edition, Entry
from retrieval.chunks import HEADING_JOINT
from retrieval.passage import Hit, Passage, Scope

Found = tuple[Hit, Entry]

SHINGLE_WORDS = 3
# Share of word triples in common. Editions of a policy with every number changed share 0.5 and more.
NEAR_DUPLICATE = 0.4
# Beyond this many documents of one title and place they are a series (minutes, mails), not versions.
MAX_VERSIONS = 20

_OLD = "(old version;"
_MARK = re.compile(
    r"(?<![\w.])(?:v(?:er(?:sion)?)?[ ._-]?\d+(?:[._]\d+)*|rev(?:ision)?[ ._-]?\w{1,3}|"
    r"(?:19|20)\d\d(?:[-._/]\d{1,2}){0,2}|"
    r"old|older|new|newest|latest|final|draft|archived?|previous|superseded|deprecated|obsolete|copy)(?![\w])",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"\w+")


def find_superseded(editions: Sequence[Edition], read_text: Callable[[str], str]) -> dict[str, str]:
    """Return for each older version the source of the newest one. `read_text` gives a document's text by its source."""
    groups: dict[tuple[str, str], list[Edition]] = defaultdict(list)
    for edition in editions:
        groups[name_key(edition.title), _path_key(edition.source)].append(edition)
    found: dict[str, str] = {}
    for group in groups.values():
        if 1 < len(group) <= MAX_VERSIONS:
            found |= _compare(group, read_text)
    return found


def prefer_newest(found: Sequence[Found], editions: Mapping[str, Edition], scope: Scope) -> list[Found]:
    """Leave out an old version's hits where the newest one's same section was found too; say of the others how old.

    `editions` holds the hits' documents and the newer ones by source. A newer version that this asker may not read does
    not make the old one old for them.
    """
    sections = {(hit.passage.source, _section(hit.passage)) for hit, _ in found}
    kept: list[Found] = []
    for hit, entry in found:
        edition = editions.get(hit.passage.source)
        newer = editions.get(edition.superseded_by) if edition and edition.superseded_by else None
        if newer is None or newer.audience not in scope.audiences:
            kept.append((hit, entry))
        elif (newer.source, _section(hit.passage)) not in sections:
            kept.append((replace(hit, passage=_mark_old(hit.passage, newer)), entry))
    return kept


def is_old(passage: Passage) -> bool:
    """Whether `prefer_newest` has said of a passage that it is old."""
    return _OLD in passage.heading


def _section(passage: Passage) -> str:
    return passage.heading.partition(HEADING_JOINT)[2]


def _mark_old(passage: Passage, newer: Edition) -> Passage:
    day = f" of {newer.updated.isoformat()}" if newer.updated else ""
    return replace(passage, heading=f"{passage.heading} {_OLD} see {newer.title}{day})")


def _compare(group: list[Edition], read_text: Callable[[str], str]) -> dict[str, str]:
    ordered = sorted(group, key=_age, reverse=True)
    shingles = {edition.source: _shingle(read_text(edition.source)) for edition in ordered}
    found: dict[str, str] = {}
    for position, older in enumerate(ordered):
        for newer in ordered[:position]:
            alike = _overlap(shingles[older.source], shingles[newer.source]) >= NEAR_DUPLICATE
            if alike and _age(newer) > _age(older):
                found[older.source] = newer.source
                break
    return found


def _age(edition: Edition) -> tuple[date, tuple[int, ...]]:
    """Order versions: by their day, then by the numbers of their marks; without either, neither is newer."""
    marks = " ".join(_MARK.findall(f"{edition.title} {_spell(edition.source)}"))
    return edition.updated or date.min, tuple(map(int, _NUMBER.findall(marks)))


def name_key(title: str) -> str:
    """Return what two versions of a document have in common in their titles."""
    return " ".join(_WORD.findall(_MARK.sub(" ", title.casefold())))


def _path_key(source: str) -> str:
    """Return the path without its ending, version marks and what those leave empty."""
    parts = PurePosixPath(source).with_suffix("").parts
    cleaned = ("".join(_WORD.findall(_MARK.sub(" ", _spell(part)))) for part in parts)
    return "/".join(part for part in cleaned if part)


def _spell(path: str) -> str:
    """Return a path with its word joints as blanks, dates kept."""
    return re.sub(r"_|(?<!\d)-|-(?!\d)|/", " ", path.casefold())


def _shingle(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return {tuple(words[n : n + SHINGLE_WORDS]) for n in range(max(1, len(words) - SHINGLE_WORDS + 1))}


def _overlap(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 0.0
