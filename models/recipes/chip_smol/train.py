"""Trains a LoRA on dense rows: resumable, deterministic, on a CPU or a GPU. Knows nothing of lessons or scores.

The rate warms up, stays, and falls to nothing over the last steps (warmup-stable-decay: Hu and others, 2024), so that
a run can be lengthened: the state at the beginning of the fall is kept as `stable.pt`.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from torch.nn import functional

from models.recipes.chip_smol.rows import PADDING, Row, build_mask, find_positions

STATE, STABLE = "state.pt", "stable.pt"
REPORT_EVERY, WATCH_EVERY = 20, 200
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@dataclass(frozen=True, slots=True)
class Tuning:
    """How to train. `steps` are updates; over the last `fall` of them the rate falls."""

    rank: int = 32
    alpha: int = 64
    lowest_layer: int = 10
    learning_rate: float = 7e-4
    rows_a_step: int = 2
    rows_at_once: int = 1
    warmup: int = 20
    steps: int = 100_000
    fall: int = 60
    save_minutes: float = 8.0
    seed: int = 1
    device: str = "cpu"


class Trainer:
    """A model with its adapter, its optimizer and the number of updates done."""

    def __init__(self, model: Any, tuning: Tuning) -> None:
        torch.manual_seed(tuning.seed)
        layers = range(tuning.lowest_layer, model.config.num_hidden_layers)
        config = LoraConfig(
            r=tuning.rank, lora_alpha=tuning.alpha, target_modules=TARGETS, layers_to_transform=list(layers)
        )
        self.model = get_peft_model(model, config).to(tuning.device)
        self.tuning = tuning
        self.step = 0
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=tuning.learning_rate, betas=(0.9, 0.98), weight_decay=0)

    def update(self, rows: Sequence[Row]) -> float:
        """Make one update on the rows; return the mean loss of a token to learn."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.tuning.learning_rate * rate_at(self.step, self.tuning)
        count = sum(int(row.learned.sum()) for row in rows)
        total = 0.0
        for first in range(0, len(rows), self.tuning.rows_at_once):
            loss = self.sum_losses(rows[first : first + self.tuning.rows_at_once]) / count
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return total

    def sum_losses(self, rows: Sequence[Row]) -> torch.Tensor:
        """Return the sum of the losses of all tokens to learn. Logits are computed only for these."""
        device = self.tuning.device
        tokens, branches, learned = (part.to(device) for part in _stack(rows))
        bias = torch.zeros(1, device=device).where(build_mask(branches), float("-inf"))
        before = learned.roll(-1, 1)  # the token before one to learn foretells it
        before[:, -1] = False
        body: Any = self.model.base_model.model
        with torch.autocast(device.partition(":")[0], dtype=torch.bfloat16, enabled=device != "cpu"):
            seen = body.model(
                input_ids=tokens, attention_mask=bias, position_ids=find_positions(branches), use_cache=False
            ).last_hidden_state
            logits = body.lm_head(seen[before])
        return functional.cross_entropy(logits.float(), tokens[learned], reduction="sum")

    def measure(self, rows: Sequence[Row]) -> float:
        """Return the mean loss of a token to learn in rows that were not trained on."""
        with torch.inference_mode():
            total = sum(float(self.sum_losses([row])) for row in rows)
        return total / sum(int(row.learned.sum()) for row in rows)

    def save(self, path: Path) -> None:
        """Write adapter, optimizer and number of updates, as a whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        state = {
            "step": self.step,
            "adapter": get_peft_model_state_dict(self.model),
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
        }
        torch.save(state, unfinished)
        unfinished.replace(path)

    def load(self, path: Path) -> None:
        """Continue from what `save` wrote."""
        state = torch.load(path, map_location=self.tuning.device, weights_only=True)
        set_peft_model_state_dict(self.model, state["adapter"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"].cpu())
        self.step = state["step"]


def rate_at(step: int, tuning: Tuning) -> float:
    """Return the share of the learning rate at an update."""
    left = (tuning.steps - step) / tuning.fall
    return max(0.0, min((step + 1) / tuning.warmup, 1.0, left))


def _stack(rows: Sequence[Row]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return tokens, branches and what is to be learned, each of shape (rows, longest), padded at the end."""
    width = max(len(row.tokens) for row in rows)
    tokens = torch.zeros(len(rows), width, dtype=torch.long)
    branches = torch.full_like(tokens, PADDING)
    learned = torch.zeros_like(tokens, dtype=torch.bool)
    for number, row in enumerate(rows):
        size = len(row.tokens)
        tokens[number, :size] = torch.from_numpy(row.tokens.astype(np.int64))
        branches[number, :size] = torch.from_numpy(row.branches.astype(np.int64))
        learned[number, :size] = torch.from_numpy(row.learned)
    return tokens, branches, learned


def choose_rows(rows: Sequence[Row], step: int, tuning: Tuning) -> list[Row]:
    """Choose the rows of an update: every round uses all rows in a new order."""
    places = range(step * tuning.rows_a_step, (step + 1) * tuning.rows_a_step)
    return [rows[_order(len(rows), place // len(rows), tuning.seed)[place % len(rows)]] for place in places]


@lru_cache(maxsize=2)
def _order(count: int, turn: int, seed: int) -> list[int]:
    order = list(range(count))
    Random(f"{seed} {turn}").shuffle(order)
    return order


@dataclass(slots=True)
class _Report:
    """What was trained since the last line of the log."""

    losses: list[float] = field(default_factory=list)
    tokens: int = 0
    since: float = field(default_factory=time.monotonic)

    def add(self, loss: float, rows: Sequence[Row]) -> None:
        self.losses.append(loss)
        self.tokens += sum(len(row.tokens) for row in rows)

    def line(self, step: int) -> dict[str, float]:
        rate = round(self.tokens / (time.monotonic() - self.since))
        return {"step": step, "loss": round(sum(self.losses) / len(self.losses), 4), "tokens a second": rate}


def train(
    trainer: Trainer,
    rows: Sequence[Row],
    watched: Sequence[Row],
    folder: Path,
    hours: float,
    tell: Callable[[dict[str, float]], None],
) -> None:
    """Train until `steps` or for this many hours, from the last state in the folder. Report from time to time."""
    state, tuning = folder / STATE, trainer.tuning
    if state.exists():
        trainer.load(state)
    began = saved = time.monotonic()
    report = _Report()
    while trainer.step < tuning.steps and time.monotonic() - began < hours * 3_600:
        if trainer.step == tuning.steps - tuning.fall:
            trainer.save(folder / STABLE)
        chosen = choose_rows(rows, trainer.step, tuning)
        report.add(trainer.update(chosen), chosen)
        if trainer.step % REPORT_EVERY == 0 or trainer.step == tuning.steps:
            line = report.line(trainer.step)
            is_watched = trainer.step % WATCH_EVERY == 0 or trainer.step == tuning.steps
            tell(line | ({"watched": round(trainer.measure(watched), 4)} if is_watched else {}))
            report = _Report()
        if time.monotonic() - saved > 60 * tuning.save_minutes:
            trainer.save(state)
            saved = time.monotonic()
    trainer.save(state)
