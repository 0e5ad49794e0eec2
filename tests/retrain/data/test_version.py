"""A data set version: the same feedback gives the same folder, and a folder that was changed is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from feedback.database import Database
from feedback.forgetting import forget_person
from retrain.curate import curate
from retrain.data.diff import tell_changes
from retrain.data.formats import FORMS, Form, build_rows, export, load_rows
from retrain.data.version import Version, find_version, freeze_version, list_versions
from retrain.erasure import erase_forgotten
from retrain.errors import DatasetError
from retrain.examples import Example, load_dataset
from retrain.settings import CurateSettings
from tests.retrain.feedback_rows import add_reply, build_prompt, correct, like


def freeze(db: Database, folder: Path, at: str = "2026-11-29T00:00:00") -> Version:
    curated = curate(db, CurateSettings(variations=1), seed=1, heldout=[])
    facts = {"settings": {"max_per_person": 40}, "consent": [{"is_on": True}], "raters": curated.raters}
    dataset = freeze_version(curated.examples, folder, curated.dropped, facts, at)
    return find_version(folder, dataset.path.parent.name)


@pytest.fixture
def taught(db: Database) -> Database:
    add_reply(db, "R1", "Where does Ann Onym live?", asker="U1")
    correct(db, "R1", "In Vienna.")
    add_reply(db, "R2", "How long does it charge?", asker="U2")
    like(db, "R2", person="U3")
    add_reply(db, "R3", "How far does it fly?", asker="U2")
    like(db, "R3", person="U3", verdict="down")
    return db


def test_the_same_feedback_is_the_same_version_and_more_is_another(taught: Database, tmp_path: Path) -> None:
    first, again = freeze(taught, tmp_path), freeze(taught, tmp_path, at="2027-01-01T00:00:00")
    assert first == again
    add_reply(taught, "R4", "How large is it?")
    correct(taught, "R4", "It is small.")
    second = freeze(taught, tmp_path, at="2026-11-30T00:00:00")
    assert [version.id for version in list_versions(tmp_path)] == [first.id, second.id]
    assert not list(tmp_path.glob(".unfinished*"))


def test_the_card_says_what_is_in_it_and_what_was_left_out(taught: Database, tmp_path: Path) -> None:
    version = freeze(taught, tmp_path)
    card = (version.folder / "README.md").read_text(encoding="utf-8")
    counts = ("| corrections | 1 |", "| liked answers | 1 |", "| voted down | 1 |")
    for expected in (*counts, "](kept.svg)", "is_on: True"):
        assert expected in card
    assert (version.folder / "kept.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert version.manifest["dropped"] == {"voted down": 1}


@pytest.mark.parametrize("name", ["dataset.jsonl", "manifest.json", "README.md", "kept.svg"])
def test_a_folder_that_was_tampered_with_is_refused(taught: Database, tmp_path: Path, name: str) -> None:
    version = freeze(taught, tmp_path)
    path = version.folder / name
    path.write_text(path.read_text(encoding="utf-8").replace("1", "2"), encoding="utf-8")
    with pytest.raises(DatasetError, match="changed"):
        load_dataset(version.folder)


def test_what_is_forgotten_leaves_rows_and_card(taught: Database, tmp_path: Path) -> None:
    version = freeze(taught, tmp_path / "runs")
    assert "Onym" in "".join(path.read_text() for path in version.folder.iterdir())
    forget_person(taught, "T1", "U1")
    assert erase_forgotten(taught, tmp_path / "adapters", tmp_path / "runs", "nano").rows == 2
    assert "Onym" not in "".join(path.read_text() for path in version.folder.iterdir())
    assert {example.reply_id for example in load_dataset(version.folder)} == {"R2"}


def test_a_version_is_named_by_the_beginning_of_its_id_and_another_name_lists_what_is_known(
    taught: Database, tmp_path: Path
) -> None:
    version = freeze(taught, tmp_path)
    assert find_version(tmp_path, version.id[:5]) == version
    with pytest.raises(DatasetError, match=version.id):
        find_version(tmp_path, "X1")


def test_the_difference_is_told_in_words(taught: Database, tmp_path: Path) -> None:
    first = freeze(taught, tmp_path)
    correct(taught, "R1", "In Graz.")
    add_reply(taught, "R4", "How large is it?")
    correct(taught, "R4", "It is small.")
    second = freeze(taught, tmp_path, at="2026-11-30T00:00:00")
    told = tell_changes(first, second)
    assert told[0] == f"{second.id} has 2 corrections, 1 liked answer; {first.id} has 1 correction, 1 liked answer."
    assert told[1:3] == ["1 correction came:", "  How large is it? → “It is small.”"]
    assert "“Where does Ann Onym live?” taught “In Vienna.”, and teaches “In Graz.” now." in told


ROWS = [
    Example(build_prompt("Both?"), "[2] Charging takes 90 minutes.", "correction", 1.0, "a", rejected="[1] Never."),
    Example(build_prompt("Good?"), "Yes.", "like", 1.0, "b"),
    Example(build_prompt("Bad?"), "", "dislike", 1.0, "c", rejected="No."),
]


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
@pytest.mark.parametrize(("form", "count"), [("sft", 2), ("dpo", 1), ("kto", 4)])
def test_what_is_exported_is_imported_again(tmp_path: Path, form: Form, count: int, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    assert export(ROWS, form, path) == count
    loaded = load_rows(path)
    assert list(build_rows(loaded, form)) == list(build_rows(ROWS, form))
    assert {example.source for example in loaded} == {"import"}


def test_the_forms_are_those_that_trl_reads() -> None:
    keys = {form: {tuple(row) for row in build_rows(ROWS, form)} for form in FORMS}
    assert keys == {
        "sft": {("prompt", "completion")},
        "dpo": {("prompt", "chosen", "rejected")},
        "kto": {("prompt", "completion", "label")},
    }


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"prompt": "Hi"}\n', "row 1"),
        ('{"prompt": "Hi", "completion": "Hello."}\n{"text": 1}\n', "row 2"),
        ('{"prompt": "Hi", "completion": ""}\n', "empty"),
        ("not json\n", "cannot be read"),
    ],
)
def test_a_file_that_is_no_data_set_is_refused_by_row(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DatasetError, match=reason):
        load_rows(path)


def test_plain_strings_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"prompt": "Hi", "chosen": "Hello.", "rejected": "Go away."}\n', encoding="utf-8")
    (example,) = load_rows(path)
    assert (example.messages[0].content, example.target, example.rejected) == ("Hi", "Hello.", "Go away.")
    assert replace(example, target="x").trains
