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
from chromadb.api.types import Metadata, Where
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

    def upsert(self, entries: Sequence[tuple[Passage, Vectors]]) -> None:
        """Store the vectors of passages' units, (units, width) for each passage."""
        ids = [f"{passage.id}#{n}" for passage, vectors in entries for n in range(len(vectors))]
        labels: list[Metadata] = [
            {"passage": passage.id, "audience": passage.audience.value}
            for passage, vectors in entries
            for _ in range(len(vectors))
        ]
        rows = [vectors for _, vectors in entries if len(vectors)]
        together = np.concatenate(rows) if rows else np.zeros((0, 0), dtype=np.float32)
        for start in range(0, len(ids), _BATCH):
            part = slice(start, start + _BATCH)
            _translate(
                lambda part=part: self._collection.upsert(  # type: ignore[misc]  # bound per turn
                    ids=ids[part], embeddings=together[part], metadatas=labels[part]
                )
            )

    def delete(self, ids: Sequence[str]) -> None:
        """Forget these passages."""
        for start in range(0, len(ids), _BATCH):
            part = list(ids[start : start + _BATCH])
            chosen: Where = {"passage": {"$in": [*part]}}  # type: ignore[dict-item]  # mypy widens "$in" to str
            _translate(lambda chosen=chosen: self._collection.delete(where=chosen))  # type: ignore[misc]

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
        labels = (found["metadatas"] or [[]])[0]
        # A unit that is deleted while Chroma answers comes without its label.
        ranked = sorted(
            (round(distance, 5), str(label["passage"]))
            for distance, label in zip(distances, labels, strict=True)
            if label is not None and distance is not None
        )
        return list(dict.fromkeys(passage for _, passage in ranked))[:limit]


def _open_client(folder: Path) -> ClientAPI:
    try:
        return chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))
    except ChromaError:
        # Chroma 1.5 keeps the client that failed to start, and would hand it out for this path until the process ends.
        SharedSystemClient._identifier_to_system.pop(str(folder), None)
        raise


def delete_vectors(folder: Path) -> None:
    """Remove a Chroma directory, or what stands in its place, that cannot be used any more."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
    else:
        folder.unlink(missing_ok=True)


def _translate(call: Callable[[], _T]) -> _T:
    try:
        return call()
    except (ChromaError, OSError, RuntimeError) as error:
        raise VectorsDamagedError(str(error)) from error
