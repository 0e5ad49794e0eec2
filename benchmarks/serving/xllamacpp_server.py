"""Serves a GGUF with xllamacpp over HTTP. Run by the Python that has it, which need not be Chip's.

PYTHON xllamacpp_server.py GGUF PORT SLOTS SLOT_TOKENS THREADS FLASH
"""

import sys
import time

import xllamacpp


def main() -> None:
    path, port, slots, slot_tokens, threads, is_flash = sys.argv[1], *map(int, sys.argv[2:])
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.port = port
    params.n_parallel = slots
    params.n_ctx = slots * slot_tokens
    params.n_batch = params.n_ubatch = 512
    params.kv_unified = False
    kinds = xllamacpp.llama_flash_attn_type
    params.flash_attn_type = kinds.LLAMA_FLASH_ATTN_TYPE_ENABLED if is_flash else kinds.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.cache_ram_mib = 0
    params.fit_params = False
    params.verbosity = 0
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main()
