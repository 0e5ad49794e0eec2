"""The logits that llama.cpp computes for a row of tokens, with or without an adapter."""

import ctypes
from pathlib import Path

import llama_cpp
import numpy as np
from numpy.typing import NDArray


def compute_llama_logits(model_path: Path, adapter_path: Path | None, tokens: list[int]) -> NDArray[np.float32]:
    """Return the logits of the last token, shape (vocabulary,)."""
    llama_cpp.llama_backend_init()
    loaded = llama_cpp.llama_model_load_from_file(str(model_path).encode(), llama_cpp.llama_model_default_params())
    assert loaded, f"{model_path} did not load"
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_ctx, parameters.n_threads, parameters.n_threads_batch = 256, 1, 1
    context = llama_cpp.llama_init_from_model(loaded, parameters)
    try:
        if adapter_path is not None:
            adapter = llama_cpp.llama_adapter_lora_init(loaded, str(adapter_path).encode())
            assert adapter, f"{adapter_path} did not load"
            adapters = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(adapter)
            assert llama_cpp.llama_set_adapters_lora(context, adapters, 1, (ctypes.c_float * 1)(1.0)) == 0
        ids = (llama_cpp.llama_token * len(tokens))(*tokens)
        assert llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(ids, len(tokens))) == 0
        size = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(loaded))
        return np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(context, -1), shape=(size,)).copy()
    finally:
        llama_cpp.llama_free(context)
        llama_cpp.llama_model_free(loaded)
