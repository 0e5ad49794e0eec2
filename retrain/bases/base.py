"""A base model: one GGUF file, known by its hash. Knows nothing of serving or training."""

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import psutil

from retrain.adapter import hash_file
from retrain.bases.gguf_header import GgufError, Header, read_header

LEAST_CONTEXT, MOST_CONTEXT = 2048, 8192
CELLS_BYTES = 512 * 2**20
"""What the memory of all conversations may take before each gets fewer tokens."""
_READS_LINES = "chip-nano"
NANO_SHA256 = "486ba5e9f21c3870f91ec1f23d96f0f3ad8c54ff0f68dc20a1f5c2ad92252a67"
"""The hash of the chip-nano that ships."""
# The id under which adapters know it, from the time when a manifest named it.
_KEPT_IDS = {NANO_SHA256: "chip-nano-0.2.0"}
_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


class BaseModelError(Exception):
    """A base model that must not be used; the message names the file and what to do."""


@dataclass(frozen=True, slots=True)
class Base:
    """A base model whose file is whole.

    `id` names its exact weights; `context` is the most tokens that it was made for; `name` is what the file calls
    itself; `cell_bytes` is what one token of a conversation takes in memory.
    """

    id: str
    gguf_path: Path
    context: int
    sha256: str = ""
    name: str = ""
    cell_bytes: int = 0

    @property
    def reads_passages(self) -> bool:
        """Whether the prompt holds whole passages. chip-nano alone was trained to read single lines and quote one."""
        return not self.name.startswith(_READS_LINES)

    def choose_context(self, slots: int) -> int:
        """Return the tokens of one conversation: as many thousands as half a gigabyte holds for all, within bounds."""
        affordable = CELLS_BYTES // max(1, self.cell_bytes * slots) // 1024 * 1024
        return min(self.context, max(LEAST_CONTEXT, min(affordable, MOST_CONTEXT)))


def load_base(path: Path, sha256: str | None = None) -> Base:
    """Look a GGUF over and return it as a base. Reads its head, and all of it for the hash.

    Raises `BaseModelError` where it is missing, cut short, no chat model, made of two models, larger than this
    machine's memory, or another file than `sha256` says.
    """
    header = _read_header(path)
    require_memory(str(path), header.whole_bytes)
    _require_model(path, header)
    found = _hash(path.resolve(), path.stat().st_size, path.stat().st_mtime_ns)
    if sha256 is not None and found != sha256:
        raise BaseModelError(f"{path} does not match its recorded hash: it was changed. Add it again.")
    name = header.text("general.name")
    return Base(
        id=_KEPT_IDS.get(found, f"{_slug(name or path.stem)}-{found[:8]}"),
        gguf_path=path,
        context=header.number("context_length"),
        sha256=found,
        name=name,
        cell_bytes=_count_cell_bytes(header),
    )


def _read_header(path: Path) -> Header:
    if path.is_dir():
        inside = sorted(path.glob("*.gguf"))
        advice = f"Name {inside[0]}." if inside else "It holds none."
        raise BaseModelError(f"{path} is a folder, and a base is one GGUF file. {advice}")
    if not path.is_file():
        raise BaseModelError(f"There is no file {path}. Name a GGUF file, or a model that `chip models list` shows.")
    try:
        return read_header(path)
    except GgufError as error:
        raise BaseModelError(f"{error} Fetch it again, or name another file.") from error


def _require_model(path: Path, header: Header) -> None:
    """Raise `BaseModelError` unless the file holds a whole language model that can be talked to."""
    if header.text("general.type") == "adapter":
        raise BaseModelError(f"{path} holds an adapter, not a model. Name the model that it belongs to.")
    if header.metadata.get("split.count", 1) > 1:
        raise BaseModelError(f"{path} is one part of a model in several files. Merge them with llama-gguf-split.")
    tokens = len(header.metadata.get("tokenizer.ggml.tokens", ()))
    rows = header.tensors.get("token_embd.weight", (0, 0))[-1]
    if not tokens or not header.number("context_length"):
        raise BaseModelError(f"{path} holds no language model with a tokenizer. Name another file.")
    if tokens != rows:
        raise BaseModelError(
            f"{path} has a tokenizer of {tokens:,} tokens and weights for {rows:,}: they belong to two models. "
            "Name another file."
        )
    if not header.text("tokenizer.chat_template"):
        raise BaseModelError(
            f"{path} carries no chat template, so it cannot be asked anything. Take the model's chat version "
            '("Instruct" or "it").'
        )


def require_memory(name: str, size: int) -> None:
    """Raise `BaseModelError` where a file of so many bytes does not fit into memory."""
    memory, gib = _find_memory(), 2**30
    if size > memory:
        raise BaseModelError(
            f"{name} needs {size / gib:,.1f} GiB of memory and this machine has {memory / gib:,.1f}. Take a smaller "
            "model, or a smaller quantization of it."
        )


def _find_memory() -> int:
    """Return the bytes of memory that this process may use at most: the machine's, or its container's."""
    machine = psutil.virtual_memory().total
    try:
        return min(machine, int(_CONTAINER_LIMIT.read_text()))
    except (OSError, ValueError):
        return machine


@lru_cache(maxsize=16)
def _hash(path: Path, _size: int, _changed: int) -> str:
    return hash_file(path)


def _count_cell_bytes(header: Header) -> int:
    """Return the bytes of keys and values of one token, at 16 bits a number."""
    heads = header.number("attention.head_count")
    width = math.ceil(header.number("embedding_length") / heads) if heads else 0
    key, value = (header.number(f"attention.{part}_length") or width for part in ("key", "value"))
    return header.number("block_count") * (header.number("attention.head_count_kv") or heads) * (key + value) * 2


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.") or "model"
