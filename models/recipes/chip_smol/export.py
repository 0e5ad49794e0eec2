"""From a trained adapter to what ships and what is served: the LoRA in both forms, and the GGUF with it merged.

Merging adds the LoRA to the base's dequantised weights in llama.cpp's own layout. Then `llama_model_quantize` makes the
served file. Knows nothing of training.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import gguf
import llama_cpp
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from retrain.export import PEFT_PREFIX, BaseShape, export_adapter
from retrain.gguf_layout import gguf_tensor_name, permute_qk

ADAPTER_NAME = "adapter_model.safetensors"
CONFIG_NAME = "adapter_config.json"
GGUF_ADAPTER_NAME = "chip-smol-lora.gguf"
MOST_BYTES = 25_000_000
_FILE_TYPES = {"q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0, "q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0}


class AdapterTooLargeError(Exception):
    """An adapter is larger than what may ship. The message says by how much."""


@dataclass(frozen=True, slots=True)
class Lora:
    """A trained adapter: PEFT's weights by name, its scale's numerator and its rank."""

    weights: Mapping[str, NDArray[np.float32]]
    alpha: float
    rank: int


def read_state(path: Path, *, alpha: float) -> Lora:
    """Return the adapter of a training state."""
    adapter = torch.load(path, map_location="cpu", weights_only=True)["adapter"]
    weights = {name: value.float().numpy() for name, value in adapter.items()}
    return Lora(weights, alpha, next(v.shape[0] for name, v in weights.items() if ".lora_A." in name))


def save_lora(lora: Lora, folder: Path, *, base: str) -> None:
    """Write the adapter as PEFT reads it, in half precision. Raise `AdapterTooLargeError` beyond 25 MB."""
    size = sum(value.size for value in lora.weights.values()) * 2
    if size > MOST_BYTES:
        raise AdapterTooLargeError(f"The adapter has {size:,} bytes; {MOST_BYTES:,} may ship. Train a smaller rank.")
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.astype(np.float16) for name, value in lora.weights.items()}, folder / ADAPTER_NAME)
    modules = sorted({name.split(".lora_")[0].rpartition(".")[2] for name in lora.weights})
    layers = sorted({int(name.split(".layers.")[1].split(".")[0]) for name in lora.weights})
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": lora.rank,
        "lora_alpha": lora.alpha,
        "target_modules": modules,
        "layers_to_transform": layers,
        "inference_mode": True,
    }
    (folder / CONFIG_NAME).write_text(json.dumps(config, indent=2) + "\n")


def load_lora(folder: Path) -> Lora:
    """Return the adapter that `save_lora` wrote."""
    config = json.loads((folder / CONFIG_NAME).read_text())
    weights = {name: value.astype(np.float32) for name, value in load_file(folder / ADAPTER_NAME).items()}
    return Lora(weights, config["lora_alpha"], config["r"])


def merge(base: Path, lora: Lora | None, path: Path, form: Literal["q8_0", "q4_0"] = "q8_0") -> Path:
    """Write the base with the adapter merged, quantized, to `path`. Takes seconds, and half a gigabyte meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(".f16.part")
    _write_merged(base, _find_deltas(lora, read_shape(base)) if lora else {}, whole)
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = _FILE_TYPES[form]
    unfinished = path.with_suffix(".part")
    failed = llama_cpp.llama_model_quantize(str(whole).encode(), str(unfinished).encode(), parameters)
    whole.unlink()
    if failed:
        unfinished.unlink(missing_ok=True)
        raise RuntimeError(f"llama.cpp could not quantize the merged model (error {failed}).")
    unfinished.replace(path)
    return path


def read_shape(base: Path) -> BaseShape:
    """Return the shape of a llama in a GGUF."""
    fields = gguf.GGUFReader(base).fields
    counts = ("block_count", "attention.head_count", "attention.head_count_kv")
    return BaseShape("llama", *(int(fields[f"llama.{count}"].contents()) for count in counts))


def _find_deltas(lora: Lora, shape: BaseShape) -> dict[str, NDArray[np.float32]]:
    """Return what is added to each tensor of the GGUF, by its name there."""
    downs = {name: value for name, value in lora.weights.items() if ".lora_A." in name}
    deltas: dict[str, NDArray[np.float32]] = {}
    for name, down in downs.items():
        module = name.removeprefix(PEFT_PREFIX).split(".lora_A.")[0]
        up = lora.weights[name.replace(".lora_A.", ".lora_B.")]
        heads = {"q_proj": shape.heads, "k_proj": shape.key_heads}.get(module.rpartition(".")[2])
        up = permute_qk(up, heads).astype(np.float32) if heads else up
        deltas[gguf_tensor_name(f"{module}.weight", shape.layers)] = np.float32(lora.alpha / lora.rank) * (up @ down)
    return deltas


def _write_merged(base: Path, deltas: Mapping[str, NDArray[np.float32]], path: Path) -> None:
    reader = gguf.GGUFReader(base)
    writer = gguf.GGUFWriter(path, "llama")
    _copy_fields(reader, writer)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    unused = set(deltas)
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        if tensor.name in deltas:
            values = values + deltas[tensor.name]
            unused.discard(tensor.name)
        writer.add_tensor(tensor.name, values if values.ndim == 1 else values.astype(np.float16))
    if unused:
        raise RuntimeError(f"The base has no tensor {sorted(unused)[0]}.")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _copy_fields(reader: Any, writer: Any) -> None:
    left_out = {gguf.Keys.General.ARCHITECTURE, gguf.Keys.General.FILE_TYPE}
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in left_out:
            continue
        kind = field.types[0]
        item = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=item)


def export_gguf_adapter(base: Path, lora: Lora, path: Path) -> None:
    """Write the adapter as llama.cpp loads it beside the base."""
    export_adapter(lora.weights, read_shape(base), lora.alpha, path)
