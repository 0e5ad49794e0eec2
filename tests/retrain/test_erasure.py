"""What the database forgot leaves the datasets, and the adapters that learned it go."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from feedback.corrections import find_all, set_aside
from feedback.database import Database
from feedback.forgetting import forget_message, forget_person, forget_team
from feedback.tables import feedback_events
from retrain.curate import curate
from retrain.erasure import erase_forgotten, has_learned_forgotten
from retrain.errors import DatasetError, RetrainRunning
from retrain.examples import DATASET, MANIFEST, Example, freeze_dataset, load_dataset, thin_dataset
from retrain.job import ADAPTER_FOLDER
from retrain.lock import hold_lock
from retrain.registry import list_adapters, promote
from retrain.settings import CurateSettings
from tests.loop.adapters import write_adapter
from tests.retrain.feedback_rows import add_reply, build_prompt, correct, like

REPLAY = Example(build_prompt("Rehearsal?"), "Hi.", "replay", 1.0, "replay-0")


def learn(db: Database, folder: Path, adapter_id: str) -> Path:
    """Freeze what feedback holds now and register an adapter of it; return the run's folder."""
    run = folder / "runs" / f"T{adapter_id}"
    (run / ADAPTER_FOLDER).mkdir(parents=True)
    curated = curate(db, CurateSettings(variations=1), seed=1, heldout=[])
    dataset = freeze_dataset([*curated.examples, REPLAY], run, curated.dropped)
    write_adapter(folder / "adapters", adapter_id, "nano", dataset_hash=dataset.sha256)
    return run


def serve(db: Database, folder: Path, adapter_id: str) -> None:
    adapter = next(one for one in list_adapters(folder / "adapters") if one.id == adapter_id)
    promote(db, adapter, by="U9", reason="test")


def sweep(db: Database, folder: Path) -> tuple[int, tuple[str, ...], str | None]:
    erased = erase_forgotten(db, folder / "adapters", folder / "runs", "nano")
    return erased.rows, erased.deleted, erased.serving


@pytest.fixture
def taught(db: Database) -> Database:
    """R1 is U1's, corrected by U9; R2 is U2's and liked; R3 is U2's, corrected by U8."""
    add_reply(db, "R1", "Where does Ann Onym live?", asker="U1")
    correct(db, "R1", "In Vienna.")
    add_reply(db, "R2", "How long does it charge?", asker="U2")
    like(db, "R2", person="U1")
    add_reply(db, "R3", "How long does it last?", asker="U2")
    correct(db, "R3", "It lasts 42 minutes.", person="U8")
    return db


def replies_in(run: Path) -> set[str | None]:
    return {example.reply_id for example in load_dataset(run)}


def test_where_nothing_was_forgotten_nothing_changes(taught: Database, tmp_path: Path) -> None:
    run = learn(taught, tmp_path, "A1")
    before = (run / DATASET).read_bytes()
    assert sweep(taught, tmp_path) == (0, (), None)
    assert (run / DATASET).read_bytes() == before


def test_who_is_forgotten_leaves_every_dataset_and_takes_the_idle_adapters_along(
    taught: Database, tmp_path: Path
) -> None:
    runs = [learn(taught, tmp_path, adapter_id) for adapter_id in ("A1", "A2")]
    serve(taught, tmp_path, "A2")
    forget_person(taught, "T1", "U1")

    rows, deleted, serving = sweep(taught, tmp_path)

    assert (deleted, serving) == (("A1",), "A2")
    assert rows > 2, "in all its forms"
    for run in runs:
        assert replies_in(run) == {"R2", "R3", None}
        assert "Onym" not in (run / DATASET).read_text()
        assert not (run / ADAPTER_FOLDER).exists(), "the run has a copy of the weights"
    assert [adapter.id for adapter in list_adapters(tmp_path / "adapters")] == ["A2"]
    assert sweep(taught, tmp_path) == (0, (), "A2"), "until it is replaced"


def test_a_deleted_question_leaves_too(taught: Database, tmp_path: Path) -> None:
    run = learn(taught, tmp_path, "A1")
    forget_message(taught, "T1", "C1", "R2.1")
    assert sweep(taught, tmp_path)[1:] == (("A1",), None)
    assert replies_in(run) == {"R1", "R3", None}


def test_what_somebody_taught_is_forgotten_with_them_though_others_asked(taught: Database, tmp_path: Path) -> None:
    correct(taught, "R3", "It lasts 40 minutes.", person="U9")  # holds, and was made by somebody who stays
    first = learn(taught, tmp_path, "A1")
    forget_person(taught, "T1", "U9")
    assert sweep(taught, tmp_path)[1] == ("A1",)
    assert replies_in(first) == {"R2", None}
    again = learn(taught, tmp_path, "A2")
    assert sweep(taught, tmp_path) == (0, (), None)
    assert {example.target for example in load_dataset(again) if example.reply_id == "R3"} == {"It lasts 42 minutes."}


def test_a_correction_that_waits_again_is_not_forgotten(taught: Database, tmp_path: Path) -> None:
    run = learn(taught, tmp_path, "A1")
    for correction in find_all(taught).values():
        set_aside(taught, correction.id, by="U9")
    assert sweep(taught, tmp_path) == (0, (), None)
    assert replies_in(run) == {"R1", "R2", "R3", None}


def test_a_dataset_of_before_corrections_were_named_goes_by_its_replies(taught: Database, tmp_path: Path) -> None:
    run = learn(taught, tmp_path, "A1")
    rows = [json.loads(line) for line in (run / DATASET).read_text().splitlines()]
    for row in rows:
        del row["correction_id"]
    shutil.rmtree(run)
    shutil.rmtree(tmp_path / "adapters")
    run.mkdir()
    old = "".join(json.dumps(row) + "\n" for row in rows)
    (run / DATASET).write_text(old)
    manifest = {"sha256": hashlib.sha256(old.encode()).hexdigest(), "rows": len(rows), "groups": {}, "dropped": {}}
    (run / MANIFEST).write_text(json.dumps(manifest))
    assert sweep(taught, tmp_path)[0] == 0
    forget_person(taught, "T1", "U9")
    assert sweep(taught, tmp_path)[0] > 0
    assert replies_in(run) == {"R2", "R3", None}


def test_a_workspace_that_is_forgotten_leaves_only_rehearsals(taught: Database, tmp_path: Path) -> None:
    run = learn(taught, tmp_path, "A1")
    forget_team(taught, "T1")
    assert sweep(taught, tmp_path)[1] == ("A1",)
    assert replies_in(run) == {None}
    with taught.read() as connection:
        assert connection.execute(select(feedback_events)).all() == []


def test_while_a_retrain_runs_nothing_is_touched(taught: Database, tmp_path: Path) -> None:
    learn(taught, tmp_path, "A1")
    forget_person(taught, "T1", "U1")
    with hold_lock(tmp_path / "runs", taught.clock()), pytest.raises(RetrainRunning):
        sweep(taught, tmp_path)
    assert sweep(taught, tmp_path)[1] == ("A1",)


def test_a_kill_between_manifest_and_dataset_is_made_up_for(taught: Database, tmp_path: Path) -> None:
    run = learn(taught, tmp_path, "A1")
    whole = (run / DATASET).read_bytes()
    forget_person(taught, "T1", "U1")
    sweep(taught, tmp_path)
    (run / DATASET).write_bytes(whole)  # as a kill after the manifest leaves it
    assert sweep(taught, tmp_path)[0] > 0
    assert "Onym" not in (run / DATASET).read_text()


def test_a_thinned_dataset_that_was_changed_by_hand_is_refused(tmp_path: Path) -> None:
    freeze_dataset([REPLAY, REPLAY], tmp_path, {})
    thin_dataset([REPLAY], tmp_path)
    assert load_dataset(tmp_path) == [REPLAY]
    (tmp_path / DATASET).write_text("{}\n")
    with pytest.raises(DatasetError, match="does not match"):
        load_dataset(tmp_path)


def test_an_adapter_whose_dataset_is_gone_counts_as_clean(tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path / "adapters", "A1", "nano")
    assert not has_learned_forgotten(adapter, tmp_path / "runs")
