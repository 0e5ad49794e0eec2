"""Examines one base from end to end on this machine: template, tokens, training form, adapters and speed."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from retrain.bases.base import Base, BaseModelError
from retrain.bases.logits import Logits, compute_logits, correlate, open_llama, read_tokens
from retrain.bases.training_form import LEAST_CORRELATION, load_training_form, read_parity
from retrain.bases.vocabulary import Vocabulary, open_vocabulary
from retrain.errors import RetrainError
from retrain.settings import TrainSettings
from retrain.train import add_lora, export_lora
from retrieval.chat_template import ChatTemplateError, render_chat, takes_system
from retrieval.prompt import ChatMessage

SAMPLES = (
    "How long does the battery of the Moss 2 last?",
    "Preis: 1.299,00 € 😀 日本語 naïve\tx\n\n  end",
    "sudo apt-get install -y chip && cat /etc/chip.yaml | grep 'base: ./x.gguf' # 0123456789",
)
CHAT = (ChatMessage("system", "You are Chip."), ChatMessage("user", SAMPLES[0]))
PREFILL_TOKENS, DECODE_TOKENS = 256, 24
_CORRELATION_OF_CHANGE = 0.9
_STRENGTHS = (0.02, 0.05, 0.1, 0.2, 0.4)
_CLEARLY_CHANGED = 0.9


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a base found, in a sentence."""

    part: str
    is_well: bool
    text: str


def examine_base(base: Base, forms_folder: Path, tell: Callable[[str], None] = lambda _step: None) -> Iterator[Look]:
    """Yield one look after the other: a look takes seconds, with a model of some billion parameters minutes.

    `tell` hears what is looked at before each.
    """
    tell("Reading the template and the tokens")
    try:
        with open_vocabulary(base.gguf_path) as vocabulary:
            yield _look_at_template(vocabulary)
            yield _look_at_tokens(vocabulary)
            tokens = vocabulary.tokenize(" ".join(SAMPLES))
    except BaseModelError as error:
        yield Look("file", False, str(error))
        return
    yield from _look_at_training(base, forms_folder, tokens, tell)
    for threads in _choose_threads():
        tell(f"Measuring the speed, {_name_threads(threads)}")
        yield measure_speed(base, threads)


def _look_at_template(vocabulary: Vocabulary) -> Look:
    try:
        template = vocabulary.chat_template()
        text = render_chat(template, CHAT)
    except (BaseModelError, ChatTemplateError) as error:
        return Look("template", False, str(error))
    if CHAT[1].content not in text:
        return Look("template", False, "The chat template leaves out what the person says.")
    if takes_system(template):
        return Look("template", True, "It writes the system message and the question.")
    return Look("template", True, "It takes no system message, so that its text begins the first question.")


def _look_at_tokens(vocabulary: Vocabulary) -> Look:
    """Say whether the tokens of a text give the text again; training and serving have one tokenizer."""
    for sample in SAMPLES:
        tokens = vocabulary.tokenize(sample)
        again = b"".join(map(vocabulary.piece, tokens)).decode("utf-8", "replace")
        if again.strip() != sample.strip():
            return Look("tokenizer", False, f"Its tokens do not give a text again: {sample!r} became {again!r}.")
    return Look("tokenizer", True, "The file's own tokenizer reads for serving and for training, and loses nothing.")


def _look_at_training(base: Base, forms_folder: Path, tokens: list[int], tell: Callable[[str], None]) -> Iterator[Look]:
    tell("Making the training form, and comparing what torch and llama.cpp compute with it")
    try:
        parity = read_parity(base, forms_folder)
        yield Look(
            "training form",
            True,
            f"Its dequantised weights compute as llama.cpp does: correlation {parity.correlation:.4f} (at least "
            f"{LEAST_CORRELATION}), the same first choice for {parity.same_first:.0%} of the tokens.",
        )
        tell("Comparing what an adapter changes in torch and in llama.cpp")
        yield _look_at_adapters(base, forms_folder, tokens)
    except (RetrainError, BaseModelError) as error:
        yield Look("training form", False, str(error))


def _look_at_adapters(base: Base, forms_folder: Path, tokens: list[int]) -> Look:
    """Compare what a random adapter changes in torch with what it changes in llama.cpp."""
    model = load_training_form(base, forms_folder).eval()
    bare = _compute_trained(model, tokens)
    model = add_lora(model, replace(TrainSettings(), rank=4, alpha=8.0)).eval()
    changed = _strengthen(model, bare, tokens) - bare
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "adapter.gguf"
        layers = export_lora(model, 8.0, path)
        served = compute_logits(base.gguf_path, path, tokens) - compute_logits(base.gguf_path, None, tokens)
    alike = correlate(served, changed)
    if alike < _CORRELATION_OF_CHANGE:
        text = f"An adapter changes other answers in llama.cpp than in training (correlation {alike:.3f})."
        return Look("adapters", False, f"{text} It can be served, but not trained.")
    return Look("adapters", True, f"An adapter on {layers} layers changes the same in both (correlation {alike:.4f}).")


def _strengthen(model: torch.nn.Module, bare: Logits, tokens: list[int]) -> Logits:
    """Make the adapter random, so strong that it changes far more than llama.cpp's rounding does; return its logits."""
    for strength in _STRENGTHS:
        torch.manual_seed(5)
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=strength)
        adapted = _compute_trained(model, tokens)
        if correlate(adapted, bare) < _CLEARLY_CHANGED:
            break
    return adapted


def _compute_trained(model: torch.nn.Module, tokens: list[int]) -> Logits:
    with torch.no_grad():
        logits: Logits = model(torch.tensor([tokens]), use_cache=False).logits[0].numpy()
    return logits


def _choose_threads() -> list[int]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return [threads for threads in (1, 2, 4, 8, 16) if threads <= cores]


def measure_speed(base: Base, threads: int) -> Look:
    """Measure how fast a prompt is read and an answer written, one conversation alone."""
    with open_llama(base.gguf_path, cells=PREFILL_TOKENS + DECODE_TOKENS, threads=threads) as context:
        began = time.perf_counter()
        read_tokens(context, [1] * PREFILL_TOKENS, every=False)
        read = time.perf_counter()
        for place in range(PREFILL_TOKENS, PREFILL_TOKENS + DECODE_TOKENS):
            read_tokens(context, [1], start=place)
        written = time.perf_counter()
    text = (
        f"reads {PREFILL_TOKENS / (read - began):,.0f} tokens a second, writes {DECODE_TOKENS / (written - read):,.0f}."
    )
    return Look(f"speed, {_name_threads(threads)}", True, text.capitalize())


def _name_threads(threads: int) -> str:
    return f"{threads} thread{'s' if threads > 1 else ''}"
