"""The small setting of the recipe, on generated text alone, makes a base that quotes what it is given."""

import time
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import torch
from llama_cpp import Llama

from models.recipes.chip_nano.export import GGUF_NAME
from models.recipes.chip_nano.model import SHAPES
from models.recipes.chip_nano.recipe import build_base, export_checkpoint, small_recipe
from models.recipes.chip_nano.train import Phase
from retrain.bases.base import load_base
from retrieval.passage import Evidence, EvidenceLine, Match
from retrieval.prompt import build_messages

NAMES = ("Olm", "Reva", "Tusk", "Pinto", "Garo", "Zelu")


def ask_for_a_weight(random: Random) -> str:
    """Return a served prompt about one of three carts."""
    carts = random.sample(NAMES, k=3)
    lines = [f"The {cart} cart weighs {random.randint(10, 99)} kg." for cart in carts]
    evidence = Evidence(tuple(EvidenceLine(n, text, "Carts", "p") for n, text in enumerate(lines, 1)), Match.STRONG)
    place = random.randrange(3)
    chat = build_messages(f"How heavy is the {carts[place]} cart?", evidence, company="Acme")
    return "".join(f"<|{message.role}|>{message.content}<|end|>" for message in chat) + "<|assistant|>"


def complete(llama: Llama, prompt: str) -> str:
    tokens = llama.tokenize(prompt.encode(), add_bos=False, special=True)
    llama.reset()
    llama.eval(tokens)
    said: list[int] = []
    while len(said) < 60 and (token := llama.sample(temp=0.0)) != llama.token_eos():
        said.append(token)
        llama.eval([token])
    return str(llama.detokenize(said, special=True).decode(errors="replace"))


@pytest.mark.slow
def test_the_small_recipe_learns_to_copy_within_a_minute(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    recipe = small_recipe(tmp_path / "base", tmp_path / "work", seed=1)
    reports: list[dict[str, object]] = []
    assert build_base(recipe, "small", 10.0, reports.append)
    llama = Llama(str(recipe.out / GGUF_NAME), n_ctx=512, n_threads=1, verbose=False)
    random = Random(9)
    prompts = [ask_for_a_weight(random) for _ in range(30)]
    answers = [complete(llama, prompt) for prompt in prompts]
    llama.close()
    quoted = [f"\n{answer}\n" in prompt for answer, prompt in zip(answers, prompts, strict=True)]
    assert sum(quoted) / len(quoted) >= 0.8, answers


@pytest.mark.slow
def test_a_stopped_run_goes_on_and_its_checkpoint_can_be_shipped(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    recipe = small_recipe(tmp_path / "base", tmp_path / "work", seed=1)
    started = time.monotonic()
    assert not build_base(recipe, "a", 0.0, lambda _: None)
    first = torch.load(recipe.work / "checkpoint.pt", weights_only=True)["progress"]
    assert not build_base(recipe, "b", 0.0, lambda _: None)
    second = torch.load(recipe.work / "checkpoint.pt", weights_only=True)["progress"]
    assert second["steps"] > first["steps"] > 0
    export_checkpoint(recipe, "c")
    assert load_base(recipe.out / GGUF_NAME).name == "chip-nano c"
    assert time.monotonic() - started < 120


@pytest.mark.slow
@pytest.mark.parametrize("name", ["16M", "28M"])
def test_a_larger_shape_is_trained_and_served_by_the_same_command(tmp_path: Path, name: str) -> None:
    torch.set_num_threads(1)
    recipe = small_recipe(tmp_path / "base", tmp_path / "work", seed=1)
    recipe = replace(recipe, shape=replace(SHAPES[name], vocab=1536), pace=replace(recipe.pace, pool=2))
    assert not build_base(recipe, "large", 0.0, lambda _: None)
    llama = Llama(str(recipe.out / GGUF_NAME), n_ctx=512, n_threads=1, verbose=False)
    answer = complete(llama, ask_for_a_weight(Random(9)))
    llama.close()
    assert answer.startswith("["), "the hand-written circuits point at a line before any training"


@pytest.mark.slow
def test_worker_processes_draw_the_same_rows(tmp_path: Path) -> None:
    """The weights after a pool are the same, whoever drew its rows."""
    torch.set_num_threads(1)
    weights = []
    for name, workers in (("alone", 0), ("helped", 2)):
        recipe = replace(small_recipe(tmp_path / name, tmp_path / f"{name} work", seed=1), workers=workers)
        build_base(recipe, "a", 0.0, lambda _: None)
        weights.append(torch.load(recipe.work / "checkpoint.pt", weights_only=True)["model"])
    alone, helped = weights
    assert all(torch.equal(alone[name], helped[name]) for name in alone)


@pytest.mark.slow
def test_a_run_by_the_clock_walks_all_phases(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    phases = (Phase("dense", 1_000_000), Phase("real", 1_000_000))
    recipe = replace(small_recipe(tmp_path / "base", tmp_path / "work", seed=1), phases=phases)
    assert build_base(recipe, "a", 0.05, lambda _: None, by_clock=True)
    progress = torch.load(recipe.work / "checkpoint.pt", weights_only=True)["progress"]
    assert progress["phase"] == len(phases)
    assert 0 < progress["tokens"] < 100_000
