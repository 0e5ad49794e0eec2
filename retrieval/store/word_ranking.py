"""Keeps the BM25 ranking in step with the catalogue: loads the stored one, adds what was written since, or ranks again.

Some calls need the lock of the index's writers; they say so. Knows nothing of vectors.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from retrieval.passage import Audience, Passage
from retrieval.store.catalogue import Catalogue
from retrieval.store.lexical import LexicalIndex, build_lexical_index, count_terms, load_lexical_index

# Up to this many passages, or a twentieth of all, are scored one by one before all are ranked again.
MOST_FRESH = 1_000


class WordRanking:
    """The ranking of one catalogue. `current` is replaced as a whole, so that any thread may read it."""

    def __init__(self, catalogue: Catalogue, folder: Path) -> None:
        """Load the ranking stored in the folder, or rank all passages and store that. Needs the writers' lock."""
        self._catalogue = catalogue
        self._folder = folder
        stored = self._load()
        self.current = self._rank_and_store() if stored is None else self._add_fresh(stored)

    def follow(self) -> None:
        """Add what this process has written since. Needs the writers' lock."""
        self.current = self._add_fresh(self.current)

    def take_over(self) -> None:
        """Take over what another process has written: its stored ranking if that is newer, and what came since."""
        stored = self._load()
        is_newer = stored is not None and stored.stamp > self.current.stamp
        self.current = self._add_fresh(stored if stored is not None and is_newer else self.current)

    def rank_again(self) -> None:
        """Rank all passages and store the ranking. Needs the writers' lock."""
        self.current = self._rank_and_store()

    def _load(self) -> LexicalIndex | None:
        return load_lexical_index(self._folder, self._catalogue.file.id)

    def _add_fresh(self, rows: LexicalIndex) -> LexicalIndex:
        """Return the ranking with all that was written since its rows; ranked again if that is much."""
        if self._catalogue.count_since(rows.stamp) > max(MOST_FRESH, len(rows.ids) // 20):
            return self._rank()
        fresh = self._catalogue.walk_since(rows.stamp)
        return rows.with_fresh(count_terms(p.id, p.audience, _join_words(p)) for p in fresh)

    def _rank_and_store(self) -> LexicalIndex:
        """Return a ranking that is mapped from its files, where the next start and other processes find it too."""
        self._rank().save(self._folder, self._catalogue.file.id)
        stored = self._load()
        if stored is None:
            raise OSError(f"{self._folder} cannot be read back.")
        return stored

    def _rank(self) -> LexicalIndex:
        """Rank all passages in memory: the terms of a text are numbers, 8 bytes each, until they are counted."""
        stamp = self._catalogue.last_written()
        ids: list[str] = []
        audiences: list[Audience] = []

        def walk() -> Iterator[str]:
            for batch in self._catalogue.walk_entries():
                for entry in batch:
                    ids.append(entry.passage.id)
                    audiences.append(entry.passage.audience)
                    yield _join_words(entry.passage)

        return replace(build_lexical_index(ids, audiences, walk()), stamp=stamp)


def _join_words(passage: Passage) -> str:
    return f"{passage.heading} {passage.text}"
