"""What tokens mean, before any training: directions in which words of like meaning are alike.

Taken from the product's own sentence embedder, one word at a time, and reduced by principal components. Knows nothing
of the model that they start.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models.recipes.chip_nano.tokenizer import list_tokens
from retrieval.encoders.embedder import Embedder

WIDTH = 64
_SPACE = "Ġ"


def build_meanings(tokenizer: Tokenizer, embedder: Embedder) -> torch.Tensor:
    """Return (vocabulary, 64) rows of length 1; pieces of words, digits and marks have no meaning and stay 0."""
    texts = list_tokens(tokenizer)
    words = [index for index, text in enumerate(texts) if _is_word(text)]
    vectors = _encode_in_batches([texts[index].lstrip(_SPACE).lower() for index in words], embedder)
    centred = vectors - vectors.mean(0)
    components = np.linalg.svd(centred, full_matrices=False)[2][:WIDTH]
    reduced = centred @ components.T
    meanings = torch.zeros(len(texts), WIDTH)
    meanings[words, : reduced.shape[1]] = torch.from_numpy(reduced / np.linalg.norm(reduced, axis=1, keepdims=True))
    return meanings


def _is_word(text: str) -> bool:
    """Whether a token starts a word: a space before it, or a capital."""
    word = text.lstrip(_SPACE)
    return len(word) > 2 and word.isalpha() and word.isascii() and (text != word or word[0].isupper())


def _encode_in_batches(texts: list[str], embedder: Embedder, size: int = 256) -> NDArray[np.float32]:
    return np.concatenate([embedder.encode(texts[first : first + size]) for first in range(0, len(texts), size)])
