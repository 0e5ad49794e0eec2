"""Writes tiny llama models and adapters in GGUF: real files for llama.cpp, without training.

The vocabulary is the 256 bytes, one merge and five control tokens; a chat template writes the control tokens.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

from retrain.adapter import GGUF, Adapter, hash_file, save_card
from retrain.bases.base import Base, load_base

CONTROL = ("<|begin|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
LAYERS, RANK = 2, 4
Weights = dict[str, NDArray[np.float32]]


def _byte_texts() -> list[str]:
    """The printable character that byte-level BPE writes for each of the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


TOKENS = (*_byte_texts(), "\u0120t", *CONTROL)
BEGIN, END, ASSISTANT = (TOKENS.index(text) for text in ("<|begin|>", "<|end|>", "<|assistant|>"))


def write_random_base(
    folder: Path, *, seed: int = 0, width: int = 64, context: int = 512, gain: float = 4.0, template: str = TEMPLATE
) -> Base:
    """Write a model of random weights that answers any prompt with its own printable ASCII, and return its base."""
    weights = _random_weights(np.random.default_rng(seed), width, hidden=2 * width, gain=gain)
    speakable = [*range(32, 127), END]
    silent = np.ones(len(TOKENS), bool)
    silent[speakable] = False
    weights["output.weight"][silent] = 0
    return _write_base(folder, weights, f"tiny-{seed}", context, template)


def write_parrot_base(folder: Path, text: str, *, context: int = 512) -> Base:
    """Write a model that answers every prompt with this text. No byte may occur twice in it.

    Embeddings are one-hot, the blocks add nothing and the output maps each token to the one that follows it.
    """
    width = 320
    weights = _random_weights(np.random.default_rng(0), width, hidden=32)
    for layer in range(LAYERS):
        weights[f"blk.{layer}.attn_output.weight"][:] = 0
        weights[f"blk.{layer}.ffn_down.weight"][:] = 0
    weights["token_embd.weight"] = np.eye(len(TOKENS), width, dtype=np.float32)
    output = np.zeros((len(TOKENS), width), np.float32)
    chain = [ASSISTANT, *text.encode(), END]
    output[chain[1:], chain[:-1]] = 1
    weights["output.weight"] = output
    return _write_base(folder, weights, "parrot", context)


def write_adapter(folder: Path, base: Base, *, seed: int, width: int = 64, strength: float = 1.0) -> Adapter:
    """Write a random LoRA over every projection of a base of this width."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    writer = gguf.GGUFWriter(folder / GGUF, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(RANK))
    for name, (rows, columns) in _projection_shapes(width, 2 * width):
        writer.add_tensor(f"{name}.lora_a", _normal(random, (RANK, columns), 1.0))
        writer.add_tensor(f"{name}.lora_b", _normal(random, (rows, RANK), strength))
    _finish(writer)
    adapter = Adapter(
        id=f"lora-{seed}",
        base_id=base.id,
        dataset_hash="",
        created_at="2026-01-01T00:00:00+00:00",
        files={GGUF: hash_file(folder / GGUF)},
        settings={},
        scores={},
        folder=folder,
    )
    save_card(adapter)
    return adapter


def _projection_shapes(width: int, hidden: int) -> Iterator[tuple[str, tuple[int, int]]]:
    shapes = {
        "attn_q": (width, width),
        "attn_k": (width, width),
        "attn_v": (width, width),
        "attn_output": (width, width),
        "ffn_gate": (hidden, width),
        "ffn_up": (hidden, width),
        "ffn_down": (width, hidden),
    }
    for layer in range(LAYERS):
        for name, shape in shapes.items():
            yield f"blk.{layer}.{name}.weight", shape


def _random_weights(random: np.random.Generator, width: int, hidden: int, gain: float = 4.0) -> Weights:
    """Weights large enough that the answer depends on the whole prompt and that near-ties are rare."""
    weights = {name: _normal(random, shape, 2.0) for name, shape in _projection_shapes(width, hidden)}
    for layer in range(LAYERS):
        for norm in ("attn_norm", "ffn_norm"):
            weights[f"blk.{layer}.{norm}.weight"] = np.ones(width, np.float32)
    weights["output_norm.weight"] = np.ones(width, np.float32)
    weights["token_embd.weight"] = random.standard_normal((len(TOKENS), width)).astype(np.float32)
    weights["output.weight"] = _normal(random, (len(TOKENS), width), gain)
    return weights


def _normal(random: np.random.Generator, shape: tuple[int, int], gain: float) -> NDArray[np.float32]:
    scaled: NDArray[np.float64] = random.standard_normal(shape) * (gain / math.sqrt(shape[1]))
    return scaled.astype(np.float32)


def _write_base(folder: Path, weights: Weights, name: str, context: int, template: str = TEMPLATE) -> Base:
    folder.mkdir(parents=True)
    width, hidden = weights["output_norm.weight"].shape[0], weights["blk.0.ffn_up.weight"].shape[0]
    writer = gguf.GGUFWriter(folder / "model.gguf", "llama")
    writer.add_name(name)
    writer.add_block_count(LAYERS)
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(width // 16)
    writer.add_head_count_kv(width // 16)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(16)
    writer.add_vocab_size(len(TOKENS))
    _add_tokenizer(writer, template)
    for name, weight in weights.items():
        writer.add_tensor(name, weight)
    _finish(writer)
    return load_base(folder / "model.gguf")


def _add_tokenizer(writer: gguf.GGUFWriter, template: str) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(list(TOKENS))
    kinds = [gguf.TokenType.CONTROL if text in CONTROL else gguf.TokenType.NORMAL for text in TOKENS]
    writer.add_token_types(kinds)
    writer.add_token_merges(["\u0120 t"])
    writer.add_bos_token_id(BEGIN)
    writer.add_eos_token_id(END)
    writer.add_add_bos_token(True)
    writer.add_chat_template(template)


def _finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
