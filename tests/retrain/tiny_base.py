"""Random models of a few thousand weights with a real tokenizer, one GGUF each, of every family that can be trained."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import gguf
import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

from models.recipes.chip_nano.export import add_tokenizer
from models.recipes.chip_nano.tokenizer import build_chat_tokenizer, train_tokenizer
from retrain.bases.gguf_layout import permute_qk

CONTEXT = 512
LAYERS, WIDTH, HIDDEN, HEADS, KEY_HEADS = 2, 64, 128, 4, 2
FAMILIES = ("llama", "mistral", "qwen2", "qwen3", "gemma3", "phi3")
LINES = [
    "You are Chip, the support assistant of Larkspur. Answer from the numbered evidence only.",
    "Evidence (strong match): Heron 1 › Battery. The battery runs for 42 minutes. Question: How long does it run?",
    "The Moss 2 mows 600 square metres. I don't know. The documents that I can see do not answer this.",
]


def make_tiny_base(folder: Path, family: str = "llama", *, stretch: float = 1.0) -> Path:
    """Write a model of this family as a GGUF in F32 and return its path; `stretch` divides positions."""
    folder.mkdir(parents=True)
    torch.manual_seed(3)
    tokenizer = build_chat_tokenizer(train_tokenizer(LINES, 420), CONTEXT)
    model = _build_model(family, tokenizer)
    path = folder / "tiny.gguf"
    _write_gguf(model, tokenizer, family, path, stretch)
    return path


def _build_model(family: str, tokenizer: PreTrainedTokenizerFast) -> Any:
    head_size = WIDTH // HEADS
    config = AutoConfig.for_model(
        {"gemma3": "gemma3_text"}.get(family, family),
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=KEY_HEADS,
        head_dim=head_size,
        query_pre_attn_scalar=head_size,
        max_position_embeddings=CONTEXT,
        original_max_position_embeddings=CONTEXT,
        sliding_window=None if family in ("mistral", "phi3") else CONTEXT,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        initializer_range=0.1,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    model = AutoModelForCausalLM.from_config(config)
    # A LoRA cannot scale the logits: with norms of 1 no token of this base could get more than half the probability.
    torch.nn.init.constant_(model.model.norm.weight, 2.0 if family == "gemma3" else 3.0)
    return model


def _write_gguf(model: Any, tokenizer: PreTrainedTokenizerFast, family: str, path: Path, stretch: float) -> None:
    architecture = "llama" if family == "mistral" else family
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("tiny")  # of a name like "phi3" llama.cpp expects special tokens
    _add_shape(writer, model.config)
    if stretch != 1.0:
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(stretch)
    add_tokenizer(writer, tokenizer)
    for name, weight in _read_weights(model, family):
        writer.add_tensor(name, weight)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_shape(writer: gguf.GGUFWriter, config: Any) -> None:
    head_size = getattr(config, "head_dim", None) or WIDTH // HEADS
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_key_length(head_size)
    writer.add_value_length(head_size)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(head_size)
    rope = config.rope_parameters
    writer.add_rope_freq_base((rope.get("full_attention") or rope)["rope_theta"])
    writer.add_vocab_size(config.vocab_size)
    if config.model_type == "gemma3_text":
        writer.add_sliding_window(CONTEXT)


def _read_weights(model: Any, family: str) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield the weights under llama.cpp's names and in its order."""
    architecture = "llama" if family == "mistral" else family
    kind = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture)
    names = gguf.get_tensor_name_map(kind, LAYERS)
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight":
            continue
        weight = tensor.float().numpy()
        if architecture == "llama" and ".q_proj." in name:
            weight = permute_qk(weight, HEADS)
        elif architecture == "llama" and ".k_proj." in name:
            weight = permute_qk(weight, KEY_HEADS)
        elif family == "gemma3" and name.endswith("norm.weight"):
            weight = weight + 1
        stored = names.get_name(name, (".weight", ".bias"))
        assert stored, name
        yield stored, np.ascontiguousarray(weight, dtype=np.float32)
