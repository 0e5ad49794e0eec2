"""Compares Chip's engine with other ways to serve the same GGUF, in one run, taking turns.

    python -m benchmarks.serving --size S --workload A
    python -m benchmarks.serving --size S --workload B --systems engine llama-server-cache --llama-server PATH

Every system runs in a process of its own, each repetition in another order. Each trial goes to a file (`--trials`);
what that file holds already is not measured again, so that a long run can be made in pieces: `--minutes 9` begins no
repetition that would end later.

How to read it: in workload A requests share the beginning of their prompt, in B threads of several turns share their
earlier turns. Ratios are medians of those within a repetition, with their range; more is better for the engine. Models
are random: S is a small llama, M has the shape of a small Qwen.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.run import begin_run, build_parser, record
from benchmarks.serving import results
from benchmarks.serving.systems import find_best_attention

PEERS = ("engine", "lock", "dedicated", "llama_cpp.server")
COUNTS = {"A": 32, "B": 200}


def run_all(chosen: argparse.Namespace) -> bool:
    """Measure what the file lacks, a whole repetition at a time. Return False if the minutes did not suffice."""
    until = time.monotonic() + 60 * chosen.minutes
    longest = 0.0
    for repetition in range(chosen.repetitions):
        started = time.monotonic()
        if started + longest > until:
            return False
        for system, clients in find_missing(chosen, repetition):
            print(f"repetition {repetition + 1}: {system} at {clients}", file=sys.stderr, flush=True)
            for trial in run_one(system, clients, repetition, chosen):
                results.append(chosen.trials, trial)
        longest = max(longest, time.monotonic() - started)
    return True


def find_missing(chosen: argparse.Namespace, repetition: int) -> Iterator[tuple[str, list[int]]]:
    """Yield each system, in this repetition's order, with the numbers of clients that remain to be measured."""
    known = {results.name_trial(trial) for trial in results.load(chosen.trials)}
    turn = repetition % len(chosen.systems)
    for system in [*chosen.systems[turn:], *chosen.systems[:turn]]:
        wanted = [
            clients
            for clients in chosen.concurrency
            if (
                chosen.size,
                chosen.workload,
                chosen.count,
                clients,
                chosen.threads,
                chosen.flash_attention,
                system,
                repetition,
            )
            not in known
        ]
        if wanted:
            yield system, wanted


def is_chosen(trial: results.Trial, chosen: argparse.Namespace) -> bool:
    """Whether the file's trial belongs to this comparison."""
    wanted = (chosen.size, chosen.workload, chosen.count, chosen.threads, chosen.flash_attention)
    measured = tuple(trial[key] for key in ("size", "workload", "requests", "threads", "flash"))
    return measured == wanted and trial["clients"] in chosen.concurrency


def run_one(system: str, clients: list[int], repetition: int, chosen: argparse.Namespace) -> list[results.Trial]:
    """Run one system once. Its standard error goes to the terminal."""
    command = [sys.executable, "-m", "benchmarks.serving.trial", system, chosen.size, chosen.workload]
    command += ["--models", str(chosen.models), "--count", str(chosen.count)]
    command += ["--threads", str(chosen.threads), "--concurrency", *map(str, clients)]
    command += ["--flash-attention", chosen.flash_attention]
    for name in ("llama_server", "xllamacpp"):
        if program := getattr(chosen, name):
            command += [f"--{name.replace('_', '-')}", str(program)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    figures = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    known = {"size": chosen.size, "workload": chosen.workload, "system": system, "repetition": repetition}
    return [{**known, **measured} for measured in figures]


def _build_parser() -> argparse.ArgumentParser:
    parser = build_parser(__doc__)
    parser.add_argument("--size", default="S", choices=["tiny", "S", "M", "M-Q4_0"])
    parser.add_argument("--workload", default="A", choices=["A", "B"])
    parser.add_argument("--systems", nargs="+", default=list(PEERS))
    parser.add_argument("--concurrency", type=int, nargs="+")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--count", type=int, help="requests of A (32), threads of B (200)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--flash-attention", default=find_best_attention(), choices=["on", "off"], help="for all systems"
    )
    parser.add_argument("--llama-server", type=Path, help="the binary, for llama-server and llama-server-cache")
    parser.add_argument("--xllamacpp", type=Path, help="a Python that has xllamacpp, for xllamacpp")
    parser.add_argument("--models", type=Path, default=Path(tempfile.gettempdir()) / "chip-serving-models")
    parser.add_argument("--trials", type=Path, help="a file to append to; by default one that is thrown away")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    return parser


def main() -> None:
    """Measure what is missing; print and keep the figures once all repetitions are made."""
    chosen = _build_parser().parse_args()
    chosen.concurrency = chosen.concurrency or ([1, 4, 8, 16] if chosen.workload == "A" else [8])
    chosen.count = chosen.count or COUNTS[chosen.workload]
    run = begin_run(__file__, chosen)
    with tempfile.TemporaryDirectory() as folder:
        chosen.trials = chosen.trials or Path(folder) / "trials.jsonl"
        is_done = run_all(chosen)
        trials = [trial for trial in results.load(chosen.trials) if is_chosen(trial, chosen)]
    record(run, results.build_figures(trials), chosen.results if is_done else None)
    if not is_done:
        print("Not all repetitions were made: call it again with the same file.", file=sys.stderr)


if __name__ == "__main__":
    main()
