"""The figures of the serving benchmark say what was measured, and nothing is measured twice."""

from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks.serving import __main__ as serving
from benchmarks.serving import results


def trial(
    system: str, repetition: int, tokens_per_second: float, first: float = 1.0, clients: int = 8
) -> results.Trial:
    named = {"size": "S", "workload": "A", "requests": 32, "clients": clients, "system": system}
    figures = {"tokens_per_second": tokens_per_second, "first_p50": first, "first_p95": 2 * first, "gap_p50": 0.01}
    work = {"threads": 2, "flash": "off", "seconds": 10.0, "processor_seconds": 20.0}
    return {**named, "repetition": repetition, "others": 0.1 * repetition, **work, **figures}


def test_ratios_are_taken_within_a_repetition() -> None:
    """A machine that was twice as slow in the second one changes no ratio."""
    trials = [
        *(trial("engine", 0, 300), trial("lock", 0, 100, first=4.0)),
        *(trial("engine", 1, 150, first=2.0), trial("lock", 1, 50, first=8.0)),
        trial("lock", 2, 999),  # the engine has no such repetition
    ]
    figures = {(figure.on.partition(":")[0], figure.what): figure for figure in results.build_figures(trials)}
    assert figures["engine", "throughput"].value == 225.0
    assert figures["engine", "tokens per processor second"].value == 112.5
    assert ("engine", "engine: throughput") not in figures
    assert figures["lock", "repetitions"].value == 3
    assert figures["lock", "first token, p50"].value == 4.0
    assert figures["lock", "others' cores, at most"].value == 0.2
    for what, ratio in (("throughput", 3.0), ("first token sooner", 4.0), ("per processor second", 3.0)):
        figure = figures["lock", f"engine: {what}"]
        assert (figure.low, figure.value, figure.high) == (ratio, ratio, ratio)
    assert figures["lock", "engine: throughput"].is_met


def test_what_the_file_holds_is_not_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    assert results.load(path) == []
    for known in (trial("engine", 0, 1), trial("lock", 0, 1, clients=4), trial("engine", 1, 1, clients=4)):
        results.append(path, known)
    chosen = Namespace(size="S", workload="A", count=32, threads=2, concurrency=[4, 8], trials=path)
    chosen.systems, chosen.flash_attention = ["engine", "lock"], "off"
    assert list(serving.find_missing(chosen, 0)) == [("engine", [4]), ("lock", [8])]
    assert list(serving.find_missing(chosen, 1)) == [("lock", [4, 8]), ("engine", [8])]
    chosen.count = 16
    assert list(serving.find_missing(chosen, 0)) == [("engine", [4, 8]), ("lock", [4, 8])]


def test_no_repetition_is_begun_that_would_end_too_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def measure(system: str, clients: list[int], repetition: int, _: Namespace) -> list[results.Trial]:
        now[0] += 60.0
        return [trial(system, repetition, 1, clients=count) for count in clients]

    monkeypatch.setattr(serving, "run_one", measure)
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    systems = ["engine", "lock"]
    chosen = Namespace(size="S", workload="A", count=32, systems=systems, concurrency=[8], trials=tmp_path / "r")
    chosen.threads, chosen.flash_attention = 2, "off"
    chosen.repetitions, chosen.minutes = 5, 5.0
    assert not serving.run_all(chosen)
    assert [(row["system"], row["repetition"]) for row in results.load(chosen.trials)] == [
        ("engine", 0),
        ("lock", 0),
        ("lock", 1),
        ("engine", 1),
    ]
    chosen.minutes = 100.0
    assert serving.run_all(chosen)
    assert len(results.load(chosen.trials)) == 10
