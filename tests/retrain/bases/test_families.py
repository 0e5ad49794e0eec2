"""Every family of models that Chip trains: what torch computes with the dequantised file is what llama.cpp serves."""

from pathlib import Path

import gguf
import numpy as np
import pytest

from retrain.bases.base import load_base
from retrain.bases.examination import examine_base
from retrain.bases.training_form import make_form, read_parity
from retrain.errors import TrainingFormError
from tests.retrain.bases.test_base import write_gguf
from tests.retrain.tiny_base import FAMILIES, make_tiny_base

pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_of_every_family_is_served_as_it_is_trained(family: str, tmp_path: Path) -> None:
    base = load_base(make_tiny_base(tmp_path / family, family))
    told: list[str] = []
    looks = {look.part: look for look in examine_base(base, tmp_path / "training", told.append)}
    assert len(told) == len(set(told)) >= len(looks) - 1, "each look is told of before it begins"
    assert [look.text for look in looks.values() if not look.is_well] == []
    assert {"template", "tokenizer", "training form", "adapters", "speed, 1 thread"} <= looks.keys()
    parity = read_parity(base, tmp_path / "training")
    assert parity.correlation > 0.9999
    assert parity.same_first > 0.95
    assert f"on {8 if family == 'phi3' else 14} layers" in looks["adapters"].text


def test_a_form_is_made_once_and_again_for_other_weights(tmp_path: Path) -> None:
    path, forms = make_tiny_base(tmp_path / "tiny"), tmp_path / "training"
    place = make_form(load_base(path), forms)
    stamp = (place / "model.safetensors").stat().st_mtime_ns
    assert make_form(load_base(path), forms) == place
    assert (place / "model.safetensors").stat().st_mtime_ns == stamp
    reader = gguf.GGUFReader(path, "r+")
    norm = next(tensor for tensor in reader.tensors if tensor.name == "output_norm.weight")
    norm.data[:] = np.array(norm.data) * 2
    reader.data.flush()
    other = make_form(load_base(path), forms)
    assert other != place
    assert list(forms.iterdir()) == [other], "the form of the weights before is gone"


def test_a_file_is_read_once_for_its_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, reader = load_base(make_tiny_base(tmp_path / "tiny")), gguf.GGUFReader
    read: list[Path] = []

    def open_reader(path: Path) -> gguf.GGUFReader:
        read.append(path)
        return reader(path)

    monkeypatch.setattr(gguf, "GGUFReader", open_reader)
    make_form(base, tmp_path / "training")
    assert len(read) == 1


def test_a_form_that_computes_something_else_is_refused_and_none_is_kept(tmp_path: Path) -> None:
    """The file stretches positions, which transformers does not read: all weights are right, the answers are not."""
    base = load_base(make_tiny_base(tmp_path / "tiny", stretch=100.0))
    with pytest.raises(TrainingFormError, match=r"compute something else than llama\.cpp.*can be served"):
        make_form(base, tmp_path / "training")
    assert list((tmp_path / "training").iterdir()) == []


def test_a_family_that_transformers_does_not_read_can_be_served_only(tmp_path: Path) -> None:
    base = load_base(write_gguf(tmp_path / "model.gguf", architecture="granite"))
    with pytest.raises(TrainingFormError, match=r"transformers does not read.*granite.*can be served"):
        make_form(base, tmp_path / "training")
