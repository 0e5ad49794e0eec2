"""The systems that are compared, each behind one function: send a prompt, call back at each token, return at the end.

Chip's engine leaves a core alone that other work holds; the others keep to their threads. On a quiet one all use two.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import httpx
import llama_cpp

from benchmarks.serving.models import CONTEXT, SIZES, list_words
from benchmarks.serving.workload import ANSWER
from bot.engine.llama_engine import LlamaEngine
from bot.engine.port import GenerationRequest
from config.settings import EngineSettings
from retrain.base_card import Base

THREADS, SLOTS, SLOT_TOKENS = 2, 8, 2048
PORT = 8396
Send = Callable[[tuple[int, ...], Callable[[], None]], None]


@contextmanager
def open_engine(base: Base, **changes: int) -> Iterator[Send]:
    """Chip's engine."""
    settings = EngineSettings(slots=SLOTS, threads=THREADS, context_tokens=SLOT_TOKENS, queue=1000, **changes)
    with closing(LlamaEngine(base, settings)) as engine:

        def send(tokens: tuple[int, ...], note: Callable[[], None]) -> None:
            request = GenerationRequest("bench", (), max_tokens=ANSWER, prompt_tokens=tokens)
            generation = engine.submit(request)
            for _ in generation:
                note()
            generation.completion()

        yield send
        turn, decode = (engine.metrics.value("seconds_total", stage=stage) for stage in ("turn", "decode"))
        print(json.dumps({"python_share": round(1 - decode / turn, 4)}), file=sys.stderr)


@contextmanager
def open_lock(base: Base) -> Iterator[Send]:
    """One `Llama` behind a lock, called from whichever thread serves the person: what most bots do."""
    llama, lock = _open_llama(base), threading.Lock()

    def send(tokens: tuple[int, ...], note: Callable[[], None]) -> None:
        with lock:
            _generate(llama, tokens, note)

    with closing(llama):
        yield send


@contextmanager
def open_dedicated(base: Base) -> Iterator[Send]:
    """One `Llama` on a thread of its own: the best serial loop."""
    with ThreadPoolExecutor(1) as pool:
        llama = pool.submit(_open_llama, base).result()
        yield lambda tokens, note: pool.submit(_generate, llama, tokens, note).result()
        pool.submit(llama.close).result()


@contextmanager
def open_python_server(base: Base) -> Iterator[Send]:
    """llama_cpp.server with its defaults, but that a new request does not interrupt the running one."""
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(base.gguf_path), "--n_ctx", str(SLOT_TOKENS)]
    command += ["--n_threads", str(THREADS), "--n_threads_batch", str(THREADS), "--flash_attn", "true"]
    command += ["--port", str(PORT), "--interrupt_requests", "false"]
    with _running(command, "/v1/models"):
        yield _post_to("/v1/completions", base)


@contextmanager
def open_llama_server(base: Base, binary: Path, *, cache_megabytes: int = 0) -> Iterator[Send]:
    """llama-server with its best flags; `cache_megabytes` gives it its prompt cache in RAM."""
    command = [str(binary), "-m", str(base.gguf_path), "--port", str(PORT), "-np", str(SLOTS), "-t", str(THREADS)]
    command += ["-c", str(SLOTS * SLOT_TOKENS), "-b", "512", "-ub", "512", "-fa", "on", "--no-kv-unified"]
    command += ["--cache-ram", str(cache_megabytes)]
    with _running(command, "/health"):
        yield _post_to("/v1/completions", base)


def open_system(name: str, base: Base, binary: Path | None) -> AbstractContextManager[Send]:
    """Open a system by the name that the tables show."""
    here: dict[str, Callable[[], AbstractContextManager[Send]]] = {
        "engine": lambda: open_engine(base),
        "engine-draft": lambda: open_engine(base, draft_tokens=4),
        "engine-no-parking": lambda: open_engine(base, park_megabytes=0),
        "lock": lambda: open_lock(base),
        "dedicated": lambda: open_dedicated(base),
        "llama_cpp.server": lambda: open_python_server(base),
    }
    if name in here:
        return here[name]()
    if binary is None:
        raise SystemExit(f"{name} needs --llama-server PATH (see build_llama_server.py)")
    return open_llama_server(base, binary, cache_megabytes=8192 if name.endswith("cache") else 0)


def _open_llama(base: Base) -> llama_cpp.Llama:
    return llama_cpp.Llama(
        str(base.gguf_path),
        n_ctx=CONTEXT,
        n_batch=512,
        n_threads=THREADS,
        n_threads_batch=THREADS,
        flash_attn=True,
        verbose=False,
    )


def _generate(llama: llama_cpp.Llama, tokens: tuple[int, ...], note: Callable[[], None]) -> None:
    for count, _ in enumerate(llama.generate(list(tokens), temp=0.0), start=1):
        note()
        if count == ANSWER:
            return


def _post_to(path: str, base: Base) -> Send:
    words = list_words(SIZES[base.id.removeprefix("random-")].vocabulary)
    client = httpx.Client(base_url=f"http://127.0.0.1:{PORT}", timeout=600, trust_env=False)

    def send(tokens: tuple[int, ...], note: Callable[[], None]) -> None:
        prompt = "".join(words[token] for token in tokens).replace("\u0120", " ")
        body = {"prompt": prompt, "max_tokens": ANSWER, "temperature": 0, "stream": True, "cache_prompt": True}
        with client.stream("POST", path, json=body) as response:
            for line in response.iter_lines():
                if line.startswith("data: {") and json.loads(line[6:])["choices"]:
                    note()

    return send


@contextmanager
def _running(command: list[str], ready: str) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not _is_ready(ready):
            if process.poll() is not None:
                raise SystemExit(f"{command[0]} ended before it was ready")
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(60)


def _is_ready(path: str) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{PORT}{path}", trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
