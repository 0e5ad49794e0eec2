"""A retrain that a kill ends at any step changes nothing that serves, and the next one starts over and ends well."""

import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from retrain.adapter import Adapter
from retrain.registry import UNFINISHED, live
from retrain.report import find_reports
from retrain.run import run_retrain
from tests.patience import wait_until
from tests.retrain.feedback_rows import add_reply, correct, like
from tests.retrain.killed_run import SWAP, build_deps, open_test_database

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("step", ["curate", "rehearse", "train", "evaluate", "promote", SWAP])
def test_a_kill_at_any_step_leaves_what_serves_and_the_next_retrain_ends_well(
    migrated: Path, tiny_base: Path, tmp_path: Path, step: str
) -> None:
    shutil.copy(migrated, tmp_path / "chip.db")
    with closing(open_test_database(tmp_path)) as db:
        for number in range(12):
            add_reply(db, f"R{number}", f"How long does battery {number} of the Heron charge?", "I don't know.")
            like(db, f"R{number}", verdict="down")
            correct(db, f"R{number}", "Charging takes 90 minutes.", person=f"U{number}")

        words = [sys.executable, "-m", "tests.retrain.killed_run", str(tmp_path), str(tiny_base), step]
        killed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        wait_until(lambda: not find_trainers(tmp_path))  # an orphan ends when it next tells its progress

        served: list[str | None] = []

        def use_adapter(adapter: Adapter | None) -> float:
            served.append(adapter.id if adapter else None)
            return 1.0

        deps = build_deps(db, tiny_base, tmp_path, lambda _: None, use_adapter)
        assert live(db, deps.base.id) is None, "what served before serves"
        report = run_retrain(deps, trigger="command", requested_by="U9")
        assert report.outcome == "promoted", report.reasons
        assert served == [report.adapter_id] == [live(db, deps.base.id)]
        assert [row["state"] for row in find_reports(db)] == ["promoted", "interrupted"]
        assert not list(deps.adapters_folder.glob(f"{UNFINISHED}*"))


def find_trainers(folder: Path) -> list[psutil.Process]:
    """Return the training processes that work below the folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "retrain.train" in words and any(word.startswith(str(folder)) for word in words):
            found.append(process)
    return found
