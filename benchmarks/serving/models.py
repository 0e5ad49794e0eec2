"""Writes models of random weights for measuring: real architectures and sizes, nothing to download.

Every word of the vocabulary (" abc") is one token, so that all systems read the same prompts as text or tokens; only
such words are ever generated, so that no answer ends early or holds half a character.
"""

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import gguf
import llama_cpp
import numpy as np
from numpy.typing import NDArray

from retrain.bases.base import Base, load_base

CONTROL = ("<|begin|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
CONTEXT = 2048


@dataclass(frozen=True, slots=True)
class Size:
    """The shape of a model and how it is quantized."""

    architecture: str
    hidden: int
    layers: int
    heads: int
    key_heads: int
    feed_forward: int
    vocabulary: int
    quantization: int


SIZES = {
    "tiny": Size("llama", 128, 2, 4, 4, 256, 2048, llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0),
    "S": Size("llama", 384, 8, 6, 6, 1536, 8192, llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0),
    "M": Size("qwen2", 896, 24, 14, 2, 4864, 32768, llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M),
    "M-Q4_0": Size("qwen2", 896, 24, 14, 2, 4864, 32768, llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0),
}


def prepare(name: str, folder: Path) -> Base:
    """Return the model of this size, written under the folder where it is not there yet."""
    path = folder / f"random-{name}.gguf"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        plain, unfinished = path.with_suffix(".plain"), path.with_suffix(".part")
        _write_plain(SIZES[name], plain)
        _quantize(plain, unfinished, SIZES[name].quantization)
        plain.unlink()
        unfinished.replace(path)
    return load_base(path)


def list_words(vocabulary: int) -> list[str]:
    """Return the texts of the vocabulary: bytes, the parts of words, words, control tokens."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    words = [chr(byte if byte in printable else next(others)) for byte in range(256)]
    for length in (1, 2, 3, 4):
        for letters in product(LETTERS, repeat=length):
            if len(words) == vocabulary - len(CONTROL):
                return [*words, *CONTROL]
            words.append("\u0120" + "".join(letters))
    raise ValueError(f"there are not {vocabulary} words")


def first_word(vocabulary: int) -> tuple[int, int]:
    """Return the first token that is a word of three letters, and the first after the words of three letters."""
    start = 256 + 26 + 26**2
    return start, min(start + 26**3, vocabulary - len(CONTROL))


def _write_plain(size: Size, path: Path) -> None:
    writer = gguf.GGUFWriter(path, size.architecture)
    writer.add_block_count(size.layers)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(size.hidden)
    writer.add_feed_forward_length(size.feed_forward)
    writer.add_head_count(size.heads)
    writer.add_head_count_kv(size.key_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(size.hidden // size.heads)
    writer.add_vocab_size(size.vocabulary)
    _add_tokenizer(writer, size.vocabulary)
    random = np.random.default_rng(0)
    for name, shape in _shapes(size).items():
        writer.add_tensor(name, _weights(random, name, shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: gguf.GGUFWriter, vocabulary: int) -> None:
    words = list_words(vocabulary)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(words)
    kinds = [gguf.TokenType.CONTROL if word in CONTROL else gguf.TokenType.NORMAL for word in words]
    writer.add_token_types(kinds)
    writer.add_token_merges([f"{word[:-1]} {word[-1]}" for word in words[256 : -len(CONTROL)]])
    writer.add_bos_token_id(vocabulary - 5)
    writer.add_eos_token_id(vocabulary - 4)
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)


def _shapes(size: Size) -> dict[str, tuple[int, ...]]:
    hidden, keys = size.hidden, size.hidden // size.heads * size.key_heads
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (size.vocabulary, hidden),
        "output.weight": (size.vocabulary, hidden),
        "output_norm.weight": (hidden,),
    }
    block = {
        "attn_norm.weight": (hidden,),
        "ffn_norm.weight": (hidden,),
        "attn_q.weight": (hidden, hidden),
        "attn_k.weight": (keys, hidden),
        "attn_v.weight": (keys, hidden),
        "attn_output.weight": (hidden, hidden),
        "ffn_gate.weight": (size.feed_forward, hidden),
        "ffn_up.weight": (size.feed_forward, hidden),
        "ffn_down.weight": (hidden, size.feed_forward),
    }
    if size.architecture == "qwen2":
        block |= {"attn_q.bias": (hidden,), "attn_k.bias": (keys,), "attn_v.bias": (keys,)}
    return shapes | {f"blk.{layer}.{name}": shape for layer in range(size.layers) for name, shape in block.items()}


def _weights(random: np.random.Generator, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    if name.endswith("norm.weight"):
        return np.ones(shape, np.float32)
    if name.endswith("bias"):
        return np.zeros(shape, np.float32)
    weights = random.standard_normal(shape, dtype=np.float32) / np.float32(np.sqrt(shape[-1]))
    if name == "output.weight":
        weights[:256] = 0  # neither bytes nor control tokens are ever the likeliest
        weights[-len(CONTROL) :] = 0
    return weights.astype(np.float16)


def _quantize(source: Path, target: Path, quantization: int) -> None:
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.nthread = quantization, 1
    code = llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), params)
    if code != 0:
        raise OSError(f"llama.cpp could not quantize {source} ({code})")
