"""Estimates how likely a line answers a question, by reading both together.

Holds the port, the cross-encoder that `python -m models.recipes.cross_encoder.train` trains (it runs without torch),
and one for any model of sentence-transformers. Knows nothing of search or of how its scores are used.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from retrieval.encoders.bert import WORDS, BertEncoder, map_weights
from retrieval.encoders.embedder import default_model_folder

Numbers = NDArray[np.float64]
Line = tuple[str, str]  # heading path, text

MAX_TOKENS = 96
MANIFEST = "manifest.json"
OFF = "off"
_SCALE = ".scale"


class CrossEncoderError(Exception):
    """The cross-encoder cannot be used. The message says what to do."""


class CrossEncoder(Protocol):
    """Scores lines for a question. `is_calibrated`: a score is the log-odds that the line answers."""

    @property
    def is_calibrated(self) -> bool:
        """Whether a score is the log-odds that the line answers."""

    def score(self, question: str, lines: Sequence[Line]) -> Numbers:
        """Return (lines,) scores. A better answer gets a higher score."""


class MiniLmCrossEncoder:
    """The cross-encoder that Chip trains. It uses the embedder's word vectors and has layers of its own."""

    is_calibrated = True

    def __init__(self, folder: Path) -> None:
        """Load the weights. Raise `CrossEncoderError` if a file is missing or has the wrong hash."""
        words = default_model_folder()
        weights = self._load_weights(folder)
        self._head, self._bias = weights.pop("score.weight")[0], weights.pop("score.bias")[0]
        weights[WORDS] = map_weights(words / "model.safetensors")[WORDS]
        self._encoder = BertEncoder(weights, json.loads((words / "config.json").read_text()), "first")
        self._tokenizer = Tokenizer.from_file(str(words / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS, strategy="longest_first")

    @staticmethod
    def _load_weights(folder: Path) -> dict[str, NDArray[np.float32]]:
        try:
            manifest = json.loads((folder / MANIFEST).read_text())
            data = (folder / "model.safetensors").read_bytes()
        except (OSError, ValueError) as error:
            raise CrossEncoderError(f"The cross-encoder in {folder} cannot be read ({error}). {_MEND}") from error
        if hashlib.sha256(data).hexdigest() != manifest.get("sha256"):
            raise CrossEncoderError(f"The cross-encoder in {folder} is damaged: its hash differs. {_MEND}")
        return unpack(load_file(folder / "model.safetensors"))

    def score(self, question: str, lines: Sequence[Line]) -> Numbers:
        """Return the log-odds, (lines,), that each line answers. Takes about 12 ms a line on one core."""
        encodings = self._tokenizer.encode_batch([(question, f"{heading}: {text}") for heading, text in lines])
        return np.asarray(self._encoder.encode(encodings) @ self._head + self._bias, dtype=np.float64)


def pack(weights: Mapping[str, Numbers | NDArray[np.float32]]) -> dict[str, NDArray[Any]]:
    """Return the weights as stored: matrices as int8 with a scale per row, all else in half precision."""
    packed: dict[str, NDArray[Any]] = {}
    for name, value in weights.items():
        if value.ndim == 2:
            scale = np.maximum(np.abs(value).max(axis=1, keepdims=True) / 127.0, 1e-8).astype(np.float32)
            packed[name] = np.rint(value / scale).astype(np.int8)
            packed[f"{name}{_SCALE}"] = scale
        else:
            packed[name] = value.astype(np.float16)
    return packed


def unpack(packed: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """Return packed weights in single precision."""
    values = {name: value.astype(np.float32) for name, value in packed.items() if not name.endswith(_SCALE)}
    return {name: value * packed.get(f"{name}{_SCALE}", np.float32(1.0)) for name, value in values.items()}


class SentenceTransformersCrossEncoder:
    """Any cross-encoder that sentence-transformers can load: a local folder, or a name in the local cache of the hub.

    The constructor imports torch, which takes about 10 s and 500 MiB on a small machine.
    """

    is_calibrated = False

    def __init__(self, model: str, *, offline: bool = True) -> None:
        """Load the model. Raise `CrossEncoderError` if there is none."""
        if offline:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from sentence_transformers import CrossEncoder as Model

        try:
            self._model = Model(model, device="cpu", max_length=MAX_TOKENS)
        except (OSError, ValueError) as error:
            raise CrossEncoderError(f"No cross-encoder can be loaded from '{model}' ({error}). {_MEND}") from error

    def score(self, question: str, lines: Sequence[Line]) -> Numbers:
        """Return (lines,) scores on the model's own scale."""
        if not lines:
            return np.zeros(0)
        pairs = [(question, f"{heading}: {text}") for heading, text in lines]
        scores = np.asarray(self._model.predict(pairs, show_progress_bar=False), dtype=np.float64)
        return scores if scores.ndim == 1 else scores[:, -1]


def load_cross_encoder(model: str) -> CrossEncoder | None:
    """Return Chip's own for a folder with its manifest, None for "off", else one of sentence-transformers.

    Raise `CrossEncoderError` if it cannot be used.
    """
    if model == OFF:
        return None
    folder = Path(model)
    return MiniLmCrossEncoder(folder) if (folder / MANIFEST).exists() else SentenceTransformersCrossEncoder(model)


_MEND = 'Set knowledge.cross_encoder to a folder that holds one, or to "off".'
