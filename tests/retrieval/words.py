"""An embedder without a model: texts that share words point the same way. For tests that ask thousands of questions."""

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders.embedder import encode_apart
from retrieval.passage import Stretch

WIDTH = 64


class WordEmbedder:
    """Each word is a fixed random direction; a text is the sum of its words, of length 1."""

    model_id = "words"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), WIDTH), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.casefold()):
                seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
                row += np.random.default_rng(seed).standard_normal(WIDTH, dtype=np.float32)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        rows /= np.maximum(lengths, 1e-6)
        return rows

    def encode_units(self, stretches: Sequence[Stretch]) -> list[NDArray[np.float32]]:
        return encode_apart(self, stretches)
