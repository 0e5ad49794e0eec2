"""The layers of a BERT in numpy, without torch: tokens in, states out.

Importing torch takes about 10 s and 500 MiB on a small machine; these arrays take under 1 s and give the same numbers
to 1e-5 (the contract tests compare them). Knows one architecture, BERT as all-MiniLM-L6-v2 has it; does not train.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding

Vectors = NDArray[np.float32]

GELU_ROWS = 32
GELU_END = np.float32(5.6)
GELU_TERMS = np.array(  # of -logit Φ(x), for x, x³, x⁵ and so on
    [-1.595744729, -7.273252308e-2, 1.165446592e-4, 9.431381477e-5, -5.573268027e-6, 1.123484665e-7], dtype=np.float32
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Token ids, segment ids and presence (1.0: a token, 0.0: padding), each (texts, length)."""

    tokens: NDArray[np.int64]
    segments: NDArray[np.int64]
    present: Vectors


def build_batch(encodings: Sequence[Encoding]) -> Batch:
    """Return the encodings side by side, padded to the longest."""
    length = max(len(encoding.ids) for encoding in encodings)
    tokens = np.zeros((len(encodings), length), dtype=np.int64)
    segments = np.zeros_like(tokens)
    present = np.zeros((len(encodings), length), dtype=np.float32)
    for row, encoding in enumerate(encodings):
        own = len(encoding.ids)
        tokens[row, :own], segments[row, :own], present[row, :own] = encoding.ids, encoding.type_ids, 1.0
    return Batch(tokens, segments, present)


class BertLayers:
    """Embeddings and layers. `weights` are named as Hugging Face names them; `config` is the model's config.json."""

    def __init__(self, weights: Mapping[str, Vectors], config: Mapping[str, int | float | str]) -> None:
        self._weights = dict(weights)
        self._heads = int(config["num_attention_heads"])
        self._layers = int(config["num_hidden_layers"])
        self._epsilon = np.float32(config["layer_norm_eps"])
        self.width = weights["embeddings.word_embeddings.weight"].shape[1]
        for layer in range(self._layers):
            self._join_attention(f"encoder.layer.{layer}.attention.self")

    def run(self, batch: Batch) -> Vectors:
        """Return the last states of all tokens: (texts, length, width)."""
        states, bias = self._embed(batch), _mask(batch)
        for layer in range(self._layers):
            states = self._transform(layer, states, states, bias)
        return states

    def run_first(self, batch: Batch) -> Vectors:
        """Return the last states of the first tokens: (texts, width). The last layer is computed for them only."""
        states, bias = self._embed(batch), _mask(batch)
        for layer in range(self._layers - 1):
            states = self._transform(layer, states, states, bias)
        first = self._transform(self._layers - 1, states[:, :1], states, bias)
        return _as_float32(first[:, 0])

    def _embed(self, batch: Batch) -> Vectors:
        weights = self._weights
        states = weights["embeddings.word_embeddings.weight"][batch.tokens]
        states += weights["embeddings.position_embeddings.weight"][: batch.tokens.shape[1]]
        states += weights["embeddings.token_type_embeddings.weight"][batch.segments]
        return self._normalise("embeddings.LayerNorm", states)

    def _join_attention(self, name: str) -> None:
        # One product for query, key and value takes less time than three; the scale of the logits is the query's.
        scale = np.float32((self.width // self._heads) ** -0.5)
        for kind in ("weight", "bias"):
            query, key, value = (self._weights.pop(f"{name}.{part}.{kind}") for part in ("query", "key", "value"))
            self._weights[f"{name}.{kind}"] = np.concatenate([query * scale, key, value])

    def _transform(self, number: int, asking: Vectors, states: Vectors, bias: Vectors) -> Vectors:
        layer = f"encoder.layer.{number}"
        attended = self._linear(f"{layer}.attention.output.dense", self._attend(layer, asking, states, bias))
        attended += asking
        asking = self._normalise(f"{layer}.attention.output.LayerNorm", attended)
        inner = self._linear(f"{layer}.intermediate.dense", asking)
        _apply_gelu(inner.reshape(-1, inner.shape[-1]))
        out = self._linear(f"{layer}.output.dense", inner)
        out += asking
        return self._normalise(f"{layer}.output.LayerNorm", out)

    def _attend(self, layer: str, asking: Vectors, states: Vectors, bias: Vectors) -> Vectors:
        name, width = f"{layer}.attention.self", self.width
        if asking is states:
            query, key, value = np.split(self._linear(name, states), 3, axis=-1)
        else:
            query = self._linear(name, asking, rows=slice(0, width))
            key, value = np.split(self._linear(name, states, rows=slice(width, 3 * width)), 2, axis=-1)
        shares = self._split_heads(query) @ self._split_heads(key).swapaxes(-1, -2)
        shares += bias
        shares -= shares.max(axis=-1, keepdims=True)
        np.exp(shares, out=shares)
        mixed = shares @ self._split_heads(value)
        mixed /= shares.sum(axis=-1, keepdims=True)
        return _as_float32(mixed.transpose(0, 2, 1, 3).reshape(asking.shape))

    def _split_heads(self, states: Vectors) -> Vectors:
        batch, length, width = states.shape
        return states.reshape(batch, length, self._heads, width // self._heads).transpose(0, 2, 1, 3)

    def _linear(self, name: str, states: Vectors, rows: slice = slice(None)) -> Vectors:
        """Return the states through the layer of this name, or through some rows of its matrix."""
        out = states.reshape(-1, states.shape[-1]) @ self._weights[f"{name}.weight"][rows].T
        out += self._weights[f"{name}.bias"][rows]
        return out.reshape(*states.shape[:-1], -1)

    def _normalise(self, name: str, states: Vectors) -> Vectors:
        """Return the states, in their own memory, with mean 0 and deviation 1, times the weights and plus the bias."""
        states -= states.mean(axis=-1, keepdims=True)
        variance = np.einsum("...i,...i->...", states, states)[..., None] / np.float32(states.shape[-1])
        states /= np.sqrt(variance + self._epsilon)
        states *= self._weights[f"{name}.weight"]
        states += self._weights[f"{name}.bias"]
        return states


def _mask(batch: Batch) -> Vectors:
    # -1e9 before the softmax leaves a padded token no attention, as the original's mask does.
    return _as_float32(((1.0 - batch.present) * np.float32(-1e9))[:, None, None, :])


def _apply_gelu(inputs: Vectors) -> None:
    """Put the exact GELU of each input, to 2e-6, in its place; scipy's erf for it took a fourth of all the time.

    GELU(x) = x Φ(x) and Φ(x) = 1 / (1 + exp(-logit Φ(x))). The logit is odd and smooth: an odd polynomial of degree 11,
    fitted so that the largest error of x Φ(x) is smallest. Beyond ±5.6 float32 knows 0 and 1 only.
    """
    for start in range(0, len(inputs), GELU_ROWS):  # so few that all of a block stays in the processor's cache
        block = inputs[start : start + GELU_ROWS]
        x = np.clip(block, -GELU_END, GELU_END)
        square = x * x
        share = square * GELU_TERMS[-1]
        for term in GELU_TERMS[-2:0:-1]:
            share += term
            share *= square
        share += GELU_TERMS[0]
        share *= x
        np.exp(share, out=share)
        share += np.float32(1.0)
        block /= share


def _as_float32(values: NDArray[np.floating]) -> Vectors:
    return values.astype(np.float32, copy=False)
