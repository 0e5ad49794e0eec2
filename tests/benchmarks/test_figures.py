"""A figure keeps its number, its goal and where it was measured, in a file and back."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.figures import Figure, Line, Run, append_lines, load_lines, round_figure
from benchmarks.run import begin_run, build_parser, describe_command, record
from benchmarks.tables import build_table, show_number

RUN = Run("slack.acks", "python -m benchmarks.slack.acks", "abc1234", "2026-11-28", "two cores", 0.3)


@pytest.mark.parametrize(
    ("value", "goal", "is_met"),
    [
        (50, "≤ 50", True),
        (50.1, "≤ 50", False),
        (0, "= 0", True),
        (1, "= 0", False),
        (0.9, "≥ 0.9", True),
        (7, "", None),
    ],
)
def test_a_goal_is_held_against_the_value(value: float, goal: str, is_met: bool | None) -> None:
    assert Figure("ack", value, goal=goal).is_met is is_met


def test_a_goal_that_no_number_can_be_held_against_is_refused() -> None:
    with pytest.raises(ValueError, match="in order"):
        Figure("order", 3, goal="in order")


def test_figures_come_back_from_their_file_as_they_were_kept(tmp_path: Path) -> None:
    figures = [Figure("lost", 0, goal="= 0"), Figure("ack, p99", 41.5, "ms", "HTTP", "≤ 50", 29.0, 55.0)]
    lines = [Line(figure, run) for figure in figures for run in (RUN, replace(RUN, note="before", imported=True))]
    for line in lines:
        append_lines([line], tmp_path)
    assert load_lines(tmp_path) == lines
    assert [path.name for path in tmp_path.iterdir()] == ["slack.acks.jsonl"]


def test_four_digits_are_kept() -> None:
    kept = round_figure(Figure("share", 0.123456, low=46428.4, high=2.0))
    assert (kept.value, kept.low, kept.high) == (0.1235, 46430, 2)


def test_numbers_are_shown_without_exponents() -> None:
    assert [show_number(n) for n in (0, 0.958, 46428, 1000.5, 0.00001, -3.0)] == [
        "0",
        "0.958",
        "46,428",
        "1,000.5",
        "0.00001",
        "-3",
    ]


def test_a_command_is_told_without_the_folders_of_one_machine() -> None:
    arguments = ["--cases", "/home/ada/cases", "--set", "jitsi", "--note", "before", "--results", "x"]
    assert describe_command("unseen", arguments) == "python -m benchmarks.unseen --cases … --set jitsi"


def test_a_run_says_what_it_measured_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.serving import __main__ as serving

    chosen = build_parser("A benchmark.").parse_args(["--results", str(tmp_path), "--note", "before"])
    run = begin_run(str(serving.__file__), chosen)
    record(run, [Figure("right", 52, goal="≥ 115")], chosen.results)
    assert run.name == "serving"
    assert "GiB" in run.machine
    assert load_lines(tmp_path) == [Line(Figure("right", 52, goal="≥ 115"), run)]
    assert "| right | 52 | ≥ 115 |" in capsys.readouterr().out


def test_a_part_of_a_run_is_printed_and_not_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(RUN, [Figure("right", 2)], None)
    assert "| right | 2 |" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_a_table_has_a_row_for_each_system_and_a_column_for_each_measure() -> None:
    figures = [Figure(what, n, on=on) for n, (on, what) in enumerate((o, w) for o in "AB" for w in ("right", "wrong"))]
    assert build_table([Line(figure, RUN) for figure in figures]) == [
        "| on | right | wrong | measured |",
        "| --- | --- | --- | --- |",
        "| A | 0 | 1 | 2026-11-28, abc1234 |",
        "| B | 2 | 3 | 2026-11-28, abc1234 |",
    ]


def test_many_measures_of_few_systems_stand_below_each_other() -> None:
    figures = [Figure(f"measure {n}", n, "ms", on=on) for on in "AB" for n in range(9)]
    table = build_table([Line(figure, RUN) for figure in figures])
    assert table[0] == "| what | A | B |"
    assert table[2] == "| measure 0 | 0 ms | 0 ms |"
    assert len(table) == 2 + 9 + 1


def test_a_single_system_is_named() -> None:
    table = build_table([Line(Figure("right", 9, on="jitsi"), replace(RUN, note="before"))])
    assert table[2] == "| jitsi · before | right | 9 | – | 2026-11-28, abc1234 |"


def test_a_line_that_was_changed_by_hand_is_refused_and_named(tmp_path: Path) -> None:
    append_lines([Line(Figure("right", 41, goal="≥ 40"), RUN)], tmp_path)
    (path,) = tmp_path.glob("*.jsonl")
    assert len(load_lines(tmp_path)) == 1
    path.write_text(path.read_text().replace("41", "49"))
    with pytest.raises(ValueError, match=r"line 1 was changed by hand"):
        load_lines(tmp_path)
