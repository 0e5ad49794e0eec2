"""Chroma: the nearest passages to a vector, among those that an asker may read.

Holds ids, vectors and audiences only; the words stay in the catalogue. Chroma's errors end here.
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

    def upsert(self, passages: Sequence[Passage], vectors: Vectors) -> None:
        """Store one vector (width,) for each passage: (n, width)."""
        for start in range(0, len(passages), _BATCH):
            part = passages[start : start + _BATCH]
            _translate(
                lambda part=part, start=start: self._collection.upsert(  # type: ignore[misc]  # bound per turn
                    ids=[passage.id for passage in part],
                    embeddings=vectors[start : start + _BATCH],
                    metadatas=[{"audience": str(passage.audience)} for passage in part],
                )
            )

    def delete(self, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), _BATCH):
            part = list(ids[start : start + _BATCH])
            _translate(lambda part=part: self._collection.delete(ids=part))  # type: ignore[misc]  # bound per turn

    def rank(self, vector: Vectors, audiences: frozenset[Audience], limit: int) -> list[str]:
        """Return the ids of the nearest passages for these audiences, nearest first, ties by id."""
        if not audiences:
            return []
        names = sorted(str(audience) for audience in audiences)
        readable: Where = {"audience": {"$in": [*names]}}  # type: ignore[dict-item]  # mypy widens "$in" to str
        found = _translate(
            lambda: self._collection.query(
                query_embeddings=vector.reshape(1, -1),
                n_results=limit,
                where=readable,
                include=["distances"],
            )
        )
        distances = (found["distances"] or [[]])[0]
        ranked = sorted(
            (round(distance, 5), identity) for identity, distance in zip(found["ids"][0], distances, strict=True)
        )
        return [identity for _, identity in ranked]


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
