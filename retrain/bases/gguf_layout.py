"""How Hugging Face llama tensors lie in a GGUF file: names, and the row order of the query and key projections.

Shared by the exporter of the base model and the exporter of adapters. Knows nothing of training.
"""

import gguf
import numpy as np
from numpy.typing import NDArray


def gguf_tensor_name(hf_name: str, n_layers: int) -> str:
    """Return the GGUF name of a Hugging Face llama tensor, e.g. "blk.0.attn_q.weight".

    `hf_name` may end in ".weight" or name the module alone; the GGUF name ends the same way. Raises `KeyError` if
    llama.cpp knows no such tensor.
    """
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, n_layers)
    name = names.get_name(hf_name, try_suffixes=(".weight",))
    if name is None:
        raise KeyError(hf_name)
    return name


def permute_qk(weight: NDArray[np.generic], n_head: int) -> NDArray[np.generic]:
    """Return the rows of a query or key weight (out, in) in llama.cpp's order. The input is not changed.

    Hugging Face rotates the two halves of a head against each other, llama.cpp rotates neighbouring rows. `n_head` is
    the number of heads in this weight: the key/value heads for `k_proj`. The rows of a LoRA B matrix of q or k need the
    same order; its A matrix does not. After ggml-org/llama.cpp convert_hf_to_gguf.py, LlamaModel.permute.
    """
    rows = weight.shape[0]
    if rows % (2 * n_head):
        raise ValueError(f"{rows} rows do not divide into {n_head} heads of two halves")
    halves = weight.reshape(n_head, 2, rows // n_head // 2, *weight.shape[1:])
    return halves.swapaxes(1, 2).reshape(weight.shape)
