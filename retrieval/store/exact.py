"""Exact search: the vectors of all units in one matrix in memory, each compared with the question's.

Follows the catalogue, whichever process writes to it, and finds the same passages in the same order in all processes.
Holds nothing if there are too many units to compare them all; Chroma searches those.
"""

import threading
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrieval.passage import Audience, Vectors
from retrieval.store.catalogue import Catalogue

# 100,000 units are 150 MB, and comparing them all takes about 15 ms of one core.
EXACT_UNITS = 100_000
# Similarities are compared by this many digits. Those that float32 may have put a little lower are computed again.
_DIGITS = 5
_MARGIN = 1e-4
# This many documents are read at once.
_BATCH = 500
_GONE = -1


@dataclass(frozen=True, slots=True)
class _Rows:
    """The units of passages. Passage i is `ids[i]`, has the rows from `starts[i]` on, and is for `names[readers[i]]`.

    `places` are the passages of each document. A passage that is gone keeps its rows but has no reader.
    """

    matrix: Vectors
    starts: NDArray[np.int64]
    readers: NDArray[np.int64]
    ids: tuple[str, ...]
    names: tuple[Audience, ...]
    places: Mapping[str, slice]

    def find_readable(self, audiences: frozenset[Audience]) -> NDArray[np.bool_]:
        """Return which passages these audiences may read."""
        return np.isin(self.readers, [code for code, name in enumerate(self.names) if name in audiences])

    def find_units(self, place: int) -> Vectors:
        """Return the vectors of one passage."""
        end = self.starts[place + 1] if place + 1 < len(self.starts) else len(self.matrix)
        return self.matrix[self.starts[place] : end]

    def without(self, sources: Set[str]) -> "_Rows":
        """Return the same rows without the passages of these documents."""
        readers = self.readers.copy()
        for source in sources:
            readers[self.places[source]] = _GONE
        return replace(self, readers=readers, places={s: p for s, p in self.places.items() if s not in sources})

    def count_gone(self) -> int:
        """Return how many rows belong to passages that are gone."""
        return int(np.diff(self.starts, append=len(self.matrix))[self.readers == _GONE].sum())


def _build_empty() -> _Rows:
    none = np.zeros(0, dtype=np.int64)
    return _Rows(np.zeros((0, 0), dtype=np.float32), none, none, (), (), {})


class ExactVectors:
    """The units of one catalogue. Thread-safe."""

    def __init__(self, catalogue: Catalogue, limit: int = EXACT_UNITS) -> None:
        """Load what the catalogue holds, if that is fewer than `limit` units."""
        self._catalogue = catalogue
        self._limit = limit
        self._lock = threading.Lock()
        self._room = _build_empty().matrix
        self._held: tuple[tuple[int, int], _Rows | None] = ((0, 0), _build_empty())
        self._follow()

    def score(self, vector: Vectors, audiences: frozenset[Audience], limit: int) -> dict[str, float] | None:
        """Return the ids of the nearest passages that these audiences may read, nearest first, with their cosines.

        A passage is as near as its nearest unit. Ties are broken by id. None if there are too many units.
        """
        rows = self._follow()
        if rows is None:
            return None
        readable = rows.find_readable(audiences)
        limit = min(limit, int(readable.sum()))
        if limit == 0:
            return {}
        near = np.where(readable, np.maximum.reduceat(rows.matrix @ vector, rows.starts), -np.inf)
        least = np.partition(near, -limit)[-limit] - _MARGIN
        # The last digits of a float32 product depend on the row's position, which differs between processes.
        exact = vector.astype(np.float64)
        found = [
            (-round(float((rows.find_units(place) @ exact).max()), _DIGITS), rows.ids[place])
            for place in np.flatnonzero(near >= least).tolist()
        ]
        return {passage_id: -distance for distance, passage_id in sorted(found)[:limit]}

    def _follow(self) -> _Rows | None:
        """Return the rows with everything written until now. Costs 0.1 ms if nothing was written."""
        state, rows = self._held
        if self._catalogue.find_state() != state:
            with self._lock:
                before, rows = self._held
                state = self._catalogue.find_state()
                if self._catalogue.count_units() >= self._limit:
                    rows, self._room = None, _build_empty().matrix
                elif rows is None:
                    rows = self._take_over(_build_empty(), 0, documents=state[1])
                elif state != before:
                    rows = self._take_over(rows, before[0], documents=state[1])
                self._held = (state, rows)
        return rows

    def _take_over(self, rows: _Rows, written: int, *, documents: int) -> _Rows:
        """Return the rows with the documents that are new or changed, without their old rows and what is gone."""
        new = self._catalogue.list_written(written)
        gone = rows.places.keys() & new.keys()
        if len(rows.places) - len(gone) + len(new) != documents:
            gone |= rows.places.keys() - self._catalogue.list_sources()
        rows = rows.without(gone)
        if 2 * rows.count_gone() > len(rows.matrix):
            self._room = _build_empty().matrix
            rows, new = _build_empty(), self._catalogue.list_written(0)
        sources = list(new)
        for start in range(0, len(sources), _BATCH):
            rows = self._add_rows(rows, new, self._catalogue.read_vectors(sources[start : start + _BATCH]))
        return rows

    def _add_rows(
        self, rows: _Rows, readers: Mapping[str, Audience], units: Mapping[str, Mapping[str, Vectors]]
    ) -> _Rows:
        """Return the rows with those of more documents: their passages by source, the vectors of these by id."""
        names = tuple(dict.fromkeys([*rows.names, *readers.values()]))
        places, ids = dict(rows.places), list(rows.ids)
        codes: list[int] = []
        blocks: list[Vectors] = []
        for source, passages in units.items():
            places[source] = slice(len(ids), len(ids) + len(passages))
            codes += [names.index(readers[source])] * len(passages)
            ids += passages.keys()
            blocks += passages.values()
        starts = len(rows.matrix) + np.cumsum([0, *map(len, blocks)])[:-1]
        return _Rows(
            self._append(rows.matrix, blocks),
            np.concatenate([rows.starts, starts]),
            np.concatenate([rows.readers, np.array(codes, dtype=np.int64)]),
            tuple(ids),
            names,
            places,
        )

    def _append(self, matrix: Vectors, blocks: Sequence[Vectors]) -> Vectors:
        """Return the matrix with the blocks below it, in its own memory while there is room."""
        if not blocks:
            return matrix
        used, needed = len(matrix), len(matrix) + sum(map(len, blocks))
        if needed > len(self._room):
            room = np.empty((max(needed, self._catalogue.count_units() * 5 // 4), blocks[0].shape[1]), np.float32)
            if used:
                room[:used] = matrix
            self._room = room
        np.concatenate(blocks, out=self._room[used:needed])
        return self._room[:needed]
