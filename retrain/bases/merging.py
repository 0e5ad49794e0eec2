"""Makes one GGUF of a base and a LoRA: the LoRA is added to the dequantised weights, which are quantised again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import gguf
import llama_cpp
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from retrain.bases.base import BaseModelError
from retrain.bases.export import PEFT_PREFIX, BaseShape
from retrain.bases.gguf_header import read_header
from retrain.bases.gguf_layout import gguf_tensor_name, permute_qk
from retrain.bases.llama_log import last_error, route_log

ADAPTER_NAME = "adapter_model.safetensors"
CONFIG_NAME = "adapter_config.json"
_FILE_TYPES = {"q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0, "q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0}

Deltas = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Lora:
    """A trained adapter: PEFT's weights by name, its scale's numerator and its rank."""

    weights: Mapping[str, NDArray[np.float32]]
    alpha: float
    rank: int


def load_lora(folder: Path) -> Lora:
    """Read an adapter in PEFT's format."""
    config = json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))
    weights = {name: value.astype(np.float32) for name, value in load_file(folder / ADAPTER_NAME).items()}
    return Lora(weights, config["lora_alpha"], config["r"])


def merge(
    base: Path, lora: Lora | None, path: Path, form: Literal["q8_0", "q4_0"] = "q8_0", *, name: str | None = None
) -> Path:
    """Write the base with the adapter merged, quantised, to `path`; half a gigabyte more is needed on the way.

    `name` is what the file calls itself. Raises `BaseModelError` where llama.cpp cannot quantise it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    whole, unfinished = path.with_suffix(".f16.part"), path.with_suffix(".part")
    try:
        _write_merged(base, _find_deltas(lora, read_llama_shape(base)) if lora else {}, whole, name)
        quantise(whole, unfinished, form)
    finally:
        whole.unlink(missing_ok=True)
    unfinished.replace(path)
    return path


def quantise(source: Path, path: Path, form: Literal["q8_0", "q4_0"]) -> None:
    """Write a GGUF in another form. Raises `BaseModelError` and leaves no file behind."""
    route_log()
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = _FILE_TYPES[form]
    if llama_cpp.llama_model_quantize(str(source).encode(), str(path).encode(), parameters):
        path.unlink(missing_ok=True)
        raise BaseModelError(f"llama.cpp could not quantise {source}: {last_error()}")


def read_llama_shape(base: Path) -> BaseShape:
    """Return the shape of a llama in a GGUF."""
    header = read_header(base)
    counts = ("block_count", "attention.head_count", "attention.head_count_kv")
    return BaseShape("llama", *(header.number(count) for count in counts))


def _find_deltas(lora: Lora, shape: BaseShape) -> Deltas:
    """Return what is added to each tensor of the GGUF, by its name there."""
    deltas: dict[str, NDArray[np.float32]] = {}
    for name, down in lora.weights.items():
        if ".lora_A." not in name:
            continue
        module = name.removeprefix(PEFT_PREFIX).split(".lora_A.")[0]
        up = lora.weights[name.replace(".lora_A.", ".lora_B.")]
        heads = {"q_proj": shape.heads, "k_proj": shape.key_heads}.get(module.rpartition(".")[2])
        up = permute_qk(up, heads).astype(np.float32) if heads else up
        deltas[gguf_tensor_name(f"{module}.weight", shape.layers)] = np.float32(lora.alpha / lora.rank) * (up @ down)
    return deltas


def _write_merged(base: Path, deltas: Deltas, path: Path, name: str | None) -> None:
    reader = gguf.GGUFReader(base)
    writer = gguf.GGUFWriter(path, "llama")
    _copy_fields(reader, writer, name)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    unused = set(deltas)
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        if tensor.name in deltas:
            values = values + deltas[tensor.name]
            unused.discard(tensor.name)
        writer.add_tensor(tensor.name, values if values.ndim == 1 else values.astype(np.float16))
    if unused:
        raise BaseModelError(f"The adapter is for another model: {base} has no tensor {min(unused)}.")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _copy_fields(reader: Any, writer: Any, name: str | None) -> None:
    left_out = {gguf.Keys.General.ARCHITECTURE, gguf.Keys.General.FILE_TYPE}
    if name is not None:
        writer.add_name(name)
        left_out.add(gguf.Keys.General.NAME)
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in left_out:
            continue
        kind = field.types[0]
        item = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=item)
