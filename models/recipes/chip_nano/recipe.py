"""The recipe of chip-nano: from public data and generated text to the shipped base, by one command.

    python -m models.recipes.chip_nano.recipe --data DATA --out models/chip-nano

The same command on a GPU uses it. Stopped at any moment, it goes on from its checkpoint in the work folder; with
`--export-only` it ships the averaged weights of that checkpoint while another run trains on. `--small` uses generated
text alone, in about a minute on one thread.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from models.recipes.chip_nano.circuits import Strength, write_circuits
from models.recipes.chip_nano.context import Context
from models.recipes.chip_nano.copying import CopyingLessons
from models.recipes.chip_nano.export import export_base
from models.recipes.chip_nano.invented import invent_context
from models.recipes.chip_nano.lessons import DENSE, RANKED, REAL, Lessons, Mix
from models.recipes.chip_nano.meanings import build_meanings
from models.recipes.chip_nano.model import SHAPES, Shape, build_model
from models.recipes.chip_nano.ranked import RankedDraw, keep_embedded
from models.recipes.chip_nano.ranking import Ranker, count_rarity
from models.recipes.chip_nano.rows import RowBuilder, RowWeights, pad_id
from models.recipes.chip_nano.smalltalk import SAYINGS, SmallTalk, load_chitchat
from models.recipes.chip_nano.tokenizer import END, build_chat_tokenizer, get_id, train_tokenizer
from models.recipes.chip_nano.train import GPU_PACE, Lesson, Pace, Phase, Trainer, print_report
from models.recipes.data.natural import (
    load_documentation,
    load_hardware_faq,
    load_qed,
    load_squad,
    load_venue_faq,
    read_prose,
)
from retrieval.encoders.embedder import load_embedder
from retrieval.prompt import REFUSAL, SYSTEM

MIXES: dict[str, Mix] = {"dense": DENSE, "real": REAL, "ranked": RANKED}
# In the last phase pointing counts for more than copying, because the engine holds quotes to the evidence.
POINTING = RowWeights(first=8.0)
# Contexts of each set, and invented ones, that get vectors for the product's ranking: about ten minutes on one core.
EMBEDDED, EMBEDDED_INVENTED = 400, 1200
# The learning rate falls to a twentieth in the last phase; any state before can be shipped by --export-only.
FULL = (
    Phase("dense", 250_000),
    Phase("real", 6_000_000, 1.2, 1.0),
    Phase("ranked", 2_700_000, 1.0, 0.05),
)
SMALL = (Phase("dense", 60_000, 1.0, 0.1),)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run is made of. `data` None: generated text only."""

    data: Path | None
    out: Path
    work: Path
    shape: Shape
    phases: tuple[Phase, ...]
    pace: Pace
    seed: int
    meanings: bool
    workers: int = 0


def load_contexts(data: Path, random: Random) -> list[list[Context]]:
    """Return the contexts of each public set. In the lessons all sets have the same weight, whatever their size."""
    return [
        load_squad(data / "squad" / "train-v1.1.json.xz", random),
        load_qed(data / "qed_nq"),
        load_venue_faq(data / "dstc9_track1", random),
        load_hardware_faq(data / "kb_espfaq", held_out=False),
        load_documentation(data / "kb_docs", random, limit=2500),
    ]


def make_tokenizer(recipe: Recipe, natural: list[list[Context]]) -> PreTrainedTokenizerFast:
    """Return the tokenizer kept in the work folder, or train it on generated support text and on public text."""
    folder = recipe.work / "tokenizer"
    if not (folder / "tokenizer.json").exists():
        random = Random(recipe.seed)
        invented = [invent_context(random) for _ in range(400 if recipe.data is None else 12_000)]
        lines = [line.text for context in invented for line in context.lines]
        lines += [f"{line.heading} {context.company}" for context in invented for line in context.lines]
        lines += [ask.question for context in invented for ask in context.asks]
        fixed = [
            REFUSAL,
            SYSTEM,
            "Evidence (strong match): Evidence (fair match): Evidence (weak match): none Question:",
        ]
        fixed += [text for answer, sayings in SAYINGS.items() for text in (answer, *sayings)]
        lines += fixed * (20 if recipe.data is None else 400)
        if recipe.data is not None:
            chosen = [
                context for contexts in natural for context in random.sample(contexts, k=min(len(contexts), 4000))
            ]
            lines += [part for line in read_prose(recipe.data, chosen, random) for part in line.splitlines() if part]
        tokenizer = train_tokenizer(lines, recipe.shape.vocab)
        build_chat_tokenizer(tokenizer, recipe.shape.context).save_pretrained(folder)
    return load_tokenizer(folder)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """Return the tokenizer that a folder holds, with its chat template."""
    loaded = AutoTokenizer.from_pretrained(folder)
    if not isinstance(loaded, PreTrainedTokenizerFast):
        raise TypeError(f"{folder} holds no fast tokenizer")
    return loaded


def make_lessons(recipe: Recipe, tokenizer: Tokenizer, natural: list[list[Context]]) -> dict[str, Lesson]:
    """Return the sources of each phase's rows."""
    random = Random(recipe.seed + 1)
    contexts = [context for contexts in natural for context in contexts] or [invent_context(random) for _ in range(500)]
    sentences = [line.text for context in contexts for line in context.lines]
    extra = load_chitchat(recipe.data / "chitchat") if recipe.data is not None else {}
    ranker = Ranker(count_rarity(sentences))
    ranked = _make_ranked(recipe, natural) if any(phase.name == "ranked" for phase in recipe.phases) else None
    lessons: dict[str, Lesson] = {}
    for name, mix in MIXES.items():
        builder = RowBuilder(tokenizer, POINTING if mix.ranked else RowWeights())
        copying = CopyingLessons(tokenizer, builder, sentences)
        lessons[name] = partial(Lessons(builder, copying, SmallTalk(extra), ranker, natural, ranked).draw, mix=mix)
    return lessons


def _make_ranked(recipe: Recipe, natural: list[list[Context]]) -> RankedDraw:
    """Return the draw of ranked questions: half invented companies, and no set with poor questions."""
    random = Random(recipe.seed + 2)
    chosen = [random.sample(contexts, k=min(len(contexts), EMBEDDED)) for contexts in natural[:-1] if contexts]
    invented = [invent_context(random) for _ in range(EMBEDDED_INVENTED)]
    third = -(-len(invented) // 3)
    chosen += [invented[start : start + third] for start in range(0, len(invented), third)]
    return keep_embedded(recipe.work / "embedded.pkl", chosen, load_embedder(), random)


def make_trainer(recipe: Recipe, tokenizer: Tokenizer) -> Trainer:
    """Return a trainer at the checkpoint of the work folder, or at the first weights."""
    pad, end = pad_id(tokenizer), get_id(tokenizer, END)
    shape = replace(recipe.shape, vocab=tokenizer.get_vocab_size())
    model = build_model(shape, pad=pad, end=end, seed=recipe.seed)
    checkpoint = recipe.work / "checkpoint.pt"
    if not checkpoint.exists():
        meanings = build_meanings(tokenizer, load_embedder()) if recipe.meanings else None
        write_circuits(model, tokenizer, meanings, seed=recipe.seed, strength=Strength())
    trainer = Trainer(
        model, recipe.pace, list(recipe.phases), checkpoint, seed=recipe.seed, pad=pad, workers=recipe.workers
    )
    trainer.resume()
    return trainer


def ship(trainer: Trainer, tokenizer: PreTrainedTokenizerFast, out: Path, version: str) -> None:
    """Export the averaged weights."""
    trainer.model.load_state_dict(trainer.average)
    export_base(trainer.model, tokenizer, out, version=version)


def build_base(
    recipe: Recipe,
    version: str,
    minutes: float,
    report: Callable[[dict[str, object]], None],
    *,
    by_clock: bool = False,
) -> bool:
    """Train for up to `minutes`, ship, and return whether the last phase has ended."""
    recipe.work.mkdir(parents=True, exist_ok=True)
    natural = load_contexts(recipe.data, Random(recipe.seed)) if recipe.data is not None else []
    tokenizer = make_tokenizer(recipe, natural)
    trainer = make_trainer(recipe, tokenizer.backend_tokenizer)
    lessons = make_lessons(recipe, tokenizer.backend_tokenizer, natural)
    ended = trainer.train(lessons, report, time.monotonic() + 60 * minutes, by_clock=by_clock)
    ship(trainer, tokenizer, recipe.out, version)
    return ended


def export_checkpoint(recipe: Recipe, version: str) -> None:
    """Ship what the work folder's checkpoint holds."""
    tokenizer = load_tokenizer(recipe.work / "tokenizer")
    ship(make_trainer(recipe, tokenizer.backend_tokenizer), tokenizer, recipe.out, version)


def small_recipe(out: Path, work: Path, seed: int) -> Recipe:
    """Return the setting for tests: generated text, a small vocabulary, a minute of one thread."""
    shape = Shape(vocab=1536, ffn=128)
    pace = Pace(batch_tokens=1024, pool=16, adam_rate=0.001, average=0.9)
    return Recipe(None, out, work, shape, SMALL, pace, seed, meanings=False)


def main() -> None:
    """Parse the command line and build the base."""
    parser = argparse.ArgumentParser(description="Train chip-nano and write it as a base.")
    parser.add_argument("--data", type=Path, help="folder of the public data sets")
    parser.add_argument("--out", type=Path, required=True, help="folder of the base to write")
    parser.add_argument(
        "--work", type=Path, default=Path("var/base"), help="folder of the tokenizer and the checkpoint"
    )
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=1e6, help="stop and ship after this long; go on later")
    parser.add_argument("--by-clock", action="store_true", help="let the phases fill --minutes, whatever their tokens")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the tokens of every phase (20 on a GPU)")
    parser.add_argument("--shape", choices=SHAPES, default="5M", help="parameters, about; the larger ones want a GPU")
    parser.add_argument("--workers", type=int, default=0, help="processes that draw lessons (15 beside a GPU)")
    parser.add_argument("--muon", action="store_true")
    parser.add_argument("--meanings", action="store_true", help="start from the embedder's word meanings")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--export-only", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.small:
        recipe = small_recipe(options.out, options.work, options.seed)
    else:
        phases = tuple(replace(phase, tokens=int(phase.tokens * options.scale)) for phase in FULL)
        pace = replace(GPU_PACE if torch.cuda.is_available() else Pace(), muon=options.muon)
        recipe = Recipe(
            options.data,
            options.out,
            options.work,
            SHAPES[options.shape],
            phases,
            pace,
            options.seed,
            options.meanings,
            options.workers,
        )
    if options.export_only:
        export_checkpoint(recipe, options.version)
    else:
        build_base(recipe, options.version, options.minutes, print_report, by_clock=options.by_clock)


if __name__ == "__main__":
    main()
