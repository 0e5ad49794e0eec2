"""What ships of chip-smol means in llama.cpp what it means in torch."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict

from models.recipes.chip_smol.export import AdapterTooLargeError, save_lora
from models.recipes.chip_smol.train import TARGETS
from retrain.bases.base import load_base
from retrain.bases.merging import Lora, load_lora, merge
from retrain.bases.training_form import load_training_form
from tests.retrain.llama import compute_llama_logits
from tests.retrain.tiny_base import make_tiny_base

pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
TOKENS = [7, 300, 12, 99, 41, 250, 8, 8, 77]
ALPHA, RANK = 12, 4


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_base(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="module")
def tuned(base: Path) -> Any:
    """A LoRA whose up matrices are random too, so that it changes the logits."""
    torch.manual_seed(11)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        config = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=TARGETS)
        model = get_peft_model(load_training_form(load_base(base), base.parent / "training"), config)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    return model.eval()


@pytest.fixture
def lora(tuned: Any) -> Lora:
    weights = {name: value.detach().numpy() for name, value in get_peft_model_state_dict(tuned).items()}
    return Lora(weights, ALPHA, RANK)


def _logits(model: Any) -> Any:
    with torch.no_grad():
        return model(torch.tensor([TOKENS])).logits[0, -1].numpy()


def test_merged_model_has_the_logits_of_base_and_adapter(base: Path, tuned: Any, lora: Lora, tmp_path: Path) -> None:
    """The rest is quantization; rows of queries and keys in another order would be noticed."""
    turned = {n: v[::-1] if "lora_B" in n and ("q_proj" in n or "k_proj" in n) else v for n, v in lora.weights.items()}
    served, scrambled, bare = (
        compute_llama_logits(merge(base, merged, tmp_path / "merged.gguf"), None, TOKENS)
        for merged in (lora, Lora(turned, ALPHA, RANK), None)
    )
    wrong, scrambled_wrong, bare_wrong = (np.abs(found - _logits(tuned)).mean() for found in (served, scrambled, bare))
    assert wrong < 0.1
    assert scrambled_wrong > 2 * wrong
    assert bare_wrong > 5 * wrong, "the adapter must matter, or the comparison shows nothing"
    assert [path.name for path in tmp_path.iterdir()] == ["merged.gguf"]


def test_peft_reads_the_adapter_that_ships(base: Path, tuned: Any, lora: Lora, tmp_path: Path) -> None:
    save_lora(lora, tmp_path / "shipped", base="tiny.gguf")
    read = PeftModel.from_pretrained(
        load_training_form(load_base(base), base.parent / "training"), str(tmp_path / "shipped")
    ).eval()
    assert np.abs(_logits(read) - _logits(tuned)).max() < 0.01
    again = load_lora(tmp_path / "shipped")
    assert (again.alpha, again.rank, again.weights.keys()) == (ALPHA, RANK, lora.weights.keys())


def test_adapter_beyond_what_may_ship_is_refused(lora: Lora, tmp_path: Path) -> None:
    big = Lora({"base_model.model.x.lora_A.weight": np.zeros((13_000, 1_000), np.float32), **lora.weights}, ALPHA, RANK)
    with pytest.raises(AdapterTooLargeError, match="Train a smaller rank"):
        save_lora(big, tmp_path / "shipped", base="tiny.gguf")
    assert not (tmp_path / "shipped").exists()
