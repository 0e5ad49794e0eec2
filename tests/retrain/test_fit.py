"""The loop spends its time on what is not learned yet, and ends when all is."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from retrain.bases.base import load_base
from retrain.bases.training_form import load_training_form
from retrain.errors import TrainingDiverged
from retrain.fit import Epoch, compute_losses, fit
from retrain.settings import TrainSettings
from retrain.tokens import Row

SETTINGS = TrainSettings(learning_rate=1e-2, max_epochs=30, batch_rows=2, asks_per_epoch=1, precision="float32")


def make_row(number: int, length: int = 9, *, group: str | None = None, rehearsed: bool = False) -> Row:
    prompt = tuple(20 + (number * 7 + place) % 300 for place in range(length))
    return Row(prompt, (50 + number, 60 + number, 1), 1.0, group or f"g{number}", rehearsed)


@pytest.fixture
def model(tiny_base: Path) -> Any:
    return load_training_form(load_base(tiny_base), tiny_base.parent / "training")


def train(model: Any, rows: list[Row], settings: TrainSettings = SETTINGS) -> tuple[str, list[Epoch]]:
    epochs: list[Epoch] = []
    return fit(model, rows, settings, epochs.append), epochs


def test_training_ends_when_the_model_is_sure_of_every_lesson(model: Any) -> None:
    rows = [make_row(number) for number in range(3)]
    ended, epochs = train(model, rows)
    assert (ended, epochs[-1].learned) == ("memorised", 3)
    _, sure = compute_losses(model, rows, SETTINGS)
    assert sure.tolist() == [True] * 3


def test_a_limit_of_time_ends_training_too(model: Any) -> None:
    settings = TrainSettings(learning_rate=1e-6, max_seconds=0.0, precision="float32")
    ended, epochs = train(model, [make_row(1)], settings)
    assert (ended, len(epochs)) == ("time", 1)


def test_one_epoch_of_very_many_lessons_ends_with_the_time_too(model: Any) -> None:
    settings = TrainSettings(learning_rate=1e-6, max_seconds=0.0, batch_rows=2, precision="float32")
    ended, (epoch,) = train(model, [make_row(number) for number in range(50)], settings)
    assert ended == "time"
    assert epoch.tokens == 2 * make_row(0).tokens, "one batch of twenty-five"


@pytest.mark.parametrize("rate", [1e30, math.inf])
def test_a_loss_that_is_no_number_ends_training_with_the_reason(model: Any, rate: float) -> None:
    with pytest.raises(TrainingDiverged, match="its loss is no number any more"):
        train(model, [make_row(1)], TrainSettings(learning_rate=rate, warmup_steps=0, precision="float32"))


def test_padding_changes_no_loss(model: Any) -> None:
    short, long = make_row(1, 5), make_row(2, 25)
    with torch.no_grad():
        together, _ = compute_losses(model, [short, long], SETTINGS)
        alone = torch.cat([compute_losses(model, [row], SETTINGS)[0] for row in (short, long)])
    assert torch.allclose(together, alone, atol=1e-4)


def test_the_loss_is_that_of_the_target_alone(model: Any) -> None:
    row = make_row(3)
    with torch.no_grad():
        losses, _ = compute_losses(model, [row], SETTINGS)
        logits = model(torch.tensor([row.prompt + row.target])).logits[0, len(row.prompt) - 1 : -1]
    expected = torch.nn.functional.cross_entropy(logits, torch.tensor(row.target))
    assert losses[0].item() == pytest.approx(expected.item(), abs=1e-4)


def test_what_is_learned_rests_every_other_epoch(model: Any) -> None:
    easy, hard = make_row(1), make_row(2, 60)
    train(model, [easy])
    settings = TrainSettings(learning_rate=1e-9, max_epochs=6, sure_times=2, asks_per_epoch=1, precision="float32")
    _, epochs = train(model, [easy, hard], settings)
    assert [epoch.tokens for epoch in epochs] == [75, 75, 63, 75, 63, 75]


def test_few_lessons_are_asked_under_all_their_forms_in_one_epoch(model: Any) -> None:
    rows = [make_row(number, group="one") for number in range(3)] + [make_row(9, rehearsed=True)]
    settings = TrainSettings(learning_rate=1e-9, max_epochs=1, asks_per_epoch=12, precision="float32")
    _, epochs = train(model, rows, settings)
    assert epochs[0].tokens == 4 * 12
    assert epochs[0].lessons == 1


def test_each_epoch_rehearses_only_a_few_answers_of_the_base(model: Any) -> None:
    rehearsed = [make_row(number, group=f"replay-{number}", rehearsed=True) for number in range(10, 30)]
    settings = TrainSettings(learning_rate=1e-9, max_epochs=3, rehearsed_per_epoch=5, asks_per_epoch=1)
    _, epochs = train(model, [make_row(1), *rehearsed], settings)
    assert [epoch.tokens for epoch in epochs] == [12 * 6] * 3
