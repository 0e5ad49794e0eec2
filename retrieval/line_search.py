"""Finds the passages that may answer a query, and ranks their lines.

Old versions of a document give way to new ones, and copies of a passage to other passages. Chooses no evidence.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from retrieval.encoders.cross_encoder import CrossEncoder
from retrieval.encoders.embedder import Embedder
from retrieval.passage import Evidence, Scope, Vectors
from retrieval.ranking.evidence import EvidenceLimits, RankedUnits, choose_evidence, rank_units
from retrieval.search import SearchSettings, search
from retrieval.store.catalogue import Edition
from retrieval.store.index import Index
from retrieval.store.versions import leave_out_copies, prefer_newest
from retrieval.verified import Near, is_verified

# One document gets at most this share of the places while others fit too: the rows of a long table are all worded
# alike. Others are looked for so many times as deep.
MOST_PLACES = 0.5
DEEPER = 8


class LineSearch:
    """Search in one index, down to the lines."""

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        cross_encoder: CrossEncoder | None,
        settings: SearchSettings,
        max_hits: int,
        limits: EvidenceLimits,
    ) -> None:
        """Search `max_hits` passages for lines; a cross-encoder reads the best lines again."""
        self._index = index
        self._embedder = embedder
        self._cross_encoder = cross_encoder
        self._settings = settings
        self._max_hits = max_hits
        self._limits = limits

    def find_passages(self, query: str, vector: Vectors, scope: Scope) -> Near:
        """Return the passages to search for lines, best first; answers that staff approved are among them."""
        distinct: Near = ()
        for times in (1, 2):
            distinct, is_all = self._find_distinct(query, vector, scope, times, self._settings)
            if is_all:
                break
        if not _crowds(distinct[: self._max_hits]):
            return distinct[: self._max_hits]
        deep = replace(self._settings, depth=DEEPER * self._max_hits)
        return _share_places(self._find_distinct(query, vector, scope, DEEPER, deep)[0], self._max_hits)

    def _find_distinct(
        self, query: str, vector: Vectors, scope: Scope, times: int, settings: SearchSettings
    ) -> tuple[Near, bool]:
        """Return the passages without copies, and whether there were none."""
        found = search(self._index, query, vector, scope, times * self._max_hits, settings)
        found = prefer_newest(found, self._find_editions([hit.passage.source for hit, _ in found]), scope)
        distinct = leave_out_copies(found)
        return distinct, len(distinct) == len(found)

    def find_documents(self, query: str, vector: Vectors, scope: Scope) -> Near:
        """Return the same passages without the answers that staff approved."""
        return [pair for pair in self.find_passages(query, vector, scope) if not is_verified(pair[0].passage)]

    def rank(self, query: str, vector: Vectors, found: Near) -> RankedUnits:
        """Return the lines of these passages, best first."""
        return rank_units(
            query,
            vector,
            [hit for hit, _ in found],
            embedder=self._embedder,
            unit_vectors={entry.passage.id: entry.unit_vectors for _, entry in found},
            cross_encoder=self._cross_encoder,
        )

    def choose_sure_lines(self, query: str, vector: Vectors, found: Near) -> Evidence:
        """Return the lines that surely answer, for a decision that nobody looks at."""
        return choose_evidence(self.rank(query, vector, found), self._limits.for_sure())

    def _find_editions(self, sources: Sequence[str]) -> dict[str, Edition]:
        """Return these documents and those that supersede them, by source."""
        found = self._index.catalogue.find_editions(sources)
        newer = [edition.superseded_by for edition in found.values() if edition.superseded_by]
        return found | self._index.catalogue.find_editions(newer)


def _crowds(found: Near) -> bool:
    """Whether one document holds more than its share of the places."""
    counts = Counter(hit.passage.source for hit, _ in found)
    return max(counts.values(), default=0) > MOST_PLACES * len(found)


def _share_places(found: Near, places: int) -> Near:
    """Return the best passages, of each document its share; what is left of the places goes to the next best."""
    counts: Counter[str] = Counter()
    within: list[int] = []
    beyond: list[int] = []
    for place, (hit, _) in enumerate(found):
        counts[hit.passage.source] += 1
        (within if counts[hit.passage.source] <= MOST_PLACES * places else beyond).append(place)
    return [found[place] for place in sorted([*within, *beyond][:places])]
