"""Chroma: finds the passages with the units nearest to a vector, among those that an asker may read.

Holds only ids and vectors, separately for each audience, with one vector for each unit (a sentence, a row, a short
list). The catalogue holds the words. Chroma's errors are translated here.
"""

import shutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import chromadb
import numpy as np
from chromadb.api import ClientAPI
from chromadb.api.models.Collection import Collection
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.config import Settings
from chromadb.errors import ChromaError

from retrieval.passage import Audience, Passage, Vectors

_T = TypeVar("_T")

_BATCH = 500
# How many units are asked for per wanted passage: about as many as a passage holds.
_UNITS_PER_PASSAGE = 3


class VectorsDamagedError(Exception):
    """Chroma cannot read or write its directory. `reason` is Chroma's own sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Stored:
    """What Chroma holds of one passage: how many units, in which audience's collection."""

    passage_id: str
    audience: Audience
    units: int


class VectorIndex:
    """A cosine collection for each audience in an embedded Chroma, with telemetry off and our own vectors.

    A filter on one collection would cost time for every passage that passes it: 25 ms of processor time for 10,000
    vectors. Separate collections take 3.
    """

    def __init__(self, folder: Path) -> None:
        """Open or create it. Raise `VectorsDamagedError` if the directory cannot be used."""
        self._folder = folder
        self._client = _translate(lambda: _open_client(folder))
        self._collections: dict[Audience, Collection] = {}
        _translate(self._client.list_collections)

    def close(self) -> None:
        self._client.close()  # type: ignore[attr-defined]  # the interface lacks it, every client has it

    def count(self) -> int:
        """Return the number of vectors, one for each unit."""
        return _translate(lambda: sum(collection.count() for collection in self._client.list_collections()))

    def upsert(self, entries: Sequence[tuple[Passage, Vectors]]) -> None:
        """Store the vectors of passages' units, (units, width) for each passage."""
        by_audience: dict[Audience, list[tuple[Passage, Vectors]]] = defaultdict(list)
        for passage, vectors in entries:
            by_audience[passage.audience].append((passage, vectors))
        for audience, own in by_audience.items():
            ids = [unit_id for passage, vectors in own for unit_id in _name_units(passage.id, len(vectors))]
            together = np.concatenate([vectors for _, vectors in own])
            for start in range(0, len(ids), _BATCH):
                part = slice(start, start + _BATCH)
                self._on(audience, lambda held, p=part, i=ids, t=together: held.upsert(ids=i[p], embeddings=t[p]))  # type: ignore[misc]

    def delete(self, stored: Sequence[Stored]) -> None:
        """Forget these passages."""
        by_audience: dict[Audience, list[str]] = defaultdict(list)
        for one in stored:
            by_audience[one.audience] += _name_units(one.passage_id, one.units)
        for audience, ids in by_audience.items():
            for start in range(0, len(ids), _BATCH):
                part = ids[start : start + _BATCH]
                self._on(audience, lambda held, part=part: held.delete(ids=part))  # type: ignore[misc]  # bound per turn

    def score(self, vector: Vectors, audiences: frozenset[Audience], limit: int) -> dict[str, float]:
        """Return the ids of the passages with the nearest units for these audiences, nearest first, with their cosines.

        Ties are broken by id. A passage is as near as its nearest unit, because one fact in it is enough to answer.
        """
        near: list[tuple[float, str]] = []
        for audience in sorted(audiences):
            near += self._find_units(audience, vector, limit * _UNITS_PER_PASSAGE)
        nearest: dict[str, float] = {}
        for distance, passage in sorted(near):
            nearest.setdefault(passage, 1.0 - distance)
        return dict(islice(nearest.items(), limit))

    def _find_units(self, audience: Audience, vector: Vectors, limit: int) -> list[tuple[float, str]]:
        """Return the distance and the passage of each of the nearest units for one audience."""
        found = self._on(
            audience,
            lambda held: held.query(query_embeddings=vector.reshape(1, -1), n_results=limit, include=["distances"]),
        )
        distances = (found["distances"] or [[]])[0]
        units = zip(distances, found["ids"][0], strict=True)
        # A unit that is deleted while Chroma answers may come without its distance.
        return [(round(distance, 5), unit.partition("#")[0]) for distance, unit in units if distance is not None]

    def _on(self, audience: Audience, use: Callable[[Collection], _T]) -> _T:
        """Use the collection of one audience, and create it if it is missing."""

        def act() -> _T:
            held = self._collections.get(audience)
            if held is None:
                held = self._client.get_or_create_collection(
                    f"units.{audience.value.replace(':', '.')}.all",
                    embedding_function=None,
                    configuration={"hnsw": {"space": "cosine"}},
                )
                self._collections[audience] = held
            return use(held)

        return _translate(act)


def _name_units(passage_id: str, count: int) -> list[str]:
    return [f"{passage_id}#{number}" for number in range(count)]


def _open_client(folder: Path) -> ClientAPI:
    try:
        return chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))
    except ChromaError:
        # Chroma 1.5 keeps the client that failed to start, and would return it for this path until the process ends.
        SharedSystemClient._identifier_to_system.pop(str(folder), None)
        raise


def delete_vectors(folder: Path) -> None:
    """Remove a Chroma directory, or a file in its place, that can no longer be used."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
    else:
        folder.unlink(missing_ok=True)


def _translate(call: Callable[[], _T]) -> _T:
    try:
        return call()
    except (ChromaError, OSError, RuntimeError) as error:
        raise VectorsDamagedError(str(error)) from error
