"""docs/BENCHMARKS.md is what the generator makes of the results, and holds no number that they do not hold."""

import re
from dataclasses import replace

from benchmarks.figures import PROJECT, RESULTS, Figure, Line, Run, load_lines
from benchmarks.page import PAGE, build_page, find_since, read_docstring
from benchmarks.tables import show_goal, show_number, show_value

RUN = Run("loop", "python -m benchmarks.loop", "abc1234", "2026-11-28", "two cores", 0.5)
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")


def find_unknown_numbers(page: str, lines: list[Line]) -> set[str]:
    """Return the numbers of a page that stand in no line of results."""
    known = set()
    for figure, run in ((line.figure, line.run) for line in lines):
        told = (figure.what, figure.on, show_value(figure), show_goal(figure), run.command, run.commit, run.date)
        load = "" if run.load is None else show_number(run.load)
        known.update(_NUMBER.findall(" ".join((*told, run.machine, run.note, load))))
    return set(_NUMBER.findall(page)) - known


def test_the_page_is_what_the_generator_makes() -> None:
    assert PAGE.read_text(encoding="utf-8") == build_page(load_lines(RESULTS)), "run `make docs`"


def test_every_number_of_the_page_stands_in_a_file_of_results() -> None:
    assert find_unknown_numbers(PAGE.read_text(encoding="utf-8"), load_lines(RESULTS)) == set()


def test_a_number_that_somebody_wrote_by_hand_is_found() -> None:
    lines = [Line(Figure("first start", 1981.5, "s"), RUN)]
    assert find_unknown_numbers(build_page(lines), lines) == set()
    assert find_unknown_numbers(build_page(lines) + "It took 12.3 s before.", lines) == {"12.3"}


def test_a_goal_shows_whether_it_is_met_now_and_since_when() -> None:
    values = {"a000000": 9.5, "b000000": 7.0, "c000000": 6.5}
    lines = [
        Line(Figure("second start to ready", value, "s", goal="≤ 8"), replace(RUN, commit=commit))
        for commit, value in values.items()
    ]
    assert find_since(lines, lines[-1]) == "b000000"
    row = "| second start to ready | ≤ 8 s | 6.5 s | yes | b000000 | `python -m benchmarks.loop` |"
    assert row in build_page(lines).splitlines()


def test_a_run_of_another_state_has_a_row_of_its_own_and_is_not_held_against_the_goals() -> None:
    now = Line(Figure("second start to ready", 6.5, "s", goal="≤ 8"), RUN)
    page = build_page([now, Line(replace(now.figure, value=30), replace(RUN, note="a slow disk"))])
    goals, section = page.split("## `python -m benchmarks.loop`")
    assert "30 s" not in goals
    assert "| a slow disk | 30 s |" in section


def test_each_file_of_results_is_a_benchmark_that_says_how_to_read_it_in_at_most_three_sentences() -> None:
    names = {path.stem for path in RESULTS.glob("*.jsonl")}
    for name in names:
        what, reading = read_docstring(name)
        assert what.endswith(".")
        assert 1 <= len(re.findall(r"[.!?](?=\s|$)", reading)) <= 3, name


def test_each_benchmark_keeps_its_figures() -> None:
    """What has a command line of its own and prints figures must go through `record`."""
    for path in (PROJECT / "benchmarks").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "begin_run(" in text and path.name != "run.py":
            name = ".".join(path.relative_to(PROJECT / "benchmarks").with_suffix("").parts).removesuffix(".__main__")
            assert "record(" in text
            assert read_docstring(name)[1], f"{name} does not say how to read its figures"
