"""A random llama of a few thousand weights with a real tokenizer, in both forms, made in a second."""

import json
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import gguf
import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from models.recipes.chip_nano.tokenizer import build_chat_tokenizer, train_tokenizer
from retrain.adapter import hash_file
from retrain.gguf_layout import gguf_tensor_name, permute_qk

CONTEXT = 512
LINES = [
    "You are Chip, the support assistant of Larkspur. Answer from the numbered evidence only.",
    "Evidence (strong match): Heron 1 › Battery. The battery runs for 42 minutes. Question: How long does it run?",
    "The Moss 2 mows 600 square metres. I don't know. The documents that I can see do not answer this.",
]


def make_tiny_base(folder: Path) -> Path:
    """Write config, weights, tokenizer, an F32 GGUF without vocabulary and the manifest; return the folder."""
    folder.mkdir(parents=True)
    torch.manual_seed(3)
    tokenizer = build_chat_tokenizer(train_tokenizer(LINES, 420), CONTEXT)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        initializer_range=0.1,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    model = LlamaForCausalLM(config)
    # A LoRA cannot scale the logits: with norms of 1 no token of this base could get more than half the probability.
    torch.nn.init.constant_(model.model.norm.weight, 3.0)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _write_gguf(model, folder / "tiny.gguf")
    names = [path.name for path in sorted(folder.iterdir())]
    files = {name: hash_file(folder / name) for name in names}
    (folder / "manifest.json").write_text(json.dumps({"id": "tiny", "context": CONTEXT, "files": files}))
    return folder


def _write_gguf(model: LlamaForCausalLM, path: Path) -> None:
    config = model.config
    key_heads = config.num_key_value_heads
    assert key_heads is not None
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(key_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("no_vocab")
    heads = {"q_proj": config.num_attention_heads, "k_proj": key_heads}
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight":
            continue
        weight = tensor.float().numpy()
        for projection, count in heads.items():
            if f".{projection}." in name:
                weight = permute_qk(weight, count)
        writer.add_tensor(gguf_tensor_name(name, config.num_hidden_layers), np.ascontiguousarray(weight))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
