"""The training form of a base: the dequantised weights of its GGUF, made once, checked and kept by the GGUF's hash.

There is no other download, and what is trained matches what is served. The tokens come from the GGUF's own tokenizer.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import gguf
import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.utils import logging as transformers_logging

from retrain.bases.base import Base
from retrain.bases.gguf_header import read_header
from retrain.bases.logits import compute_logits, correlate
from retrain.bases.vocabulary import open_vocabulary
from retrain.errors import TrainingFormError

LEAST_CORRELATION = 0.95
"""Below this a weight was read in another order than llama.cpp reads it; rounding alone stays above."""
_PARITY = "parity.json"
_PROBE = (
    "The Heron 1 flies for 42 minutes on one charge, and charging takes 90 minutes. To reset it, hold the red button "
    "for ten seconds until the light blinks twice. How long does it take until I can fly again?"
)


@dataclass(frozen=True, slots=True)
class Parity:
    """How alike torch and llama.cpp compute: mean correlation of logits, share of equal first choices, in [0, 1]."""

    correlation: float
    same_first: float


def load_training_form(base: Base, folder: Path) -> Any:
    """Return the base as a model of transformers in float32; its files are kept in `folder`. See `make_form`."""
    place = make_form(base, folder)
    return AutoModelForCausalLM.from_pretrained(place, dtype=torch.float32, local_files_only=True)


def make_form(base: Base, folder: Path) -> Path:
    """Return the folder of the base's training form; it is made where there is none, and those of others go.

    Raises `TrainingFormError` where transformers cannot read this kind of GGUF, or computes something else with it.
    """
    place = folder / base.sha256[:16]
    if (place / _PARITY).exists():
        return place
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as unfinished:
        made = Path(unfinished) / place.name
        made.mkdir()
        _save(_dequantise(base), made)
        parity = _compare(base, made)
        if parity.correlation < LEAST_CORRELATION:
            raise TrainingFormError(
                f"{base.id} cannot be trained: its dequantised weights compute something else than llama.cpp does "
                f"(correlation {parity.correlation:.3f}). It can be served; corrections are served from memory."
            )
        (made / _PARITY).write_text(json.dumps(asdict(parity)), encoding="utf-8")
        for other in folder.iterdir():
            if other.name != Path(unfinished).name:
                shutil.rmtree(other)
        made.rename(place)
    return place


def read_parity(base: Base, folder: Path) -> Parity:
    """Return how well the base's training form was found to match, making the form where there is none."""
    return Parity(**json.loads((make_form(base, folder) / _PARITY).read_text(encoding="utf-8")))


def _dequantise(base: Base) -> Any:
    transformers_logging.disable_progress_bar()
    path = base.gguf_path.resolve()
    try:
        with _reading_once():
            return AutoModelForCausalLM.from_pretrained(
                path.parent, gguf_file=path.name, config=_read_config(path), dtype=torch.float32, local_files_only=True
            )
    except (ValueError, KeyError, NotImplementedError, RuntimeError) as error:
        raise TrainingFormError(
            f"{base.id} cannot be trained: transformers does not read this kind of GGUF ({error}). It can be served; "
            "corrections are served from memory."
        ) from error


@contextmanager
def _reading_once() -> Iterator[None]:
    """Lend transformers one reader of the file: it opens two, and each takes 4 s to read 49,000 tokens with merges."""
    reader = gguf.GGUFReader
    gguf.GGUFReader = lru_cache(maxsize=1)(reader)  # type: ignore[assignment,misc]
    try:
        yield
    finally:
        gguf.GGUFReader = reader  # type: ignore[misc]


def _read_config(path: Path) -> Any:
    """Return the configuration that the head describes; transformers passes over the size of attention's heads."""
    config = AutoConfig.from_pretrained(path.parent, gguf_file=path.name, local_files_only=True)
    if head_size := read_header(path).number("attention.key_length"):
        config.head_dim = head_size
        if hasattr(config, "query_pre_attn_scalar"):
            config.query_pre_attn_scalar = head_size
    return config


def _save(model: Any, folder: Path) -> None:
    """Write config and weights, matrices at 16 bits: far finer than what they were quantised to."""
    config = AutoConfig.for_model(**{**model.config.to_dict(), "quantization_config": None})
    config.architectures = [type(model).__name__]
    config.save_pretrained(folder)
    tied = {"lm_head.weight"} if config.tie_word_embeddings else set()
    weights = {
        name: (tensor.half() if tensor.ndim > 1 else tensor).contiguous()
        for name, tensor in model.state_dict().items()
        if name not in tied
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def _compare(base: Base, folder: Path) -> Parity:
    with open_vocabulary(base.gguf_path) as vocabulary:
        tokens = vocabulary.tokenize(_PROBE)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval()
    with torch.no_grad():
        trained = model(torch.tensor([tokens]), use_cache=False).logits[0].numpy()
    served = compute_logits(base.gguf_path, None, tokens)
    return Parity(correlate(served, trained), float((served.argmax(1) == trained.argmax(1)).mean()))
