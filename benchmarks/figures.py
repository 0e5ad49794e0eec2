"""What benchmarks measure: figures, kept as lines of JSON in `benchmarks/results/`, one file for each benchmark.

`benchmarks.run` writes them and `benchmarks.page` makes docs/BENCHMARKS.md from them. Each line ends in a hash, so that
one that was changed by hand is noticed. Knows nothing of what is measured.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "benchmarks" / "results"
SIGNIFICANT_DIGITS = 4
HASH = "hash"
_GOAL = re.compile(r"(≥|≤|<|>|=) (-?[\d.]+)")
_COMPARISONS = {
    "≥": float.__ge__,
    "≤": float.__le__,
    ">": float.__gt__,
    "<": float.__lt__,
    "=": float.__eq__,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that a benchmark measured.

    `on` names the measured system, set or case; "" if there is only one. `goal` is "≥ 0.9", "≤ 50", "= 0" or the like,
    in `unit`; "" for none. `low` and `high` span several runs or repetitions.
    """

    what: str
    value: float
    unit: str = ""
    on: str = ""
    goal: str = ""
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        """Raise `ValueError` for a goal that no number can be compared with."""
        if self.goal and not _GOAL.fullmatch(self.goal):
            raise ValueError(f"{self.goal!r} is no goal; write one like '≥ 0.9'")

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        found = _GOAL.fullmatch(self.goal)
        return _COMPARISONS[found[1]](float(self.value), float(found[2])) if found else None


@dataclass(frozen=True, slots=True)
class Run:
    """What all figures of one run share.

    `name` is the benchmark's module below `benchmarks`, and names the file. `load` is the machine's load average over
    the minute before the run began. `note` names the measured state of Chip if it is not the usual one. `commit` ends
    in "+" if Chip's code differed from it. `imported`: the run was made before figures were kept in files.
    """

    name: str
    command: str
    commit: str
    date: str
    machine: str
    load: float | None
    note: str = ""
    imported: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file of results."""

    figure: Figure
    run: Run


def append_lines(lines: Iterable[Line], folder: Path) -> None:
    """Append the lines to the files of results."""
    folder.mkdir(parents=True, exist_ok=True)
    for line in lines:
        values = asdict(line.figure) | asdict(line.run)
        kept = {key: value for key, value in values.items() if key != "name" and not _is_missing(value)}
        with (folder / f"{line.run.name}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(kept | {HASH: _find_hash(line.run.name, kept)}, ensure_ascii=False) + "\n")


def load_lines(folder: Path) -> list[Line]:
    """Return all lines of all files, each file's in the order of its runs. Raise `ValueError` for a changed line."""
    return [
        _parse_line(path.stem, json.loads(text), f"{path.name}, line {number}")
        for path in sorted(folder.glob("*.jsonl"), key=lambda path: path.stem)
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    ]


def round_figure(figure: Figure) -> Figure:
    """Return the figure with four significant digits. Whole numbers stay whole."""
    rounded = {name: _round_number(getattr(figure, name)) for name in ("value", "low", "high")}
    return Figure(**(asdict(figure) | rounded))


def _round_number(value: float | None) -> float | None:
    if value is None or float(value).is_integer():
        return None if value is None else int(value)
    rounded = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return int(rounded) if rounded.is_integer() else rounded


def _is_missing(value: object) -> bool:
    return value is None or value is False or value == ""


def _find_hash(name: str, values: dict[str, Any]) -> str:
    told = json.dumps(values, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(f"{name}\0{told}".encode()).hexdigest()[:16]


def _parse_line(name: str, raw: dict[str, Any], place: str) -> Line:
    if raw.pop(HASH, "") != _find_hash(name, raw):
        raise ValueError(f"{place} was changed by hand. Take it out, and measure again by its command.")
    figure = {key: raw.pop(key) for key in tuple(raw) if key in Figure.__slots__}
    return Line(Figure(**figure), Run(**({"name": name, "load": None} | raw)))
