"""A BERT on onnxruntime, without torch: tokenised texts in, one vector for each out.

Importing torch takes about 10 s and 500 MiB on a small machine; this takes under 1 s and gives the same numbers to 1e-5
(the contract tests compare them). It does not train and knows nothing of what the vectors are for.
"""

import json
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # the package has no types
from tokenizers import Encoding

from retrieval.encoders.bert_graph import BertGraph, Pooling, Weights
from retrieval.passage import Vectors

WORDS = "embeddings.word_embeddings.weight"
# Small batches stay in the processor's cache and hold less padding: 8 takes a tenth more time, 12 a fourth.
BATCH_SIZE = 4
# Threads that read documents in give way to answers: where both want a core, the kernel gives answers three quarters.
NICENESS = 5


class BertEncoder:
    """One loaded model. Safe to use from many threads."""

    def __init__(self, weights: Weights, config: Mapping[str, Any], pooling: Pooling, *, threads: int = 1) -> None:
        """Load the weights. `threads` of them read more texts than one batch holds; the caller's own reads the rest."""
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

    def encode(self, encodings: Sequence[Encoding]) -> Vectors:
        """Return (texts, width). Texts of like length are read together: padding costs as much as words."""
        vectors = np.zeros((len(encodings), self._words.shape[1]), dtype=np.float32)
        by_length = sorted(range(len(encodings)), key=lambda i: len(encodings[i].ids), reverse=True)
        batches = [by_length[start : start + BATCH_SIZE] for start in range(0, len(by_length), BATCH_SIZE)]

        def read(rows: Sequence[int]) -> None:
            vectors[rows] = self._run([encodings[i] for i in rows])

        if self._threads == 1 or len(batches) < 2:
            for rows in batches:
                read(rows)
        else:
            with ThreadPoolExecutor(self._threads, "chip-encode", initializer=_give_way) as pool:
                list(pool.map(read, batches))
        return vectors

    def _run(self, encodings: Sequence[Encoding]) -> Vectors:
        length = max(len(encoding.ids) for encoding in encodings)
        tokens, segments, present = np.zeros((3, len(encodings), length), dtype=np.int32)
        for row, encoding in enumerate(encodings):
            own = len(encoding.ids)
            tokens[row, :own], segments[row, :own], present[row, :own] = encoding.ids, encoding.type_ids, 1
        # Looked up here: onnxruntime would keep a copy of the words, which are more than half of the weights.
        embedded = self._words[tokens] + self._positions[:length] + self._segments[segments]
        (vectors,) = self._session.run(None, {"embedded": embedded, "present": present})
        return np.asarray(vectors[:, 0], dtype=np.float32)


def map_weights(path: Path) -> dict[str, Vectors]:
    """Return the float32 tensors of a safetensors file, which the system reads as they are used.

    All that map one file share its memory. Raise `OSError` or `ValueError` where the file is missing or cut.
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


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere a thread has no priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
