"""Makes docs/BENCHMARKS.md from the figures in `benchmarks/results/` and from each benchmark's docstring.

python -m benchmarks.page [--check]

The page begins with the goals; then each command has a table of its latest figures. The first sentence of a docstring
says what is measured; its paragraph "How to read it:" stands under the table. A run with a note measured another state
of Chip and has rows of its own.
"""

import ast
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from textwrap import shorten

from benchmarks.figures import PROJECT, RESULTS, Figure, Line, load_lines
from benchmarks.tables import build_table, draw, show_goal, show_number, show_value

PAGE = PROJECT / "docs" / "BENCHMARKS.md"
READING = "How to read it:"
MOST_OF_A_COMMAND = 64  # characters of a command in the table of goals; its file holds all of them
Key = tuple[str, str, str]
HEAD = """# Measurements

`python -m benchmarks.page` (part of `make docs`) makes this page of the files in `benchmarks/results/`, to which each
benchmark appends what it measured: nobody writes a number here by hand. "Since" is the commit since which a goal is
met, or missed; one that ends in "+" had changes that were not committed. "Imported" marks figures that were measured
before these files were kept. What was tried and rejected is in [LOG.md](LOG.md).
"""


def build_page(lines: Sequence[Line]) -> str:
    """Return the page."""
    names = {name: list(own) for name, own in groupby(lines, key=lambda line: line.run.name)}
    parts = [HEAD, _build_goals(names)]
    parts += [_build_section(name, list(find_latest(own).values())) for name, own in names.items()]
    return "\n".join(parts)


def find_latest(lines: Iterable[Line]) -> dict[Key, Line]:
    """Return the latest line of each figure of one benchmark, in the order in which they were first measured."""
    return {_key(line): line for line in lines}


def find_since(lines: Sequence[Line], latest: Line) -> str:
    """Return the commit since which a figure has met, or missed, its goal as it does now."""
    since = latest
    for line in reversed([line for line in lines if _key(line) == _key(latest)]):
        if Figure(latest.figure.what, line.figure.value, goal=latest.figure.goal).is_met != latest.figure.is_met:
            break
        since = line
    return since.run.commit


def read_docstring(name: str) -> tuple[str, str]:
    """Return from the docstring of a benchmark's module its first sentence, and how to read its figures."""
    place = PROJECT / "benchmarks" / Path(*name.split("."))
    path = place / "__main__.py" if place.is_dir() else place.with_suffix(".py")
    paragraphs = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")
    reading = [_join(text).removeprefix(READING).strip() for text in paragraphs if text.startswith(READING)]
    return _join(paragraphs[0]), "".join(reading)


def _key(line: Line) -> Key:
    return line.figure.on, line.figure.what, line.run.note


def _build_goals(names: dict[str, list[Line]]) -> str:
    table = [["what", "goal", "now", "met?", "since", "command"]]
    for lines in names.values():
        for line in find_latest(lines).values():
            figure = line.figure
            if figure.goal and not line.run.note:
                what = f"{figure.on}: {figure.what}" if figure.on else figure.what
                met = "yes" if figure.is_met else "**no**"
                command = shorten(line.run.command, MOST_OF_A_COMMAND, placeholder=" …")
                table.append(
                    [what, show_goal(figure), show_value(figure), met, find_since(lines, line), f"`{command}`"]
                )
    return "\n".join(["## Goals", "", *draw(table), ""])


def _build_section(name: str, lines: Sequence[Line]) -> str:
    what, reading = read_docstring(name)
    parts = [f"## `python -m benchmarks.{name}`", "", what, "", _describe_machines(lines), "", *build_table(lines), ""]
    return "\n".join([*parts, f"{READING} {reading}", ""] if reading else parts)


def _describe_machines(lines: Sequence[Line]) -> str:
    machines = dict.fromkeys(line.run.machine for line in lines)
    loads = [line.run.load for line in lines if line.run.load is not None]
    load = " to ".join(dict.fromkeys(map(show_number, (min(loads), max(loads))))) if loads else ""
    return f"On {'; '.join(machines)}{f'; load before {load}' if load else ''}."


def _join(text: str) -> str:
    return " ".join(text.split())


def main() -> int:
    """Write the page, or say whether it is up to date."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the page is out of date")
    is_check = parser.parse_args().check
    page = build_page(load_lines(RESULTS))
    if not is_check:
        PAGE.write_text(page, encoding="utf-8")
        return 0
    is_current = PAGE.read_text(encoding="utf-8") == page
    print("docs/BENCHMARKS.md is up to date." if is_current else "docs/BENCHMARKS.md is out of date: run `make docs`.")
    return 0 if is_current else 1


if __name__ == "__main__":
    sys.exit(main())
