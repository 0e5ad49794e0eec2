"""Versions: finds which documents are earlier editions of another one, so that the newest is preferred.

Two documents are versions of each other if their titles and paths are equal except for version marks, and their texts
share most of their word triples. Sister documents ("Moss 2", "Moss 2 Pro") keep different titles and are left alone.
One of two sources may keep the document deeper ("warranty.md", "/en/help/warranty"), but in one place only.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePosixPath

from retrieval.english.names import find_names
from retrieval.passage import HEADING_JOINT, Hit, Passage, Scope
from retrieval.store.catalogue import Edition, Entry

Found = tuple[Hit, Entry]
Parts = tuple[str, ...]

SHINGLE_WORDS = 3
# Share of word triples in common. Editions of a policy with every number changed share 0.5 and more.
NEAR_DUPLICATE = 0.4
# More documents than this with one title and place are a series (minutes, mails), not versions.
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


@dataclass(frozen=True, slots=True)
class Place:
    """A document's place: its source's name, and its path there without version marks."""

    origin: str
    path: Parts


def find_superseded(editions: Sequence[Edition], read_text: Callable[[str], str]) -> dict[str, str]:
    """Return for each older version the source of the newest one. `read_text` returns a document's text by its source.

    If several sources together hold too many, each is compared by itself.
    """
    places: dict[str, dict[Place, list[Edition]]] = defaultdict(lambda: defaultdict(list))
    for edition in editions:
        places[name_key(edition.title)][Place(edition.origin, _path_key(edition))].append(edition)
    found: dict[str, str] = {}
    for held in places.values():
        for together in _join_sources(list(held)):
            joined = [edition for place in together for edition in held[place]]
            groups = [joined] if len(joined) <= MAX_VERSIONS else [held[place] for place in together]
            for group in groups:
                if 1 < len(group) <= MAX_VERSIONS:
                    found |= _compare(group, read_text)
    return found


def leave_out_copies(found: Sequence[Found]) -> list[Found]:
    """Return the hits without passages that repeat an earlier one word for word, heading included.

    This asker may read all of them, so it does not matter to them which of the documents is named.
    """
    kept: dict[tuple[str, str], Found] = {}
    for hit, entry in found:
        kept.setdefault((hit.passage.heading, hit.passage.text), (hit, entry))
    return list(kept.values())


def prefer_newest(found: Sequence[Found], editions: Mapping[str, Edition], scope: Scope) -> list[Found]:
    """Drop an old version's hits if the newest one's same section was found too, and mark how old the others are.

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
    """Whether `prefer_newest` has marked a passage as old."""
    return _OLD in passage.heading


def _section(passage: Passage) -> str:
    return passage.heading.partition(HEADING_JOINT)[2]


def _mark_old(passage: Passage, newer: Edition) -> Passage:
    day = f" of {newer.updated.isoformat()}" if newer.updated else ""
    return replace(passage, heading=f"{passage.heading} {_OLD} see {newer.title}{day})")


def _compare(group: list[Edition], read_text: Callable[[str], str]) -> dict[str, str]:
    ordered = sorted(group, key=_age, reverse=True)
    if _age(ordered[0]) == _age(ordered[-1]):
        return {}
    texts = {edition.source: read_text(edition.source) for edition in ordered}
    shingles = {text: _shingle(text) for text in set(texts.values())}
    found: dict[str, str] = {}
    for position, older in enumerate(ordered):
        for newer in ordered[:position]:
            alike = _overlap(shingles[texts[older.source]], shingles[texts[newer.source]]) >= NEAR_DUPLICATE
            if alike and _age(newer) > _age(older) and _are_comparable(older, newer, texts):
                found[older.source] = newer.source
                break
    return found


def _are_comparable(older: Edition, newer: Edition, texts: Mapping[str, str]) -> bool:
    """Whether two documents may be versions.

    Those of two sources must both have a day or none, and be about one product.

    A page without a day says nothing about a file that has one, and every product's folder may hold the same form.
    """
    if older.origin == newer.origin:
        return True
    about = [_find_model(texts[edition.source]) for edition in (older, newer)]
    return (older.updated is None) == (newer.updated is None) and about[0] == about[1]


def _find_model(text: str) -> str:
    """Return the name with a number in it that a text uses most often, such as "Moss 2"; "" for none."""
    names = [name for name in find_names(_MARK.sub(" ", text)) if any(c.isdigit() for c in name)]
    return Counter(names).most_common(1)[0][0] if names else ""


def _age(edition: Edition) -> tuple[date, tuple[int, ...]]:
    """Return a key that orders versions: by their day, then by the numbers of their marks.

    Without either, neither is newer.
    """
    marks = " ".join(_MARK.findall(f"{edition.title} {_spell(edition.source)}"))
    return edition.updated or date.min, tuple(map(int, _NUMBER.findall(marks)))


def name_key(title: str) -> str:
    """Return what the titles of two versions have in common."""
    return " ".join(_WORD.findall(_MARK.sub(" ", title.casefold())))


def _path_key(edition: Edition) -> Parts:
    """Return the path within its source without its ending, version marks and what is empty without them."""
    path = PurePosixPath(edition.source.removeprefix(f"{edition.origin}:"))
    parts = path.with_suffix("").parts if path.name else ()
    cleaned = ("".join(_WORD.findall(_MARK.sub(" ", _spell(part)))) for part in parts)
    return tuple(part for part in cleaned if part)


def _join_sources(places: Sequence[Place]) -> list[list[Place]]:
    """Join the places of documents of one title that are one place in several sources.

    Two places are one if one path is the end of the other, and neither source has a second such place: with a "readme"
    in every folder nobody knows which one is meant.
    """
    similar = _find_similar(places)
    partners = {
        place: [o for o in others if _is_only(o, others) and _is_only(place, similar[o])]
        for place, others in similar.items()
    }
    joined: list[list[Place]] = []
    seen: set[Place] = set()
    for place in places:
        if place not in seen:
            joined.append(_walk_partners(place, partners))
            seen.update(joined[-1])
    return joined


def _find_similar(places: Sequence[Place]) -> dict[Place, set[Place]]:
    """Return for each place those of other sources whose path is the end of its own, or the other way round."""
    by_path: dict[Parts, list[Place]] = defaultdict(list)
    for place in places:
        by_path[place.path].append(place)
    similar: dict[Place, set[Place]] = {place: set() for place in places}
    for place in places:
        for start in range(len(place.path)):
            for other in by_path.get(place.path[start:], ()):
                if other.origin != place.origin:
                    similar[place].add(other)
                    similar[other].add(place)
    return similar


def _is_only(place: Place, others: Collection[Place]) -> bool:
    """Whether no other of these places is in the same source."""
    return sum(other.origin == place.origin for other in others) == 1


def _walk_partners(start: Place, partners: Mapping[Place, Sequence[Place]]) -> list[Place]:
    """Return all places that lead from one to the next, this one first."""
    together: dict[Place, None] = {}
    waiting = [start]
    while waiting:
        if (place := waiting.pop()) not in together:
            together[place] = None
            waiting += partners[place]
    return list(together)


def _spell(path: str) -> str:
    """Return a path with blanks between its words, dates kept."""
    return re.sub(r"_|(?<!\d)-|-(?!\d)|/", " ", path.casefold())


def _shingle(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return {tuple(words[n : n + SHINGLE_WORDS]) for n in range(max(1, len(words) - SHINGLE_WORDS + 1))}


def _overlap(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 0.0
