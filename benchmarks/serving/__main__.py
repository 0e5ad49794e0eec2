"""Compares Chip's engine with other ways to serve the same GGUF, in one run, taking turns.

    python -m benchmarks.serving --size S --workload A
    python -m benchmarks.serving --size S --workload B --systems engine llama-server-cache --llama-server PATH

Every system runs in a process of its own, each repetition in another order. Prints Markdown tables: medians over the
repetitions, and for each peer the engine's ratio to it (the median of the ratios within a repetition) with its range.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

PEERS = ("engine", "lock", "dedicated", "llama_cpp.server")
COUNTS = {"A": 32, "B": 200}
Figures = dict[str, float]


def run_all(chosen: argparse.Namespace) -> dict[tuple[str, int], list[Figures]]:
    """Return the figures of each system and concurrency, one for each repetition."""
    results: dict[tuple[str, int], list[Figures]] = defaultdict(list)
    for repetition in range(chosen.repetitions):
        turn = repetition % len(chosen.systems)
        for system in [*chosen.systems[turn:], *chosen.systems[:turn]]:
            print(f"repetition {repetition + 1}: {system}", file=sys.stderr, flush=True)
            for figures in run_one(system, chosen):
                results[system, int(figures["clients"])].append(figures)
    return results


def run_one(system: str, chosen: argparse.Namespace) -> list[Figures]:
    """Run one system once; what it says on standard error goes to the terminal."""
    command = [sys.executable, "-m", "benchmarks.serving.trial", system, chosen.size, chosen.workload]
    command += ["--models", str(chosen.models), "--count", str(chosen.count or COUNTS[chosen.workload])]
    command += ["--concurrency", *map(str, chosen.concurrency)]
    if chosen.llama_server:
        command += ["--llama-server", str(chosen.llama_server)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def show(results: dict[tuple[str, int], list[Figures]]) -> str:
    """Return the table of medians and the table of ratios."""
    names = ("tokens_per_second", "first_p50", "first_p95", "gap_p50", "load")
    lines = [
        "| system | clients | tokens/s | first p50 s | first p95 s | gap p50 s | load |",
        "|---|---|---|---|---|---|---|",
    ]
    for (system, clients), runs in sorted(results.items(), key=lambda item: (item[0][1], item[0][0])):
        medians = " | ".join(f"{statistics.median(run[name] for run in runs):.3g}" for name in names)
        lines.append(f"| {system} | {clients} | {medians} |")
    lines += ["", "| engine against | clients | throughput | first token p50 |", "|---|---|---|---|"]
    for (system, clients), runs in sorted(results.items(), key=lambda item: (item[0][1], item[0][0])):
        ours = results.get(("engine", clients), [])
        if system != "engine" and ours:
            pairs = list(zip(ours, runs, strict=True))
            faster = [mine["tokens_per_second"] / theirs["tokens_per_second"] for mine, theirs in pairs]
            sooner = [theirs["first_p50"] / mine["first_p50"] for mine, theirs in pairs]
            lines.append(f"| {system} | {clients} | {show_range(faster)} | {show_range(sooner)} |")
    return "\n".join(lines)


def show_range(ratios: list[float]) -> str:
    """Return "1.5× (1.2–1.9)"."""
    return f"{statistics.median(ratios):.2f}× ({min(ratios):.2f}–{max(ratios):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="S", choices=["tiny", "S", "M", "M-Q4_0"])
    parser.add_argument("--workload", default="A", choices=["A", "B"])
    parser.add_argument("--systems", nargs="+", default=list(PEERS))
    parser.add_argument("--concurrency", type=int, nargs="+")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--count", type=int, help="requests of A (32), threads of B (200)")
    parser.add_argument("--llama-server", type=Path, help="the binary, for llama-server and llama-server-cache")
    parser.add_argument("--models", type=Path, default=Path(tempfile.gettempdir()) / "chip-serving-models")
    chosen = parser.parse_args()
    chosen.concurrency = chosen.concurrency or ([1, 4, 8, 16] if chosen.workload == "A" else [8])
    print(f"{chosen.size}, workload {chosen.workload}, {chosen.repetitions} repetitions\n")
    print(show(run_all(chosen)))


if __name__ == "__main__":
    main()
