"""A base is one GGUF; a file that must not be used is refused with what is wrong and what to do."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from retrain.adapter import hash_file
from retrain.bases.base import CELLS_BYTES, Base, BaseModelError, load_base
from retrain.bases.gguf_header import read_header
from retrain.bases.vocabulary import open_vocabulary
from tests.bot.engine.tiny_gguf import write_random_base


def write_gguf(path: Path, architecture: str = "llama", **changes: Any) -> Path:
    """Write the head of a chat model and one tensor; `changes` set or (None) leave out parts of it."""
    parts = {"name": "Some Model 1B", "template": "{{ messages }}", "tokens": 4, "rows": 4, "kind": None, **changes}
    writer = gguf.GGUFWriter(path, architecture)
    if parts["kind"]:
        writer.add_type(parts["kind"])
    writer.add_name(parts["name"])
    writer.add_context_length(4096)
    writer.add_block_count(3)
    writer.add_embedding_length(32)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    if parts["tokens"]:
        writer.add_tokenizer_model("gpt2")
        writer.add_token_list([f"t{number}" for number in range(parts["tokens"])])
    if parts["template"]:
        writer.add_chat_template(parts["template"])
    if parts.get("split"):
        writer.add_uint16("split.count", parts["split"])
    writer.add_tensor("token_embd.weight", np.zeros((parts["rows"], 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_gguf(tmp_path / "model.gguf")


def test_a_base_is_known_by_its_weights(file: Path, tmp_path: Path) -> None:
    base = load_base(file)
    assert base.id == f"some-model-1b-{hash_file(file)[:8]}"
    assert (base.name, base.context, base.cell_bytes) == ("Some Model 1B", 4096, 3 * 2 * (8 + 8) * 2)
    other = write_gguf(tmp_path / "other.gguf", rows=4, template="{{ other }}")
    assert load_base(other).id != base.id


@pytest.mark.parametrize(("name", "reads"), [("chip-nano 0.2.0", False), ("Smollm2 135M", True), ("", True)])
def test_chip_nano_alone_reads_single_lines(tmp_path: Path, name: str, reads: bool) -> None:
    assert load_base(write_gguf(tmp_path / "model.gguf", name=name)).reads_passages is reads


@pytest.mark.parametrize(
    ("context", "cell_bytes", "slots", "tokens"),
    [
        (1024, 5_120, 8, 1024),  # chip-nano was made for no more
        (8192, 23_040, 8, 2048),  # SmolLM2-135M
        (32768, 28_672, 2, 8192),
        (32768, 28_672, 4, 4096),
        (131072, 114_688, 8, 2048),  # never less, though it takes 1.9 GB
        (4096, 0, 8, 4096),
    ],
)
def test_a_conversation_gets_what_half_a_gigabyte_holds_for_all(
    context: int, cell_bytes: int, slots: int, tokens: int
) -> None:
    base = Base("any", Path(), context, cell_bytes=cell_bytes)
    assert base.choose_context(slots) == tokens
    assert tokens in (1024, 2048) or tokens * cell_bytes * slots <= CELLS_BYTES


def cut_weights(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def cut_head(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:90])


def claim_much(file: Path) -> None:
    """A head that promises more entries than the file can hold."""
    content = bytearray(file.read_bytes())
    content[16:24] = struct.pack("<Q", 2**60)
    file.write_bytes(content)


def be_other(file: Path) -> None:
    file.write_bytes(b"PK\x03\x04 a wheel")


def be_folder(file: Path) -> None:
    file.rename(file.with_name("moved.gguf"))
    file.mkdir()
    file.with_name("moved.gguf").rename(file / "inside.gguf")


def rewrite(**changes: Any) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        write_gguf(file, **changes)

    return write


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (cut_weights, r"model\.gguf is cut short: it has [\d,]+ bytes and says that it has [\d,]+\. Fetch it again"),
        (cut_head, r"model\.gguf is cut short or damaged.*Fetch it again"),
        (claim_much, r"model\.gguf is cut short or damaged.*Fetch it again"),
        (lambda file: file.write_bytes(b""), r"model\.gguf is cut short or damaged.*Fetch it again"),
        (be_other, r"model\.gguf is no GGUF file.*name another"),
        (Path.unlink, r"There is no file .*model\.gguf\. Name a GGUF file"),
        (be_folder, r"is a folder, and a base is one GGUF file\. Name .*inside\.gguf"),
        (rewrite(template=None), r"carries no chat template.*chat version"),
        (rewrite(tokens=5), r"tokenizer of 5 tokens and weights for 4: they belong to two models"),
        (rewrite(tokens=None), r"no language model with a tokenizer"),
        (rewrite(kind="adapter"), r"holds an adapter, not a model"),
        (rewrite(split=3), r"one part of a model in several files"),
    ],
)
def test_a_file_that_must_not_be_used_is_refused_with_what_to_do(
    file: Path, spoil: Callable[[Path], object], says: str
) -> None:
    load_base(file)
    spoil(file)
    with pytest.raises(BaseModelError, match=says):
        load_base(file)


def test_a_model_larger_than_memory_is_refused_before_it_is_read(file: Path) -> None:
    """The tensor is said to have 2^35 rows, and the file is as long as that; it takes no room on the disk."""
    content = file.read_bytes()
    shape = struct.pack("<IQQ", 2, 32, 4)
    assert content.count(shape) == 1
    file.write_bytes(content.replace(shape, struct.pack("<IQQ", 2, 32, 2**35)))
    with file.open("ab") as opened:
        opened.truncate(len(content) + 2**35 * 32 * 4)
    with pytest.raises(BaseModelError, match=r"needs 4,096\.0 GiB of memory and this machine has .* smaller"):
        load_base(file)


def test_another_file_than_the_recorded_one_is_refused(file: Path) -> None:
    load_base(file, hash_file(file))
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(BaseModelError, match="does not match its recorded hash"):
        load_base(file, load_base(write_gguf(file.with_name("first.gguf"))).sha256)


def test_an_unknown_architecture_is_named_by_llama_cpp(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "model.gguf", architecture="frobnicator")
    with pytest.raises(BaseModelError, match="frobnicator"), open_vocabulary(file):
        pass


def test_the_head_is_what_the_gguf_package_reads(tmp_path: Path) -> None:
    path = write_random_base(tmp_path / "tiny").gguf_path
    header, reader = read_header(path), gguf.GGUFReader(path)
    assert header.whole_bytes == path.stat().st_size
    assert {name: list(shape) for name, shape in header.tensors.items()} == {
        tensor.name: tensor.shape.tolist() for tensor in reader.tensors
    }
    for field in reader.fields.values():
        if not field.name.startswith("GGUF."):
            value = header.metadata[field.name]
            assert value == (range(len(field.data)) if isinstance(value, range) else field.contents())
