"""Figures as Markdown tables, for a terminal and for the page. Knows nothing of files or of commands."""

from collections.abc import Iterable, Sequence

from benchmarks.figures import Figure, Line

MOST_COLUMNS = 8
LEAST_FILLED = 1 / 3  # a table filled less than this becomes a list
NOTHING = "–"


def show_value(figure: Figure) -> str:
    """Return the value with its unit and range: "36 ms (29–55)"."""
    spread = ""
    if figure.low is not None and figure.high is not None and figure.low != figure.high:
        spread = f" ({show_number(figure.low)}–{show_number(figure.high)})"
    return f"{show_number(figure.value)}{_show_unit(figure.unit)}{spread}"


def show_goal(figure: Figure) -> str:
    """Return the goal with its unit, and a dash for none."""
    if not figure.goal:
        return NOTHING
    sign, number = figure.goal.split(" ")
    return f"{sign} {show_number(float(number))}{_show_unit(figure.unit)}"


def show_number(value: float) -> str:
    """Return a number as a table shows it: 0.958, 1,981, 0.00001."""
    return f"{value:,.12f}".rstrip("0").rstrip(".")


def build_table(lines: Sequence[Line]) -> list[str]:
    """Return rows of systems or sets with their measures as columns, or the other way round if that is narrower.

    If neither fits, each figure gets a row, with its goal.
    """
    rows = list(dict.fromkeys(name_row(line) for line in lines))
    columns = list(dict.fromkeys(line.figure.what for line in lines))
    is_sparse = len(lines) < LEAST_FILLED * len(rows) * len(columns)
    if len(rows) == 1 or is_sparse or min(len(rows), len(columns)) > MOST_COLUMNS:
        return _build_list(lines, is_named=rows != [NOTHING])
    cells = {(name_row(line), line.figure.what): show_value(line.figure) for line in lines}
    measured = {row: _describe_runs(line for line in lines if name_row(line) == row) for row in rows}
    if len(columns) <= MOST_COLUMNS:
        table = [["on", *columns, "measured"]]
        table += [[row, *(cells.get((row, column), NOTHING) for column in columns), measured[row]] for row in rows]
    else:
        table = [["what", *rows]]
        table += [[column, *(cells.get((row, column), NOTHING) for row in rows)] for column in columns]
        table.append(["measured", *measured.values()])
    return draw(table)


def name_row(line: Line) -> str:
    """Return what a figure was measured on: a system or a set, and the state of Chip if a note names one."""
    return " · ".join(filter(None, (line.figure.on, line.run.note))) or NOTHING


def draw(table: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows in Markdown; the first is the head."""
    head, *rows = [f"| {' | '.join(row)} |" for row in table]
    return [head, f"|{' --- |' * len(table[0])}", *rows]


def _build_list(lines: Sequence[Line], *, is_named: bool) -> list[str]:
    table = [[*(["on"] if is_named else []), "what", "now", "goal", "measured"]]
    for line in lines:
        named, figure = [name_row(line)] if is_named else [], line.figure
        table.append([*named, figure.what, show_value(figure), show_goal(figure), _describe_runs([line])])
    return draw(table)


def _describe_runs(lines: Iterable[Line]) -> str:
    runs = dict.fromkeys(line.run for line in lines)
    described = (f"{run.date}, {run.commit}{', imported' if run.imported else ''}" for run in runs)
    return "; ".join(dict.fromkeys(described))


def _show_unit(unit: str) -> str:
    return f" {unit}" if unit else ""
