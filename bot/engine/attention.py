"""Decides whether llama.cpp computes attention in one piece ("flash"), from measurements of processors.

It saves memory everywhere. On a processor with AVX-512 it is also faster. On one with AVX2 alone its kernel is slow: a
token beside seven others after 700 tokens took 8.5 ms with it and 4.5 ms without (22 M parameters, a thread of Zen 3),
where with AVX-512 all eight took 6.4 ms with it and 9.5 ms without. Other machines keep llama.cpp's own choice.
"""

from typing import Literal

import llama_cpp

Choice = Literal["auto", "on", "off"]


def choose_flash_attention(choice: Choice) -> int:
    """Return llama.cpp's value for a setting."""
    if choice == "on":
        return int(llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED)
    if choice == "off" or _is_avx2_alone():
        return int(llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED)
    return int(llama_cpp.LLAMA_FLASH_ATTN_TYPE_AUTO)


def _is_avx2_alone() -> bool:
    if llama_cpp.llama_supports_gpu_offload():
        return False
    return is_avx2_alone(llama_cpp.llama_print_system_info().decode())


def is_avx2_alone(system_info: str) -> bool:
    """Read it from llama.cpp's own text: "CPU : SSE3 = 1 | AVX2 = 1 | AVX512 = 1 | ..."."""
    features = {feature.split(":")[-1].strip() for feature in system_info.split("|")}
    return "AVX2 = 1" in features and "AVX512 = 1" not in features
