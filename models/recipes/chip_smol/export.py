"""From a trained adapter to what ships: the LoRA in PEFT's form and in llama.cpp's. Knows nothing of training."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from retrain.bases.export import export_adapter
from retrain.bases.merging import ADAPTER_NAME, CONFIG_NAME, Lora, read_llama_shape

GGUF_ADAPTER_NAME = "chip-smol-lora.gguf"
MOST_BYTES = 25_000_000


class AdapterTooLargeError(Exception):
    """An adapter is larger than what may ship. The message says by how much."""


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


def export_gguf_adapter(base: Path, lora: Lora, path: Path) -> None:
    """Write the adapter as llama.cpp loads it beside the base."""
    export_adapter(lora.weights, read_llama_shape(base), lora.alpha, path)
