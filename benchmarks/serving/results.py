"""What was measured, one line of JSON for each trial, and the tables made of it.

    python -m benchmarks.serving.results FILE

Prints medians over the repetitions, and for each peer the engine's ratio to it: the median of the ratios within a
repetition, in which all systems took turns, with its range.
"""

import argparse
import json
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

OURS = "engine"
Trial = dict[str, Any]
Group = tuple[str, str, int, int, int, str]
Column = dict[int, Trial]  # by repetition


def load(path: Path) -> list[Trial]:
    """Return the trials of the file, none where there is no file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def append(path: Path, trial: Trial) -> None:
    """Keep one trial at once, so that an interrupted run loses nothing that was measured."""
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(trial) + "\n")


def name_trial(trial: Trial) -> tuple[object, ...]:
    """Return what makes two trials the same."""
    return tuple(
        trial[key] for key in ("size", "workload", "requests", "clients", "threads", "flash", "system", "repetition")
    )


def show(trials: Iterable[Trial]) -> str:
    """Return the tables: for each size, workload, number of requests and of clients the medians and the ratios."""
    groups: dict[Group, dict[str, Column]] = {}
    for trial in trials:
        group = (
            trial["size"],
            trial["workload"],
            trial["requests"],
            trial["clients"],
            trial["threads"],
            trial["flash"],
        )
        groups.setdefault(group, {}).setdefault(trial["system"], {})[trial["repetition"]] = trial
    lines = [
        "| size, workload, requests, clients, threads, flash attention | system | repetitions "
        "| tokens/s | first token p50 / p95, s | between tokens p50, ms | tokens per processor second | others' cores "
        "| engine: throughput | engine: first token p50 | engine: per processor second |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for group, systems in sorted(groups.items()):
        for system, column in sorted(systems.items(), key=lambda item: -_median(item[1], "tokens_per_second")):
            ours = systems.get(OURS, {})
            lines.append(_row(group, system, column, {} if system == OURS else ours))
    return "\n".join(lines)


def _row(group: Group, system: str, column: Column, ours: Column) -> str:
    both = sorted(column.keys() & ours.keys())
    faster = [ours[at]["tokens_per_second"] / column[at]["tokens_per_second"] for at in both]
    sooner = [column[at]["first_p50"] / ours[at]["first_p50"] for at in both]
    cheaper = [_frugality(ours[at]) / _frugality(column[at]) for at in both]
    first = f"{_median(column, 'first_p50'):.3g} / {_median(column, 'first_p95'):.3g}"
    figures = (
        ", ".join(map(str, group)),
        system,
        str(len(column)),
        f"{_median(column, 'tokens_per_second'):.1f}",
        first,
        f"{_median(column, 'gap_p50') * 1000:.1f}",
        f"{statistics.median(map(_frugality, column.values())):.1f}",
        f"{max(trial['others'] for trial in column.values()):.2f}",
        show_range(faster),
        show_range(sooner),
        show_range(cheaper),
    )
    return f"| {' | '.join(figures)} |"


def _frugality(trial: Trial) -> float:
    """Tokens per second of processor time, of a server and its clients together. Others' work hardly changes it where
    a system has one thread; with two it counts what they wait for each other."""
    return float(trial["tokens_per_second"] * trial["seconds"] / trial["processor_seconds"])


def show_range(ratios: list[float]) -> str:
    """Return "1.50× (1.20–1.90)", or a dash where nothing is compared."""
    return f"{statistics.median(ratios):.2f}× ({min(ratios):.2f}–{max(ratios):.2f})" if ratios else "–"


def _median(column: Column, name: str) -> float:
    return float(statistics.median(trial[name] for trial in column.values()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    print(show(load(parser.parse_args().file)))
