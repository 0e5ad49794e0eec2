"""A base model whose files are not the recorded ones is never used, and the error says what to do."""

import json
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest

from retrain.base_card import MANIFEST, Base, BaseModelError, load_base, save_manifest


def write_gguf(path: Path, name: str) -> None:
    """Write a GGUF that has a name and one small tensor."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    writer.add_tensor("token_embd.weight", np.zeros((4, 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_gguf(tmp_path / "model.gguf", "nano 1")
    (tmp_path / "model.safetensors").write_bytes(b"the same weights")
    save_manifest(tmp_path, base_id="nano-1", context=2048, names=["model.gguf", "model.safetensors"])
    return tmp_path


def test_a_saved_base_loads(folder: Path) -> None:
    assert load_base(folder) == Base("nano-1", folder / "model.gguf", 2048, folder, "nano 1")


@pytest.mark.parametrize(("name", "reads"), [("chip-nano 0.2.0", False), ("Smollm2 135M", True), ("", True)])
def test_chip_nano_alone_reads_single_lines(folder: Path, name: str, reads: bool) -> None:
    write_gguf(folder / "model.gguf", name)
    save_manifest(folder, base_id="any", context=512, names=["model.gguf"])
    assert load_base(folder).reads_passages is reads


def cut(folder: Path) -> None:
    (folder / "model.gguf").write_bytes(b"weig")


def change(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"other weights...")


def lose(folder: Path) -> None:
    (folder / "model.gguf").unlink()


def lose_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def garble_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_text("{")


def list_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_text("[]")


def empty_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_text("{}")


def name_no_gguf(folder: Path) -> None:
    save_manifest(folder, base_id="nano-1", context=2048, names=["model.safetensors"])


def name_a_file_outside(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"]["../secret"] = "0"
    (folder / MANIFEST).write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (cut, r"model\.gguf does not match.*cut short.*restore"),
        (change, r"model\.safetensors does not match.*restore"),
        (lose, r"model\.gguf is missing.*restore"),
        (lose_manifest, r"holds no base model.*restore"),
        (garble_manifest, r"cannot be read.*restore"),
        (list_manifest, r"not an object.*restore"),
        (empty_manifest, r"lacks id.*restore"),
        (name_no_gguf, r"must name one \.gguf"),
        (name_a_file_outside, r"outside its folder"),
    ],
)
def test_a_spoilt_base_is_refused_with_what_to_do(folder: Path, spoil: Callable[[Path], None], says: str) -> None:
    spoil(folder)
    with pytest.raises(BaseModelError, match=says):
        load_base(folder)
