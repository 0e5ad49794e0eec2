"""A short soak; `python -m benchmarks.serving.soak` is the long one."""

from pathlib import Path

from benchmarks.serving.soak import run


def test_cancels_swaps_and_bad_requests_mix_drop_and_hang_nothing(tmp_path: Path) -> None:
    soak = run(300.0, tmp_path, clients=8, enough=150)
    assert soak.faults == []
    assert soak.outcomes["swap"] >= 2
    assert soak.outcomes["cancelled"] >= 5
    assert soak.outcomes["length"] + soak.outcomes["stop"] >= 10
