"""`chip forget PERSON`: everything goes at once, also the adapter that serves, and the report says so."""

import json
from pathlib import Path

import pytest

from bot.cli.forgetting import forget_person
from bot.core import find_base, make_id, now_utc
from bot.run import hold_data_folder
from config.loading import load_settings
from config.settings import Settings
from feedback.database import Database, open_database
from feedback.traces import search
from retrain.curate import curate
from retrain.examples import freeze_dataset
from retrain.proof import FOLDER
from retrain.registry import list_adapters, live, promote
from retrain.settings import CurateSettings
from tests.loop.adapters import write_adapter
from tests.retrain.feedback_rows import add_reply, correct

MARK = "Where does the mower of Wilhelmine Onym stand?"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(environment={"CHIP_DATA": str(tmp_path)}).settings


def teach(settings: Settings) -> None:
    """Let an adapter serve that learned a question of U1."""
    db: Database = open_database(settings.database_url, clock=now_utc, new_id=make_id)
    add_reply(db, "R1", MARK, asker="U1")
    correct(db, "R1", "In the shed.")
    run = settings.data / "retrain" / "TA1"
    run.mkdir(parents=True)
    dataset = freeze_dataset(curate(db, CurateSettings(variations=0), seed=1, heldout=[]).examples, run, {})
    base_id = find_base(settings).id
    promote(
        db,
        write_adapter(settings.data / "adapters", "A1", base_id, dataset_hash=dataset.sha256),
        by="U9",
        reason="test",
    )
    db.close()


def test_a_person_leaves_every_file_and_the_base_serves_without_them(settings: Settings) -> None:
    teach(settings)
    assert search(settings.data, [MARK]).found

    said = list(forget_person(settings, "U1"))

    assert search(settings.data, [MARK]).found == {}
    assert list_adapters(settings.data / "adapters") == []
    db = open_database(settings.database_url, clock=now_utc, new_id=make_id)
    assert live(db, find_base(settings).id) is None
    db.close()
    (report,) = (settings.data / FOLDER).glob("*.json")
    proof = json.loads(report.read_text())
    assert (proof["rows"], proof["deleted_adapters"], proof["serving"]) == ({"replies": 1}, ["A1"], None)
    assert said[-1] == f"The report is {report}"
    assert "found none" in said[-2]


def test_somebody_unknown_is_said_to_have_left_nothing(settings: Settings) -> None:
    assert next(iter(forget_person(settings, "U404"))) == "Nothing of U404 was kept."


def test_a_running_chip_is_asked_instead(settings: Settings) -> None:
    with hold_data_folder(settings.data), pytest.raises(OSError, match="Another Chip runs"):
        list(forget_person(settings, "U1"))
