"""The systems that are compared, each behind one function: send a prompt, call back at each token, return at the end.

Chip's engine leaves a core alone that other work uses; the others keep their threads. On a quiet machine all use as
many as they are given.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import llama_cpp

from benchmarks.serving.models import CONTEXT, SIZES, list_words
from benchmarks.serving.workload import ANSWER
from bot.engine.attention import Choice, choose_flash_attention
from bot.engine.llama_engine import LlamaEngine
from bot.engine.port import GenerationRequest
from config.settings import EngineSettings
from retrain.bases.base import Base

SLOTS, SLOT_TOKENS = 8, 2048
CACHE_MEGABYTES = 8192
"""How much RAM a system may use for kept prompts: llama-server's default."""
PORT = 8396
HERE = Path(__file__).parent
Send = Callable[[tuple[int, ...], Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class Tuning:
    """What all systems of a comparison have in common."""

    threads: int
    is_flash: bool


def find_best_attention() -> str:
    """Return what Chip's engine would choose on this machine, which was measured to be the faster choice for all."""
    is_off = choose_flash_attention("auto") == llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
    return "off" if is_off else "on"


@contextmanager
def open_engine(base: Base, tuning: Tuning, **changes: int) -> Iterator[Send]:
    """Chip's engine."""
    attention: Choice = "on" if tuning.is_flash else "off"
    settings = EngineSettings(
        slots=SLOTS,
        threads=tuning.threads,
        context_tokens=SLOT_TOKENS,
        queue=1000,
        flash_attention=attention,
        **changes,
    )
    with closing(LlamaEngine(base, settings)) as engine:

        def send(tokens: tuple[int, ...], note: Callable[[], None]) -> None:
            request = GenerationRequest("bench", (), max_tokens=ANSWER, prompt_tokens=tokens)
            generation = engine.submit(request)
            for _ in generation:
                note()
            generation.completion()

        yield send
        turn, decode, park = (
            engine.metrics.value("seconds_total", stage=stage) for stage in ("turn", "decode", "park")
        )
        computed, reused = (engine.metrics.value("tokens_total", kind=kind) for kind in ("computed", "reused"))
        shares = {"decode": decode / turn, "park": park / turn, "reused": reused / (computed + reused)}
        print(json.dumps({name: round(share, 3) for name, share in shares.items()}), file=sys.stderr, flush=True)


@contextmanager
def open_lock(base: Base, tuning: Tuning) -> Iterator[Send]:
    """Open one `Llama` behind a lock, called from the thread that serves the person: what most bots do."""
    llama, lock = _open_llama(base, tuning), threading.Lock()

    def send(tokens: tuple[int, ...], note: Callable[[], None]) -> None:
        with lock:
            _generate(llama, tokens, note)

    with closing(llama):
        yield send


@contextmanager
def open_dedicated(base: Base, tuning: Tuning) -> Iterator[Send]:
    """Open one `Llama` on a thread of its own: the best serial loop."""
    with ThreadPoolExecutor(1) as pool:
        llama = pool.submit(_open_llama, base, tuning).result()
        yield lambda tokens, note: pool.submit(_generate, llama, tokens, note).result()
        pool.submit(llama.close).result()


@contextmanager
def open_python_server(base: Base, tuning: Tuning) -> Iterator[Send]:
    """Open llama_cpp.server with its defaults, except that a new request does not interrupt the running one."""
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(base.gguf_path), "--n_ctx", str(SLOT_TOKENS)]
    command += [
        "--n_threads",
        str(tuning.threads),
        "--n_threads_batch",
        str(tuning.threads),
        "--flash_attn",
        str(tuning.is_flash).lower(),
    ]
    command += ["--port", str(PORT), "--interrupt_requests", "false"]
    with _running(command, "/v1/models"):
        yield _post_to("/v1/completions", base)


@contextmanager
def open_llama_server(base: Base, binary: Path, tuning: Tuning, *, cache_megabytes: int = 0) -> Iterator[Send]:
    """Open llama-server with its best flags. `cache_megabytes` is its prompt cache in RAM."""
    command = [
        str(binary),
        "-m",
        str(base.gguf_path),
        "--port",
        str(PORT),
        "-np",
        str(SLOTS),
        "-t",
        str(tuning.threads),
    ]
    command += [
        "-c",
        str(SLOTS * SLOT_TOKENS),
        "-b",
        "512",
        "-ub",
        "512",
        "-fa",
        "on" if tuning.is_flash else "off",
        "--no-kv-unified",
    ]
    command += ["--cache-ram", str(cache_megabytes)]
    with _running(command, "/health"):
        yield _post_to("/v1/completions", base, takes_tokens=True)


@contextmanager
def open_xllamacpp(base: Base, python: Path, tuning: Tuning) -> Iterator[Send]:
    """Open xllamacpp's server with the same settings."""
    numbers = map(str, (PORT, SLOTS, SLOT_TOKENS, tuning.threads, int(tuning.is_flash)))
    command = [str(python), str(HERE / "xllamacpp_server.py"), str(base.gguf_path), *numbers]
    with _running(command, "/health"):
        yield _post_to("/v1/completions", base, takes_tokens=True)


@dataclass(frozen=True, slots=True)
class Programs:
    """What some of the peers need: llama-server's binary, and a Python that has xllamacpp."""

    llama_server: Path | None = None
    xllamacpp: Path | None = None


def open_system(name: str, base: Base, programs: Programs, tuning: Tuning) -> AbstractContextManager[Send]:
    """Open a system by the name that the tables show. End the program if what it needs is missing."""
    here: dict[str, Callable[[], AbstractContextManager[Send]]] = {
        "engine": lambda: open_engine(base, tuning, park_megabytes=CACHE_MEGABYTES, draft_tokens=0),
        "engine-draft": lambda: open_engine(base, tuning, park_megabytes=CACHE_MEGABYTES, draft_tokens=4),
        "engine-no-parking": lambda: open_engine(base, tuning, park_megabytes=0, draft_tokens=0),
        "lock": lambda: open_lock(base, tuning),
        "dedicated": lambda: open_dedicated(base, tuning),
        "llama_cpp.server": lambda: open_python_server(base, tuning),
    }
    if name in here:
        return here[name]()
    if name == "xllamacpp" and programs.xllamacpp is not None:
        return open_xllamacpp(base, programs.xllamacpp, tuning)
    if name.startswith("llama-server") and programs.llama_server is not None:
        cache_megabytes = CACHE_MEGABYTES if name.endswith("cache") else 0
        return open_llama_server(base, programs.llama_server, tuning, cache_megabytes=cache_megabytes)
    raise SystemExit(f"{name} needs --llama-server PATH (see build_llama_server.py) or --xllamacpp PYTHON")


def _open_llama(base: Base, tuning: Tuning) -> llama_cpp.Llama:
    return llama_cpp.Llama(
        str(base.gguf_path),
        n_ctx=CONTEXT,
        n_batch=512,
        n_threads=tuning.threads,
        n_threads_batch=tuning.threads,
        flash_attn=tuning.is_flash,
        verbose=False,
    )


def _generate(llama: llama_cpp.Llama, tokens: tuple[int, ...], note: Callable[[], None]) -> None:
    for count, _ in enumerate(llama.generate(list(tokens), temp=0.0), start=1):
        note()
        if count == ANSWER:
            return


def _post_to(path: str, base: Base, *, takes_tokens: bool = False) -> Send:
    """Read the stream line by line without parsing it: what a client computes is missing on the server's cores."""
    words = list_words(SIZES[base.gguf_path.stem.removeprefix("random-")].vocabulary)

    def send(tokens: tuple[int, ...], note: Callable[[], None]) -> None:
        text = "".join(words[token] for token in tokens).replace("\u0120", " ")
        prompt = list(tokens) if takes_tokens else text
        body = {"prompt": prompt, "max_tokens": ANSWER, "temperature": 0, "stream": True, "cache_prompt": True}
        with closing(http.client.HTTPConnection("127.0.0.1", PORT, timeout=600)) as connection:
            connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
            response = connection.getresponse()
            if response.status != http.client.OK:
                raise SystemExit(f"{response.status}: {response.read(500)!r}")
            for line in response:
                if line.startswith(b"data: {"):
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
