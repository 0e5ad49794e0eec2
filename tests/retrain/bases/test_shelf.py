"""Models are added whole or not at all, and the one that serves is chosen by name."""

from pathlib import Path

import pytest

from retrain.bases.base import BaseModelError
from retrain.bases.shelf import DEFAULT, Shelf
from tests.bot.engine.tiny_gguf import write_random_base
from tests.retrain.bases.test_base import write_gguf


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_random_base(tmp_path / "tiny").gguf_path


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "var" / "models")


def test_an_added_model_is_listed_chosen_and_loaded(shelf: Shelf, file: Path) -> None:
    assert shelf.load().id == "chip-nano-0.2.0"
    added = shelf.add(file, "mine", "somewhere", "MIT")
    assert shelf.names() == [DEFAULT, "mine"]
    assert shelf.load().id == "chip-nano-0.2.0", "adding is not choosing"
    file.unlink()
    assert shelf.choose("mine") == added
    assert shelf.load() == added == shelf.load(Path("mine"))
    record = shelf.record("mine")
    assert record is not None
    assert (record.sha256, record.source, record.licence) == (added.sha256, "somewhere", "MIT")


def test_a_fetched_file_is_moved_and_what_came_with_it_goes(shelf: Shelf, file: Path) -> None:
    shelf.staging_folder.mkdir(parents=True)
    fetched = shelf.staging_folder / "model.gguf"
    file.rename(fetched)
    (shelf.staging_folder / "wheel.whl").write_bytes(b"x")
    shelf.add(fetched, "mine", "hub", "MIT")
    assert not shelf.staging_folder.exists()
    assert shelf.load(Path("mine")).gguf_path.exists()


@pytest.mark.parametrize("name", ["", "a b", "../up", "chip-nano", "-x"])
def test_a_name_that_cannot_be_taken_is_refused(shelf: Shelf, file: Path, name: str) -> None:
    with pytest.raises(BaseModelError, match="name"):
        shelf.add(file, name, "", "")


def test_a_model_that_llama_cpp_does_not_know_is_not_added_and_the_choice_stays(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match="frobnicator"):
        shelf.add(write_gguf(tmp_path / "new.gguf", architecture="frobnicator"), "new", "", "")
    with pytest.raises(BaseModelError, match="There is no file new"):
        shelf.choose("new")
    assert shelf.names() == [DEFAULT]
    assert shelf.load().id == "chip-nano-0.2.0"


def test_a_model_that_was_changed_since_is_not_chosen_and_the_choice_stays(shelf: Shelf, file: Path) -> None:
    shelf.choose(DEFAULT)
    place = shelf.add(file, "mine", "", "").gguf_path
    content = bytearray(place.read_bytes())
    content[-1] ^= 1
    place.unlink()
    place.write_bytes(content)
    with pytest.raises(BaseModelError, match="does not match its recorded hash"):
        shelf.choose("mine")
    assert shelf.chosen == DEFAULT
    assert [name for name, base in shelf.bases() if isinstance(base, BaseModelError)] == ["mine"]


def test_a_file_is_added_before_it_can_be_chosen(shelf: Shelf, file: Path) -> None:
    with pytest.raises(BaseModelError, match=r"has no name yet\. Run: chip models add"):
        shelf.choose(str(file))
    assert shelf.load(file).gguf_path == file, "the settings may name it all the same"


def test_what_is_set_up_on_demand_says_how(shelf: Shelf) -> None:
    with pytest.raises(BaseModelError, match="chip models add chip-smol"):
        shelf.choose("chip-smol")
