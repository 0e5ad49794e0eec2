"""The titles of the documents, and the two questions that they alone answer.

"What can you help me with?" gets the titles that the asker may read; "Which products do you have?" gets those in a
folder of that name, and "Which robots do you have?" those that end so. Reads the titles again after a document was
written or removed.
"""

from collections import defaultdict
from itertools import chain, zip_longest

from retrieval.asked.listing import asks_what_chip_knows, find_kind
from retrieval.english.terms import tokenise
from retrieval.passage import Evidence, EvidenceLine, Match, Scope
from retrieval.store.catalogue import Catalogue, Edition

I_ANSWER_FROM = "I answer questions from the company's documents, such as these:"
WHAT_I_KNOW = "What I know"
MOST_TITLES = 12
# Titles that say nothing of what a page is about.
_BARE = frozenset({"table of contents", "getting started", "release notes", "read me"})


class Titles:
    """The titles of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Read no title yet."""
        self._catalogue = catalogue
        self._editions: tuple[Edition, ...] = ()
        self._version = ""

    def list_all(self) -> list[str]:
        """Return the titles of all documents, for any reader."""
        return [edition.title for edition in self._list_editions()]

    def find_listing(self, query: str, scope: Scope) -> Evidence | None:
        """Return the list of titles that answers the query; None if the query asks for something else."""
        if asks_what_chip_knows(query):
            titles, heading, lead, least = self._find_outline(scope), WHAT_I_KNOW, f"{I_ANSWER_FROM}\n", 1
        elif kind := find_kind(query):
            titles, heading, lead, least = self._find_titles(scope, kind), ", ".join(sorted(kind)), "", 2
        else:
            return None
        if len(titles) < least:
            return None
        return Evidence((EvidenceLine(1, f"{lead}{_render_list(titles)}", heading, ""),), Match.STRONG)

    def _find_outline(self, scope: Scope) -> list[str]:
        """Return the titles in scope, of many the telling ones first, of each folder in turn."""
        titles = self._find_titles(scope)
        if len(titles) <= MOST_TITLES:
            return titles
        folders: dict[str, list[str]] = defaultdict(list)
        for edition in self._list_editions():
            if edition.audience in scope.audiences and _is_telling(edition.title):
                folders[edition.source.rpartition("/")[0]].append(edition.title)
        largest = sorted(folders.values(), key=len, reverse=True)
        telling = filter(None, chain.from_iterable(zip_longest(*largest)))
        return list(dict.fromkeys([*telling, *titles]))

    def _find_titles(self, scope: Scope, kind: frozenset[str] | None = None) -> list[str]:
        """Return the titles in scope, each once; with `kind` only those in a folder of this name, or that end so."""
        editions = [edition for edition in self._list_editions() if edition.audience in scope.audiences]
        titles = [edition.title for edition in editions if kind in (None, _find_folder_terms(edition.source))]
        if kind and not titles:
            titles = [edition.title for edition in editions if _names_one(edition.title, kind)]
        return list(dict.fromkeys(titles))

    def _list_editions(self) -> tuple[Edition, ...]:
        version = self._catalogue.describe_documents()
        if version != self._version:
            self._editions = tuple(self._catalogue.list_editions())
            self._version = version
        return self._editions


def _render_list(titles: list[str]) -> str:
    rest = [f"and {len(titles) - MOST_TITLES} more"] if len(titles) > MOST_TITLES else []
    return "\n".join(f"- {title}" for title in [*titles[:MOST_TITLES], *rest])


def _is_telling(title: str) -> bool:
    """Whether a title of two words or more says what a page is about: neither "auth" nor "V22.5.5" does."""
    words = [word for word in title.split() if word.isalpha() and len(word) > 2]
    return len(words) > 1 and title.casefold() not in _BARE


def _find_folder_terms(source: str) -> frozenset[str]:
    """Return the terms of the name of the folder that holds a document."""
    folder = source.rpartition(":")[2].rpartition("/")[0].rpartition("/")[2]
    return frozenset(tokenise(folder.replace("-", " ").replace("_", " ")))


def _names_one(title: str, kind: frozenset[str]) -> bool:
    """Whether a title names one thing of the kind: "Moss 2 lawn robot", and neither "All robots" nor "Robots"."""
    terms = tokenise(title)
    return len(terms) > len(kind) and set(terms[-len(kind) :]) == kind and not title.rstrip().endswith("s")
