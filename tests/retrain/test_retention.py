"""Old adapters and data sets go, and never what Chip can go back to or what an admin may still choose."""

from pathlib import Path

import pytest

from feedback.database import Database
from retrain.canary.log import begin, end
from retrain.data.version import freeze_version, list_versions
from retrain.examples import Example
from retrain.job import ADAPTER_FOLDER, JOB
from retrain.registry import find_rollback, list_adapters, promote, rollback
from retrain.retention import clear_away, find_needed
from retrain.unlearn import take_back_lessons
from tests.loop.adapters import write_adapter
from tests.retrain.feedback_rows import build_prompt

BASE = "tiny-0"


@pytest.fixture
def adapters(tmp_path: Path) -> Path:
    return tmp_path / "adapters"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def freeze(runs: Path, number: int) -> tuple[str, str]:
    """Return the hash and the name of a data set of one lesson."""
    lesson = Example(build_prompt(f"Question {number}?"), "An answer.", "like", 1.0, "g")
    frozen = freeze_version([lesson], runs, {}, {}, f"2026-01-{number + 1:02}")
    return frozen.sha256, frozen.path.parent.name


def names(folder: Path) -> set[str]:
    return {adapter.id for adapter in list_adapters(folder)}


def test_what_serves_and_each_step_back_stay_and_the_oldest_refused_go(
    db: Database, adapters: Path, runs: Path
) -> None:
    for name in ("A1", "A2", "A3"):
        promote(db, write_adapter(adapters, name, BASE), by="U9", reason="")
    rollback(db, find_rollback(db, adapters, BASE), BASE, by="U9", reason="")
    for number in range(4):
        write_adapter(adapters, f"R{number}", BASE, passed=False, ruling="refused", at=f"2026-02-0{number + 1}")
    cleared = clear_away(db, adapters, runs, keep=2)
    assert names(adapters) == {"A1", "A2", "R2", "R3"}
    assert set(cleared.adapters) == {"A3", "R0", "R1"}
    back = find_rollback(db, adapters, BASE)
    assert back is not None
    assert back.id == "A1"
    rollback(db, back, BASE, by="U9", reason="")
    assert find_rollback(db, adapters, BASE) is None, "all the way to the bare base"


def test_what_waits_for_an_admin_stays_until_something_else_was_chosen(
    db: Database, adapters: Path, runs: Path
) -> None:
    write_adapter(adapters, "W0", BASE, passed=False, ruling="not judged", at="2026-01-01")
    promote(db, write_adapter(adapters, "A1", BASE), by="U9", reason="")
    for number in range(3):
        write_adapter(adapters, f"W{number + 1}", BASE, passed=False, ruling="not judged", at=f"2027-01-0{number + 1}")
    clear_away(db, adapters, runs, keep=0)
    assert names(adapters) == {"A1", "W1", "W2", "W3"}


def test_another_bases_adapters_have_a_way_back_of_their_own(db: Database, adapters: Path, runs: Path) -> None:
    promote(db, write_adapter(adapters, "A1", "the base before"), by="U9", reason="")
    write_adapter(adapters, "R1", "the base before", passed=False, ruling="refused")
    promote(db, write_adapter(adapters, "B1", BASE), by="U9", reason="")
    clear_away(db, adapters, runs, keep=0)
    assert names(adapters) == {"A1", "B1"}


def test_what_is_tried_on_people_stays_until_the_trial_ends(db: Database, adapters: Path, runs: Path) -> None:
    for name in ("C1", "C2"):
        write_adapter(adapters, name, BASE)
    trial = begin(db, "C1", BASE, None, 0.25, by="U9")
    clear_away(db, adapters, runs, keep=0)
    assert names(adapters) == {"C1"}
    end(db, trial, by="U9", reason="")
    clear_away(db, adapters, runs, keep=0)
    assert names(adapters) == set()


def test_data_sets_of_adapters_stay_and_of_others_the_newest(db: Database, adapters: Path, runs: Path) -> None:
    kept, first = freeze(runs, 0)
    promote(db, write_adapter(adapters, "A1", BASE, dataset_hash=kept), by="U9", reason="")
    others = [freeze(runs, number)[1] for number in range(1, 4)]
    for number, dataset in enumerate([first, *others]):
        run = runs / f"T{number}"
        (run / ADAPTER_FOLDER).mkdir(parents=True)
        (run / JOB).write_text(f'{{"dataset": "{(runs / dataset).resolve()}"}}', encoding="utf-8")
    cleared = clear_away(db, adapters, runs, keep=1)
    assert cleared.datasets == tuple(others[:2])
    assert {version.id for version in list_versions(runs)} == {first, others[2]}
    assert sorted(path.name for path in runs.glob("T*")) == ["T0", "T3"]
    assert not list(runs.glob(f"*/{ADAPTER_FOLDER}")), "a registered adapter has its own copy"
    assert take_back_lessons(db, adapters, runs, left="A1", now=None, by="U9") == 0


def test_nothing_is_needed_where_nothing_was_ever_made(db: Database, adapters: Path, runs: Path) -> None:
    assert find_needed(db, []) == set()
    assert clear_away(db, adapters, runs, keep=0).adapters == ()
