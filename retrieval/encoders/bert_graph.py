"""Builds the layers of a BERT as an onnxruntime graph, from embedded tokens to the vectors of each text.

Builds it in memory from the weights, in milliseconds, with onnxruntime's fused operators. The weights stay outside the
graph, so that nothing is exported or stored. Knows one architecture: BERT as in all-MiniLM-L6-v2.
"""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from onnx import TensorProto, helper

from retrieval.passage import Vectors

Weights = Mapping[str, Vectors]
# How a text's states become vectors: the directions of means of some of them, or the state of the first token.
Pooling = Literal["mean", "first"]

_FUSED = "com.microsoft"


class BertGraph:
    """The operators and their weights. `weights` have Hugging Face's names; `config` is the model's config.json."""

    def __init__(self, weights: Weights, config: Mapping[str, Any], pooling: Pooling) -> None:
        """Build the graph. Raise `KeyError` if a weight or a setting is missing."""
        self.weights: dict[str, Vectors] = {}
        self._given, self._heads = weights, int(config["num_attention_heads"])
        self._norm = {"axis": -1, "epsilon": config["layer_norm_eps"]}
        self._nodes: list[Any] = []
        self._pooling = pooling
        states = self._add("LayerNormalization", "embedded", *self._take_norm("embeddings"), domain="", **self._norm)
        last = int(config["num_hidden_layers"]) - 1
        for layer in range(last):
            states = self._transform(layer, states, states)
        # What only the first token's state is wanted from is computed for the first token only.
        asking = self._pick_first(states) if pooling == "first" else states
        states = self._transform(last, asking, states)
        self._output = states if pooling == "first" else self._pool_means(states)

    def serialise(self) -> bytes:
        """Return the model, which looks its weights up by name.

        Its inputs are "embedded", (texts, length, width), and "present", 32-bit integers. To pool by the first token,
        "present" is (texts, length), 1 for a token and 0 for padding; the output is (texts, 1, width). To pool by
        means, "present" is (texts, length, length), 1 if the token of the row reads that of the column; "parts",
        (texts, vectors, length), holds each token's share of each vector; the output is (texts, vectors, width).
        """
        width = len(self._given["embeddings.LayerNorm.bias"])
        embedded = helper.make_tensor_value_info("embedded", TensorProto.FLOAT, ["texts", "length", width])
        shape = ["texts", "length", "length"] if self._pooling == "mean" else ["texts", "length"]
        present = helper.make_tensor_value_info("present", TensorProto.INT32, shape)
        parts = helper.make_tensor_value_info("parts", TensorProto.FLOAT, ["texts", "vectors", "length"])
        output = helper.make_tensor_value_info(self._output, TensorProto.FLOAT, ["texts", "vectors", width])
        held = [_describe(name, values) for name, values in self.weights.items()]
        inputs = [embedded, present, parts] if self._pooling == "mean" else [embedded, present]
        graph = helper.make_graph(self._nodes, "bert", inputs, [output], held)
        versions = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
        return bytes(helper.make_model(graph, opset_imports=versions, ir_version=8).SerializeToString())

    def _transform(self, number: int, asking: str, states: str) -> str:
        layer = f"encoder.layer.{number}"
        attended = self._multiply(f"{layer}.attention.output.dense", self._attend(f"{layer}.attention", asking, states))
        asking = self._normalise(f"{layer}.attention.output", attended, asking)
        inner = self._multiply(f"{layer}.intermediate.dense", asking)
        inner = self._add("BiasGelu", inner, self._take(f"{layer}.intermediate.dense.bias"))
        return self._normalise(f"{layer}.output", self._multiply(f"{layer}.output.dense", inner), asking)

    def _attend(self, name: str, asking: str, states: str) -> str:
        query, key, value = (f"{name}.self.{part}" for part in ("query", "key", "value"))
        biases = np.concatenate([self._given[f"{part}.bias"] for part in (query, key, value)])
        return self._add(
            "MultiHeadAttention",
            self._multiply(query, asking),
            self._multiply(key, states),
            self._multiply(value, states),
            self._put(f"{name}.self.bias", biases),
            "present",
            num_heads=self._heads,
        )

    def _multiply(self, name: str, states: str) -> str:
        """Multiply the states by a layer's matrix, without its bias."""
        return self._add("FusedMatMul", states, self._take(f"{name}.weight"), transB=1)

    def _normalise(self, name: str, added: str, states: str) -> str:
        """Return the layer norm of the sum of both and of the bias that `added` lacks."""
        weights = [*self._take_norm(name), self._take(f"{name}.dense.bias")]
        return self._add("SkipLayerNormalization", added, states, *weights, epsilon=self._norm["epsilon"])

    def _pick_first(self, states: str) -> str:
        return self._add("Gather", states, self._write(0), domain="", axis=1)

    def _pool_means(self, states: str) -> str:
        """Return the sums of a text's states, scaled to length 1: sums and means have the same direction."""
        return self._add("LpNormalization", self._add("MatMul", "parts", states, domain=""), domain="", axis=2, p=2)

    def _write(self, number: int) -> str:
        return self._add("Constant", domain="", value_ints=[number])

    def _take_norm(self, name: str) -> list[str]:
        return [self._take(f"{name}.LayerNorm.{part}") for part in ("weight", "bias")]

    def _take(self, name: str) -> str:
        return self._put(name, self._given[name])

    def _put(self, name: str, values: Vectors) -> str:
        self.weights[name] = values
        return name

    def _add(self, operator: str, *inputs: str, domain: str = _FUSED, **attributes: Any) -> str:
        """Add an operator and return the name of its output."""
        output = f"{operator}.{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [output], domain=domain, **attributes))
        return output


def _describe(name: str, values: Vectors) -> TensorProto:
    """Return a tensor's name and shape; the session gets its values."""
    shape, kind = values.shape, TensorProto.FLOAT
    tensor = TensorProto(name=name, data_type=kind, dims=shape, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="memory")
    return tensor
