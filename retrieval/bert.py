"""A BERT sentence encoder in numpy: the embedder of the running bot, without torch.

Importing sentence-transformers takes about 10 s and 500 MiB on a small machine; these arrays take under 1 s and 130 MiB
and give the same vectors to 1e-5 (the contract test compares them). Knows one architecture: BERT with mean pooling,
as all-MiniLM-L6-v2 has it. It does not train and knows nothing of passages.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from scipy.special import erf  # type: ignore[import-untyped]  # scipy has no types
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # the package has no types
from tokenizers import Tokenizer

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
        self._heads: int = config["num_attention_heads"]
        self._layers: int = config["num_hidden_layers"]
        self._epsilon = np.float32(config["layer_norm_eps"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(limits["max_seq_length"])
        self._blas = ThreadpoolController().select(user_api="blas")
        self._weights: dict[str, Vectors] = load_file(folder / "model.safetensors")

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row of length 1 for each text: (n, width) float32."""
        # A question's matrices are too small to share out: on a busy machine two BLAS threads take 170 ms for what one
        # does in 40.
        if len(texts) < BATCH_SIZE:
            with self._blas.limit(limits=1):
                return self._encode_all(texts)
        return self._encode_all(texts)

    def _encode_all(self, texts: Sequence[str]) -> Vectors:
        width = self._weights["embeddings.word_embeddings.weight"].shape[1]
        vectors = np.zeros((len(texts), width), dtype=np.float32)
        encodings = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        by_length = sorted(range(len(texts)), key=lambda i: len(encodings[i]))
        for start in range(0, len(by_length), BATCH_SIZE):
            rows = by_length[start : start + BATCH_SIZE]
            vectors[rows] = self._encode_batch([encodings[i] for i in rows])
        return vectors

    def _encode_batch(self, batch: list[list[int]]) -> Vectors:
        length = max(len(ids) for ids in batch)
        tokens = np.zeros((len(batch), length), dtype=np.int64)
        present = np.zeros((len(batch), length), dtype=np.float32)
        for row, ids in enumerate(batch):
            tokens[row, : len(ids)] = ids
            present[row, : len(ids)] = 1.0
        states = self._embed(tokens)
        # -1e9 before the softmax leaves a padded token no attention, as the original's mask does.
        bias = ((1.0 - present) * np.float32(-1e9))[:, None, None, :]
        for layer in range(self._layers):
            states = self._transform(f"encoder.layer.{layer}", states, bias)
        pooled = (states * present[:, :, None]).sum(axis=1) / present.sum(axis=1, keepdims=True)
        return _as_float32(pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12))

    def _embed(self, tokens: NDArray[np.int64]) -> Vectors:
        weights = self._weights
        states = weights["embeddings.word_embeddings.weight"][tokens]
        states = states + weights["embeddings.position_embeddings.weight"][: tokens.shape[1]]
        states = states + weights["embeddings.token_type_embeddings.weight"][0]
        return self._normalise("embeddings.LayerNorm", states)

    def _transform(self, layer: str, states: Vectors, bias: Vectors) -> Vectors:
        attended = self._linear(f"{layer}.attention.output.dense", self._attend(layer, states, bias))
        states = self._normalise(f"{layer}.attention.output.LayerNorm", states + attended)
        inner = self._linear(f"{layer}.intermediate.dense", states)
        inner *= _gelu_share(inner)
        return self._normalise(f"{layer}.output.LayerNorm", states + self._linear(f"{layer}.output.dense", inner))

    def _attend(self, layer: str, states: Vectors, bias: Vectors) -> Vectors:
        query, key, value = (
            self._split_heads(self._linear(f"{layer}.attention.self.{part}", states))
            for part in ("query", "key", "value")
        )
        logits = query @ key.swapaxes(-1, -2) * np.float32(query.shape[-1] ** -0.5) + bias
        logits -= logits.max(axis=-1, keepdims=True)
        shares = np.exp(logits)
        shares /= shares.sum(axis=-1, keepdims=True)
        return _as_float32((shares @ value).transpose(0, 2, 1, 3).reshape(states.shape))

    def _split_heads(self, states: Vectors) -> Vectors:
        batch, length, width = states.shape
        return states.reshape(batch, length, self._heads, width // self._heads).transpose(0, 2, 1, 3)

    def _linear(self, name: str, states: Vectors) -> Vectors:
        flat = states.reshape(-1, states.shape[-1])
        out = flat @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return _as_float32(out.reshape(*states.shape[:-1], -1))

    def _normalise(self, name: str, states: Vectors) -> Vectors:
        centred = states - states.mean(axis=-1, keepdims=True)
        scale = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + self._epsilon)
        return _as_float32(centred / scale * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"])


def _gelu_share(inputs: Vectors) -> Vectors:
    """Return the share of each input that the exact GELU passes on; in one buffer, as it is a fifth of all the time."""
    share = inputs * np.float32(0.5**0.5)
    erf(share, out=share)
    share += np.float32(1.0)
    share *= np.float32(0.5)
    return share


def _as_float32(values: NDArray[np.floating]) -> Vectors:
    return values.astype(np.float32, copy=False)
