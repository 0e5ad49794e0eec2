"""Runs a BERT on onnxruntime, without torch: turns tokenised texts into vectors.

Importing torch takes about 10 s and 500 MiB on a small machine. This takes less than 1 s, and its numbers differ by
less than 1e-5 (contract tests compare them). It does not train. Knows nothing of what the vectors are for.
"""

import json
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # the package has no types
from numpy.typing import NDArray
from tokenizers import Encoding

from retrieval.encoders.bert_graph import BertGraph, Pooling, Weights
from retrieval.passage import Vectors

WORDS = "embeddings.word_embeddings.weight"
# Small batches stay in the processor's cache and hold less padding: eight sentences take a tenth more time than four.
BATCH_TOKENS = 256
# Threads that read documents in give way to answers: where both want a core, the kernel gives answers three quarters.
NICENESS = 5
_NONE = np.zeros((0, 0), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class TokenisedText:
    """The tokens of a text with their positions, and which of them make up its vectors.

    `parts` is (vectors, tokens): 1 for each token whose state is part of the vector's mean. `reads` is the attention
    mask: (tokens, tokens), 1 if the token of the row reads that of the column, or (1, tokens) if all read the same.
    """

    tokens: Sequence[int]
    segments: Sequence[int]
    places: Sequence[int]
    parts: Vectors
    reads: NDArray[np.int32]


class BertEncoder:
    """One loaded model. Safe to use from many threads."""

    def __init__(self, weights: Weights, config: Mapping[str, Any], pooling: Pooling, *, threads: int = 1) -> None:
        """Load the weights. `threads` threads encode several batches; a single batch runs in the caller's thread."""
        graph = BertGraph(weights, config, pooling)
        options = onnxruntime.SessionOptions()
        # A question's matrices are too small to share out, and threads that wait for each other spin.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(values) for values in graph.weights.values()]
        options.add_external_initializers(list(graph.weights), values)
        self._session = onnxruntime.InferenceSession(graph.serialise(), options, providers=["CPUExecutionProvider"])
        tables = (f"embeddings.{kind}_embeddings.weight" for kind in ("word", "position", "token_type"))
        self._words, self._positions, self._segments = (weights[name] for name in tables)
        self._threads = threads
        self._pooling = pooling

    def encode(self, encodings: Sequence[Encoding]) -> Vectors:
        """Return (texts, width)."""
        vectors = self.encode_parts([_take_whole(encoding) for encoding in encodings])
        return np.concatenate(vectors) if vectors else np.zeros((0, self._words.shape[1]), dtype=np.float32)

    def encode_parts(self, texts: Sequence[TokenisedText]) -> list[Vectors]:
        """Return (vectors, width) for each text."""
        vectors = [_NONE] * len(texts)

        def read(rows: Sequence[int]) -> None:
            for row, own in zip(rows, self._run([texts[i] for i in rows]), strict=True):
                vectors[row] = own

        batches = _batch([len(text.tokens) for text in texts])
        if self._threads == 1 or len(batches) < 2:
            for rows in batches:
                read(rows)
        else:
            with ThreadPoolExecutor(self._threads, "chip-encode", initializer=_give_way) as pool:
                list(pool.map(read, batches))
        return vectors

    def _run(self, texts: Sequence[TokenisedText]) -> list[Vectors]:
        length = max(len(text.tokens) for text in texts)
        tokens, segments, places = np.zeros((3, len(texts), length), dtype=np.int32)
        present = np.zeros((len(texts), length, length), dtype=np.int32)
        parts = np.zeros((len(texts), max(len(text.parts) for text in texts), length), dtype=np.float32)
        for row, text in enumerate(texts):
            own = len(text.tokens)
            tokens[row, :own], segments[row, :own], places[row, :own] = text.tokens, text.segments, text.places
            parts[row, : len(text.parts), :own] = text.parts
            present[row, :own, :own] = text.reads
        # Looked up here: onnxruntime would keep a copy of the words, which are more than half of the weights.
        embedded = self._words[tokens] + self._positions[places] + self._segments[segments]
        inputs = {"embedded": embedded, "present": present, "parts": parts}
        if self._pooling == "first":
            inputs = {"embedded": embedded, "present": present[:, 0]}
        (vectors,) = self._session.run(None, inputs)
        return [np.asarray(own[: len(text.parts)], dtype=np.float32) for own, text in zip(vectors, texts, strict=True)]


def map_weights(path: Path) -> dict[str, Vectors]:
    """Return the float32 tensors of a safetensors file, mapped into memory.

    Everybody who maps the file shares its memory. Raise `OSError` or `ValueError` if it is missing or truncated.
    """
    data = np.memmap(path, np.uint8, "r")
    start = 8 + int.from_bytes(data[:8].tobytes(), "little")
    tensors = {name: entry for name, entry in json.loads(data[8:start].tobytes()).items() if name != "__metadata__"}
    if start + max(entry["data_offsets"][1] for entry in tensors.values()) > len(data):
        raise ValueError(f"{path} is cut short")
    return {
        name: data[start:][slice(*entry["data_offsets"])].view(np.float32).reshape(entry["shape"])
        for name, entry in tensors.items()
        if entry["dtype"] == "F32"
    }


def _take_whole(encoding: Encoding) -> TokenisedText:
    """Return a text with one vector, in which every token reads all others."""
    count = len(encoding.ids)
    parts, reads = np.ones((1, count), dtype=np.float32), np.ones((1, count), dtype=np.int32)
    return TokenisedText(encoding.ids, encoding.type_ids, range(count), parts, reads)


def _batch(lengths: Sequence[int]) -> list[list[int]]:
    """Group the positions of texts of similar length, longest first: padding costs as much as words."""
    batches: list[list[int]] = []
    room = 0
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        if room < 1:
            batches.append([])
            room = BATCH_TOKENS // lengths[number]
        batches[-1].append(number)
        room -= 1
    return batches


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere a thread has no priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
