"""From trained weights to a shipped base: safetensors (bf16), tokenizer, GGUF (Q8_0) and a manifest of hashes.

Both forms hold the same weights: the GGUF is quantized from the bf16 values that PEFT will load.
"""

import hashlib
import json
import shutil
from pathlib import Path

import gguf
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from models.recipes.chip_nano.tokenizer import CONTROL_TOKENS, END, MARKERS, PAD, get_id
from retrain.gguf_layout import gguf_tensor_name, permute_qk

GGUF_NAME = "chip-nano-q8_0.gguf"
MANIFEST_NAME = "manifest.json"
_MODEL_FILES = (
    "config.json",
    "model.safetensors",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    GGUF_NAME,
)


def export_base(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path, *, version: str) -> None:
    """Write a base into `folder`: everything that `_MODEL_FILES` names, and last the manifest with their sha256.

    Files are written in a folder beside it and moved one by one, so that a failed export leaves the old base whole.
    """
    unfinished = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    config = _save_config(model, tokenizer, unfinished)
    weights = {name: tensor.detach().to("cpu", torch.bfloat16) for name, tensor in model.state_dict().items()}
    weights.pop("lm_head.weight", None)
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, unfinished / "model.safetensors",
              metadata={"format": "pt"})  # fmt: skip
    write_gguf(weights, config, tokenizer, unfinished / GGUF_NAME, name=f"chip-nano {version}")
    _write_manifest(unfinished, config, version)
    folder.mkdir(parents=True, exist_ok=True)
    for file in (*_MODEL_FILES, MANIFEST_NAME):
        (unfinished / file).replace(folder / file)
    unfinished.rmdir()


def _save_config(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> LlamaConfig:
    tokenizer.save_pretrained(folder)
    config = model.config
    config.architectures = ["LlamaForCausalLM"]
    config.dtype = torch.bfloat16
    config.save_pretrained(folder)
    end, pad = (get_id(tokenizer.backend_tokenizer, token) for token in (END, PAD))
    said = {"eos_token_id": end, "pad_token_id": pad, "do_sample": False, "max_new_tokens": 160}
    GenerationConfig.from_dict(said).save_pretrained(folder)
    return config


def _write_manifest(folder: Path, config: LlamaConfig, version: str) -> None:
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in _MODEL_FILES}
    manifest = {"id": f"chip-nano-{version}", "context": config.max_position_embeddings, "files": files}
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest, indent=2) + "\n")


def write_gguf(
    weights: dict[str, torch.Tensor], config: LlamaConfig, tokenizer: PreTrainedTokenizerFast, path: Path, *, name: str
) -> None:
    """Write a llama GGUF with matrices in Q8_0 and norms in F32; tied embeddings stay tied (no output tensor)."""
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name(name)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    _add_shape(writer, config)
    _add_tokenizer(writer, tokenizer)
    for hf_name, tensor in weights.items():
        values = tensor.float().numpy()
        if hf_name.endswith("q_proj.weight"):
            values = permute_qk(values, config.num_attention_heads)
        elif hf_name.endswith("k_proj.weight"):
            values = permute_qk(values, config.to_dict()["num_key_value_heads"])
        _add_tensor(writer, gguf_tensor_name(hf_name, config.num_hidden_layers), np.ascontiguousarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tensor(writer: gguf.GGUFWriter, name: str, values: NDArray[np.float32]) -> None:
    if values.ndim == 1:
        writer.add_tensor(name, values.astype(np.float32))
        return
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor(name, gguf.quants.quantize(values.astype(np.float32), kind), raw_dtype=kind)


def _add_shape(writer: gguf.GGUFWriter, config: LlamaConfig) -> None:
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    shape = config.to_dict()
    writer.add_head_count(shape["num_attention_heads"])
    writer.add_head_count_kv(shape["num_key_value_heads"])
    writer.add_key_length(shape["head_dim"])
    writer.add_value_length(shape["head_dim"])
    writer.add_rope_dimension_count(shape["head_dim"])
    writer.add_rope_freq_base(shape["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)


def _add_tokenizer(writer: gguf.GGUFWriter, tokenizer: PreTrainedTokenizerFast) -> None:
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    ids = tokenizer.get_vocab()
    tokens = sorted(ids, key=lambda token: ids[token])
    kinds = dict.fromkeys(CONTROL_TOKENS, gguf.TokenType.CONTROL) | dict.fromkeys(MARKERS, gguf.TokenType.USER_DEFINED)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([kinds.get(token, gguf.TokenType.NORMAL) for token in tokens])
    writer.add_token_merges([" ".join(pair) if isinstance(pair, list) else pair for pair in model["merges"]])
    writer.add_eos_token_id(ids[END])
    writer.add_eot_token_id(ids[END])
    writer.add_pad_token_id(ids[PAD])
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_chat_template(str(tokenizer.chat_template))
