"""Chroma: the passages with the nearest units to a vector, among those that an asker may read.

Holds ids, vectors and audiences only, one vector for each unit (a sentence, a row, a short list); the words stay in the
catalogue. Chroma's errors end here.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import chromadb
import numpy as np
from chromadb.api import ClientAPI
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.api.types import Where
from chromadb.config import Settings
from chromadb.errors import ChromaError
from numpy.typing import NDArray

from retrieval.passage import Audience, Passage

Vectors = NDArray[np.float32]
_T = TypeVar("_T")

_COLLECTION = "passages"
_BATCH = 500
# How many units are asked for, for each passage wanted: about what a passage holds.
_UNITS_PER_PASSAGE = 3


class VectorsDamagedError(Exception):
    """Chroma cannot read or write its directory; `reason` is Chroma's own sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class VectorIndex:
    """One cosine collection of an embedded Chroma, with telemetry off and vectors of our own."""

    def __init__(self, folder: Path) -> None:
        """Open or create it. Raise `VectorsDamagedError` where the directory cannot be used."""
        self._folder = folder
        self._client = _translate(lambda: _open_client(folder))
        self._collection = _translate(
            lambda: self._client.get_or_create_collection(
                _COLLECTION, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
            )
        )

    def close(self) -> None:
        self._client.close()  # type: ignore[attr-defined]  # the interface lacks it, every client has it

    def count(self) -> int:
        return _translate(self._collection.count)

    def upsert(self, passage: Passage, unit_vectors: Vectors) -> None:
        """Store the vectors of a passage's units: (units, width)."""
        for start in range(0, len(unit_vectors), _BATCH):
            part = unit_vectors[start : start + _BATCH]
            _translate(
                lambda part=part, start=start: self._collection.upsert(  # type: ignore[misc]  # bound per turn
                    ids=[f"{passage.id}#{start + n}" for n in range(len(part))],
                    embeddings=part,
                    metadatas=[{"passage": passage.id, "audience": str(passage.audience)}] * len(part),
                )
            )

    def delete(self, ids: Sequence[str]) -> None:
        """Forget these passages."""
        for identity in ids:
            _translate(lambda identity=identity: self._collection.delete(where={"passage": identity}))  # type: ignore[misc]

    def rank(self, vector: Vectors, audiences: frozenset[Audience], limit: int) -> list[str]:
        """Return the ids of the passages with the nearest units for these audiences, nearest first, ties by id.

        A passage is as near as its nearest unit: one fact in it is enough to answer.
        """
        if not audiences:
            return []
        names = sorted(str(audience) for audience in audiences)
        readable: Where = {"audience": {"$in": [*names]}}  # type: ignore[dict-item]  # mypy widens "$in" to str
        found = _translate(
            lambda: self._collection.query(
                query_embeddings=vector.reshape(1, -1),
                n_results=limit * _UNITS_PER_PASSAGE,
                where=readable,
                include=["distances", "metadatas"],
            )
        )
        distances = (found["distances"] or [[]])[0]
        passages = (str(metadata["passage"]) for metadata in (found["metadatas"] or [[]])[0])
        ranked = sorted((round(distance, 5), passage) for distance, passage in zip(distances, passages, strict=True))
        return list(dict.fromkeys(passage for _, passage in ranked))[:limit]


def _open_client(folder: Path) -> ClientAPI:
    try:
        return chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))
    except ChromaError:
        # Chroma 1.5 keeps the client that failed to start, and would hand it out for this path until the process ends.
        SharedSystemClient._identifier_to_system.pop(str(folder), None)
        raise


def delete_vectors(folder: Path) -> None:
    """Remove a Chroma directory that cannot be used any more."""
    shutil.rmtree(folder, ignore_errors=True)


def _translate(call: Callable[[], _T]) -> _T:
    try:
        return call()
    except (ChromaError, OSError, RuntimeError) as error:
        raise VectorsDamagedError(str(error)) from error
