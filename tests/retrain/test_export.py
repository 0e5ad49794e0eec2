"""The exported adapter means in llama.cpp what it means in torch."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict

from retrain.bases.base import load_base
from retrain.bases.export import BaseShape, export_adapter
from retrain.bases.training_form import load_training_form
from retrain.errors import ExportError
from retrain.settings import LINEAR_LAYERS
from tests.retrain.llama import compute_llama_logits

TOKENS = [7, 300, 12, 99, 41, 250, 8, 8, 77]
SHAPE = BaseShape("llama", layers=2, heads=4, key_heads=2)


@pytest.fixture(scope="module")
def lora(tiny_base: Path) -> Any:
    """A LoRA on every linear layer whose up matrices are random too, so that it changes the logits."""
    torch.manual_seed(11)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        model = get_peft_model(
            load_training_form(load_base(tiny_base), tiny_base.parent / "training"),
            LoraConfig(r=4, lora_alpha=12, target_modules=list(LINEAR_LAYERS), task_type="CAUSAL_LM"),
        )
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    return model.eval()


def weights_of(lora: Any) -> dict[str, Any]:
    return {name: tensor.detach().float().numpy() for name, tensor in get_peft_model_state_dict(lora).items()}


def torch_logits(model: Any) -> Any:
    with torch.no_grad():
        return model(torch.tensor([TOKENS])).logits[0, -1].numpy()


def test_llama_cpp_gives_the_logits_of_torch_with_the_exported_adapter(
    tiny_base: Path, lora: Any, tmp_path: Path
) -> None:
    layers = export_adapter(weights_of(lora), SHAPE, 12, tmp_path / "adapter.gguf")
    served = compute_llama_logits(tiny_base, tmp_path / "adapter.gguf", TOKENS)
    bare = compute_llama_logits(tiny_base, None, TOKENS)
    assert layers == 14
    assert np.abs(served - torch_logits(lora)).max() < 3e-2
    assert np.abs(served - bare).max() > 0.5, "the adapter must matter, or the comparison shows nothing"


def test_rows_of_query_and_key_in_another_order_would_be_noticed(tiny_base: Path, lora: Any, tmp_path: Path) -> None:
    weights = weights_of(lora)
    for name, array in weights.items():
        if "q_proj.lora_B" in name or "k_proj.lora_B" in name:
            weights[name] = np.ascontiguousarray(array[::-1])
    export_adapter(weights, SHAPE, 12, tmp_path / "adapter.gguf")
    served = compute_llama_logits(tiny_base, tmp_path / "adapter.gguf", TOKENS)
    assert np.abs(served - torch_logits(lora)).max() > 1e-1


def test_a_model_family_that_is_not_known_is_refused_by_name(lora: Any, tmp_path: Path) -> None:
    shape = BaseShape("mamba", layers=2, heads=4, key_heads=2)
    with pytest.raises(ExportError, match="mamba"):
        export_adapter(weights_of(lora), shape, 12, tmp_path / "adapter.gguf")


def test_weights_without_their_other_half_are_refused(lora: Any, tmp_path: Path) -> None:
    weights = weights_of(lora)
    weights.pop(next(name for name in weights if "lora_B" in name))
    with pytest.raises(ExportError, match="pairs"):
        export_adapter(weights, SHAPE, 12, tmp_path / "adapter.gguf")
