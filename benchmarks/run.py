"""One run of a benchmark: the options that all have, what it measured on, and its figures kept and printed."""

import os
import re
import subprocess
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.figures import PROJECT, RESULTS, Figure, Line, Run, append_lines, round_figure
from benchmarks.tables import build_table

# What a figure depends on. Other changes do not affect a measurement.
MEASURED = ("bot", "config", "feedback", "models", "retrain", "retrieval")


def build_parser(docstring: str | None) -> ArgumentParser:
    """Return a parser with the options that every benchmark has."""
    parser = ArgumentParser(description=docstring, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--note", default="", help="what is measured, where that is not Chip as it is")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder that keeps the figures")
    return parser


def begin_run(file: str, chosen: Namespace) -> Run:
    """Return the run of a benchmark that begins now; `file` is its `__file__`."""
    parts = Path(file).resolve().relative_to(PROJECT / "benchmarks").with_suffix("").parts
    name = ".".join(parts).removesuffix(".__main__")
    return Run(
        name,
        describe_command(name, sys.argv[1:]),
        find_commit(),
        datetime.now(UTC).date().isoformat(),
        describe_machine(),
        round(os.getloadavg()[0], 1),
        chosen.note,
    )


def record(run: Run, figures: Iterable[Figure], folder: Path | None) -> None:
    """Append the figures of a run to its file in the folder (None: nowhere), and print them."""
    lines = [Line(round_figure(figure), run) for figure in figures]
    if folder is not None:
        append_lines(lines, folder)
    print(f"\n{run.machine}; load before {run.load}; commit {run.commit}\n")
    print("\n".join(build_table(lines)), flush=True)


def describe_command(name: str, arguments: Sequence[str]) -> str:
    """Return the command without what belongs to one machine: folders, notes and the place of the figures."""
    shown: list[str] = []
    is_skipped = False
    for argument in arguments:
        if is_skipped:
            is_skipped = False
        elif argument in ("--note", "--results"):
            is_skipped = True
        else:
            shown.append("…" if "/" in argument or argument in (".", "..") else argument)
    return " ".join(["python -m", f"benchmarks.{name}", *shown])


def describe_machine() -> str:
    """Return the processor, its cores and the memory."""
    model = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists() and (found := re.search(r"model name\s*: (.+)", cpuinfo.read_text())):
        model = found[1].strip()
    return f"{model}, {psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB"


def find_commit() -> str:
    """Return the commit of the project, with a "+" if Chip's own code was changed since; "" outside of git."""
    head = _call_git("rev-parse", "--short=7", "HEAD").strip()
    return f"{head}+" if head and _call_git("status", "--porcelain", "--", *MEASURED).strip() else head


def _call_git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)
    return done.stdout
