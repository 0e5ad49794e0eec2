"""Compares the meanings of words: "guarantee" and "warranty", "price" and "costs".

The vectors are the packaged sentence encoder's embeddings of word pieces, before any layer. A look-up takes
microseconds, and works with any configured embedder. Knows nothing of lines or scores.
"""

import math
from functools import cache, lru_cache

import numpy as np
from safetensors import safe_open
from tokenizers import Tokenizer

from retrieval.encoders.embedder import default_model_folder
from retrieval.passage import Vectors

# The first thousand entries of the vocabulary are marks and single letters; those of other scripts come next.
_FIRST_WORD = 1_000
_FIRST_ENGLISH = 1_996
_TENSOR = "embeddings.word_embeddings.weight"


class WordMeanings:
    """Directions and rarities of words. Rarity, in [0, 1], comes from the vocabulary's order."""

    def __init__(self) -> None:
        folder = default_model_folder()
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        with safe_open(str(folder / "model.safetensors"), framework="numpy") as weights:
            table: Vectors = weights.get_tensor(_TENSOR)
        self._table = table.astype(np.float16)
        self._middle: Vectors = table[_FIRST_WORD:].mean(axis=0)

    def find_place(self, word: str) -> int | None:
        """Return the place of a word in small letters among English words, the most common first; None for no word."""
        number = self._tokenizer.token_to_id(word)
        return None if number is None or number < _FIRST_ENGLISH else number - _FIRST_ENGLISH

    @lru_cache(maxsize=50_000)  # noqa: B019  # one object lives as long as the process
    def look_up(self, word: str) -> tuple[Vectors, float]:
        """Return the word's direction, (width,) of length 1, and its rarity. A word of several pieces is rare."""
        pieces = self._tokenizer.encode(word, add_special_tokens=False).ids
        if not pieces:
            return np.zeros(self._middle.shape, dtype=np.float32), 0.0
        mean = (self._table[pieces].astype(np.float32) - self._middle).mean(axis=0)
        rarity = math.log(max(pieces) / _FIRST_WORD) / math.log(len(self._table) / _FIRST_WORD)
        rarity = 1.0 if len(pieces) > 1 else min(1.0, max(0.0, rarity))
        return mean / max(float(np.linalg.norm(mean)), 1e-9), rarity


@cache
def load_meanings() -> WordMeanings:
    """Return this process's only table. It takes 23 MB, and about 0.1 s the first time."""
    return WordMeanings()
