"""From trained weights to a shipped base: one GGUF (Q8_0) with its tokenizer and chat template."""

import json
from pathlib import Path

import gguf
import numpy as np
import torch
from numpy.typing import NDArray
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from models.recipes.chip_nano.tokenizer import CONTROL_TOKENS, END, MARKERS, PAD
from retrain.bases.gguf_layout import gguf_tensor_name, permute_qk

GGUF_NAME = "chip-nano-q8_0.gguf"


def export_base(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path, *, version: str) -> None:
    """Write the base's one file into `folder`; a failed export leaves the old one whole."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{GGUF_NAME}.part"
    weights = {name: tensor.detach().to("cpu", torch.bfloat16) for name, tensor in model.state_dict().items()}
    weights.pop("lm_head.weight", None)
    write_gguf(weights, model.config, tokenizer, unfinished, name=f"chip-nano {version}")
    unfinished.replace(folder / GGUF_NAME)


def write_gguf(
    weights: dict[str, torch.Tensor], config: LlamaConfig, tokenizer: PreTrainedTokenizerFast, path: Path, *, name: str
) -> None:
    """Write a llama GGUF with matrices in Q8_0 and norms in F32; tied embeddings stay tied (no output tensor)."""
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name(name)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    _add_shape(writer, config)
    add_tokenizer(writer, tokenizer)
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


def add_tokenizer(writer: gguf.GGUFWriter, tokenizer: PreTrainedTokenizerFast) -> None:
    """Write the tokenizer and its chat template into a GGUF."""
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
