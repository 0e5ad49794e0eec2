"""The shape of chip-nano and its first weights. Knows nothing of data or of training."""

from dataclasses import dataclass

import torch
from transformers import LlamaConfig, LlamaForCausalLM

CONTEXT = 1024


@dataclass(frozen=True, slots=True)
class Shape:
    """A llama with tied embeddings. `head_size` is set by itself: wide heads match tokens more sharply."""

    vocab: int = 6144
    width: int = 256
    layers: int = 5
    heads: int = 4
    kv_heads: int = 4
    head_size: int = 64
    ffn: int = 512
    context: int = CONTEXT
    rope_base: float = 100_000_000.0


SHAPES = {
    "5M": Shape(),
    "16M": Shape(width=384, layers=8, heads=6, kv_heads=6, ffn=1024),
    "28M": Shape(width=512, layers=8, heads=8, kv_heads=8, ffn=1376),
}
"""By their parameters, about. The hand-written circuits want as many kv heads as heads."""


def build_model(shape: Shape, *, pad: int, end: int, seed: int) -> LlamaForCausalLM:
    """Return an untrained float32 model; the same seed gives the same weights."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=shape.vocab,
        hidden_size=shape.width,
        intermediate_size=shape.ffn,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_size,
        max_position_embeddings=shape.context,
        rope_parameters={"rope_type": "default", "rope_theta": shape.rope_base},
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=pad,
    )
    return LlamaForCausalLM(config)
