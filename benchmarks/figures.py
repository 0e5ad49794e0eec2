"""The table that a benchmark prints: what was measured, beside what is aimed at."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table."""

    what: str
    measured: str
    goal: str


def print_table(figures: Iterable[Figure]) -> None:
    """Print the rows in Markdown."""
    print("| what | measured | goal |\n| --- | --- | --- |")
    for figure in figures:
        print(f"| {figure.what} | {figure.measured} | {figure.goal} |")
