"""A BERT sentence encoder in numpy: the embedder of the running bot, without torch.

Knows one architecture: BERT with mean pooling, as all-MiniLM-L6-v2 has it. It does not train and knows nothing of
passages.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # the package has no types
from tokenizers import Encoding, Tokenizer

from retrieval.encoders.bert_layers import BertLayers, build_batch

Vectors = NDArray[np.float32]

# Small batches stay in the processor's cache: 8 takes a tenth less time than 32.
BATCH_SIZE = 8


class BertEmbedder:
    """Encodes texts with the weights of one model folder (config.json, tokenizer.json, model.safetensors)."""

    def __init__(self, folder: Path, *, name: str) -> None:
        """Load the weights. Raise `OSError` or `ValueError` where the folder does not hold such a model."""
        config = json.loads((folder / "config.json").read_text())
        if config.get("model_type") != "bert":
            raise ValueError(f"{folder.name} is no BERT model but {config.get('model_type')}")
        limits = json.loads((folder / "sentence_bert_config.json").read_text())
        self.identity = name
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(limits["max_seq_length"])
        self._blas = ThreadpoolController().select(user_api="blas")
        self._layers = BertLayers(load_file(folder / "model.safetensors"), config)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row of length 1 for each text: (n, width) float32."""
        # A question's matrices are too small to share out: on a busy machine two BLAS threads take 170 ms for what one
        # does in 40.
        if len(texts) < BATCH_SIZE:
            with self._blas.limit(limits=1):
                return self._encode_all(texts)
        return self._encode_all(texts)

    def _encode_all(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self._layers.width), dtype=np.float32)
        encodings = self._tokenizer.encode_batch(list(texts))
        by_length = sorted(range(len(texts)), key=lambda i: len(encodings[i].ids))
        for start in range(0, len(by_length), BATCH_SIZE):
            rows = by_length[start : start + BATCH_SIZE]
            vectors[rows] = self._encode_batch([encodings[i] for i in rows])
        return vectors

    def _encode_batch(self, encodings: Sequence[Encoding]) -> Vectors:
        batch = build_batch(encodings)
        states = self._layers.run(batch)
        pooled = (states * batch.present[:, :, None]).sum(axis=1) / batch.present.sum(axis=1, keepdims=True)
        unit = pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12)
        return np.asarray(unit, dtype=np.float32)
