"""The trials of the serving benchmark, one line of JSON for each, and the figures made of them.

Figures are medians over the repetitions, and for each peer the engine's ratio to it: the median of the ratios within a
repetition, in which all systems took turns, with its range.
"""

import json
import statistics
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure

OURS = "engine"
# How many times a peer's figure the engine shall reach with 8 clients, by size, workload and peer.
GOAL_CLIENTS = 8
USUAL_THREADS = 2
GOALS = {
    ("S", "A", "lock"): {"engine: throughput": "≥ 1.8"},
    ("S", "A", "llama_cpp.server"): {"engine: throughput": "≥ 2"},
    ("S", "A", "dedicated"): {"engine: throughput": "≥ 1.25", "engine: first token sooner": "≥ 5"},
    ("S", "A", "llama-server"): {"engine: throughput": "≥ 1"},
    ("M", "A", "dedicated"): {"engine: throughput": "≥ 1.1", "engine: first token sooner": "≥ 2.5"},
    ("M", "A", "llama-server"): {"engine: throughput": "≥ 1"},
    ("S", "B", "llama-server-cache"): {"engine: throughput": "≥ 1.5", "engine: first token sooner": "≥ 2"},
}
Trial = dict[str, Any]
Group = tuple[str, str, int, int, int, str]
Column = dict[int, Trial]  # by repetition


def load(path: Path) -> list[Trial]:
    """Return the trials of the file, none where there is no file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def append(path: Path, trial: Trial) -> None:
    """Store one trial at once, so that an interrupted run loses nothing that was measured."""
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(trial) + "\n")


def name_trial(trial: Trial) -> tuple[object, ...]:
    """Return a key that two repetitions of a trial share."""
    return tuple(
        trial[key] for key in ("size", "workload", "requests", "clients", "threads", "flash", "system", "repetition")
    )


def build_figures(trials: Iterable[Trial]) -> Iterator[Figure]:
    """Yield the medians and the ratios for each size, workload, number of requests and of clients."""
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
    for group, systems in sorted(groups.items()):
        for system, column in sorted(systems.items(), key=lambda item: -_median(item[1], "tokens_per_second")):
            yield from _measure_system(group, system, column)
            if system != OURS:
                yield from _compare(group, system, column, systems.get(OURS, {}))


def name_system(group: Group, system: str) -> str:
    """Return the system that figures were measured on, in words."""
    size, workload, requests, clients, threads, flash = group
    others = (
        f"{'' if threads == USUAL_THREADS else f', {threads} threads'}{'' if flash == 'off' else ', flash attention'}"
    )
    return f"{system}: {size}, workload {workload}, {requests} requests, {clients} clients{others}"


def _measure_system(group: Group, system: str, column: Column) -> Iterator[Figure]:
    on = name_system(group, system)
    yield Figure("repetitions", len(column), on=on)
    yield Figure("throughput", _median(column, "tokens_per_second"), "tokens/s", on=on)
    yield Figure("first token, p50", _median(column, "first_p50"), "s", on=on)
    yield Figure("first token, p95", _median(column, "first_p95"), "s", on=on)
    yield Figure("between tokens, p50", _median(column, "gap_p50") * 1000, "ms", on=on)
    yield Figure("tokens per processor second", statistics.median(map(_frugality, column.values())), on=on)
    yield Figure("others' cores, at most", max(trial["others"] for trial in column.values()), on=on)


def _compare(group: Group, system: str, column: Column, ours: Column) -> Iterator[Figure]:
    """Yield the engine's ratios to a peer. More is better for the engine."""
    both = sorted(column.keys() & ours.keys())
    goals = GOALS.get((group[0][0], group[1], system), {}) if group[3] == GOAL_CLIENTS else {}
    ratios = {
        "engine: throughput": [ours[at]["tokens_per_second"] / column[at]["tokens_per_second"] for at in both],
        "engine: first token sooner": [column[at]["first_p50"] / ours[at]["first_p50"] for at in both],
        "engine: per processor second": [_frugality(ours[at]) / _frugality(column[at]) for at in both],
    }
    for what, values in ratios.items():
        if values:
            middle = statistics.median(values)
            on = name_system(group, system)
            yield Figure(what, middle, "×", on=on, goal=goals.get(what, ""), low=min(values), high=max(values))


def _frugality(trial: Trial) -> float:
    """Return tokens per second of processor time, of a server and its clients together.

    Other work hardly changes it for a system with one thread. With two threads it includes how long they wait for each
    other.
    """
    return float(trial["tokens_per_second"] * trial["seconds"] / trial["processor_seconds"])


def _median(column: Column, name: str) -> float:
    return float(statistics.median(trial[name] for trial in column.values()))
