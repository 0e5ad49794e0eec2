"""Writes a trained LoRA as the GGUF adapter that llama.cpp loads. Knows nothing of training or of the gate."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

from retrain.bases.gguf_layout import permute_qk
from retrain.errors import ExportError

PEFT_PREFIX = "base_model.model."

# Hugging Face model types and llama.cpp's names of them; only the llama family rotates neighbouring rows.
_ARCHITECTURES = {
    "llama": "llama",
    "mistral": "llama",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "gemma3_text": "gemma3",
    "phi3": "phi3",
}
_PERMUTED = frozenset({"llama"})


@dataclass(frozen=True, slots=True)
class BaseShape:
    """What the layout of a LoRA depends on: Hugging Face's model type, layers, and heads of queries and of keys."""

    model_type: str
    layers: int
    heads: int
    key_heads: int

    @property
    def architecture(self) -> str:
        """llama.cpp's name of the architecture. Raises `ExportError` for an unknown one."""
        try:
            return _ARCHITECTURES[self.model_type]
        except KeyError as error:
            known = ", ".join(sorted(_ARCHITECTURES))
            raise ExportError(f"Adapters of {self.model_type} models cannot be exported; known are {known}.") from error


def read_shape(config: Any) -> BaseShape:
    """Return the shape that a Hugging Face configuration describes."""
    return BaseShape(
        config.model_type, config.num_hidden_layers, config.num_attention_heads, config.num_key_value_heads
    )


def export_adapter(weights: Mapping[str, NDArray[np.float32]], shape: BaseShape, alpha: float, path: Path) -> int:
    """Write PEFT's LoRA weights to `path` and return the number of layers that they adapt.

    `weights` maps PEFT's names ("base_model.model.<module>.lora_A.weight", shape (rank, in); "...lora_B.weight",
    shape (out, rank)) to float32 arrays. llama.cpp scales by `alpha` / rank, as PEFT does. Raises `ExportError`.
    """
    pairs = _pair(weights)
    if not pairs:
        raise ExportError("The weights hold no LoRA matrices.")
    writer = gguf.GGUFWriter(path, shape.architecture)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, alpha)
    for module, (down, up) in sorted(pairs.items()):
        name = _tensor_name(module, shape)
        writer.add_tensor(f"{name}.lora_a", np.ascontiguousarray(down))
        writer.add_tensor(f"{name}.lora_b", np.ascontiguousarray(_reorder(module, up, shape)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return len(pairs)


def _pair(
    weights: Mapping[str, NDArray[np.float32]],
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    downs = {_module(name): array for name, array in weights.items() if name.endswith(".lora_A.weight")}
    ups = {_module(name): array for name, array in weights.items() if name.endswith(".lora_B.weight")}
    if downs.keys() != ups.keys() or len(downs) + len(ups) != len(weights):
        raise ExportError("The weights are not pairs of lora_A and lora_B.")
    return {module: (down, ups[module]) for module, down in downs.items()}


def _module(name: str) -> str:
    return name.removeprefix(PEFT_PREFIX).rpartition(".lora_")[0]


def _tensor_name(module: str, shape: BaseShape) -> str:
    architecture = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == shape.architecture)
    name = gguf.get_tensor_name_map(architecture, shape.layers).get_name(f"{module}.weight", (".weight",))
    if name is None:
        raise ExportError(f"llama.cpp has no tensor for {module}.")
    return name


def _reorder(module: str, up: NDArray[np.float32], shape: BaseShape) -> NDArray[np.float32]:
    if shape.architecture not in _PERMUTED:
        return up
    if module.endswith(".q_proj"):
        return permute_qk(up, shape.heads).astype(np.float32, copy=False)
    if module.endswith(".k_proj"):
        return permute_qk(up, shape.key_heads).astype(np.float32, copy=False)
    return up
