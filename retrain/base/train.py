"""The training loop: lessons in, better weights out, resumable at any moment, the same on a CPU and on a GPU.

Knows nothing of where rows come from or of how weights are shipped.
"""

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch.nn import functional
from transformers import LlamaForCausalLM

from retrain.base.muon import Muon
from retrain.base.rows import Batch, Row, build_batch

Lesson = Callable[[Random], Row]


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of training: the lesson's name, its length, and the learning rate's factor at start and end."""

    name: str
    tokens: int
    start: float = 1.0
    end: float = 1.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How the loop steps. `pool` rows are sorted by length and cut into batches of at most `batch_tokens`."""

    batch_tokens: int = 1536
    pool: int = 64
    muon: bool = False
    muon_rate: float = 0.01
    adam_rate: float = 0.0004
    clip: float = 1.0
    warmup_steps: int = 15
    average: float = 0.98
    report_every: int = 10
    save_every: int = 40


@dataclass(slots=True)
class Progress:
    """Where training stands; saved with the weights."""

    phase: int = 0
    pool: int = 0
    tokens_in_phase: int = 0
    tokens: int = 0
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Loss:
    """The loss to minimise, and what people read: loss and accuracy of first tokens and of the other words."""

    total: torch.Tensor
    first_loss: float
    first_right: float
    word_loss: float
    word_right: float


def compute_loss(model: LlamaForCausalLM, batch: Batch, first_weight: float) -> Loss:
    """Return the weighted loss of the batch's targets; logits are made for targets only, a third of the tokens."""
    hidden = model.model(
        input_ids=batch.tokens, attention_mask=batch.visible, position_ids=batch.positions, use_cache=False
    ).last_hidden_state
    weights = batch.weights[:, 1:]
    chosen = weights > 0
    targets, weights = batch.tokens[:, 1:][chosen], weights[chosen]
    logits = functional.linear(hidden[:, :-1][chosen], model.lm_head.weight).float()
    losses = functional.cross_entropy(logits, targets, reduction="none")
    # Squared log-partition keeps tied embeddings from growing without bound (z-loss, as in PaLM).
    total = (losses * weights).sum() / weights.sum() + 1e-4 * logits.logsumexp(-1).square().mean()
    with torch.no_grad():
        first = weights == first_weight
        right = (logits.argmax(-1) == targets).float()
        return Loss(
            total,
            first_loss=float(losses[first].mean()),
            first_right=float(right[first].mean()),
            word_loss=float(losses[~first].mean()),
            word_right=float(right[~first].mean()),
        )


class Trainer:
    """One training run: model, optimisers, averaged weights and progress, under one checkpoint file."""

    def __init__(
        self, model: LlamaForCausalLM, pace: Pace, phases: list[Phase], checkpoint: Path, *, seed: int, pad: int
    ) -> None:
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = model
        self.model.to(self.device)  # type: ignore[arg-type]  # the wrapper's signature has lost its self
        self.progress = Progress()
        self.average = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
        self._pace, self._phases, self._checkpoint, self._seed, self._pad = pace, phases, checkpoint, seed, pad
        matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n and "lm_head" not in n]
        ids = {id(p) for p in matrices}
        others = [p for p in model.parameters() if id(p) not in ids]
        groups = [{"params": others}] if pace.muon else [{"params": others}, {"params": matrices}]
        self._optimisers: list[tuple[torch.optim.Optimizer, float]] = [
            (torch.optim.AdamW(groups, lr=pace.adam_rate, betas=(0.9, 0.98), weight_decay=0.0), pace.adam_rate)
        ]
        if pace.muon:
            self._optimisers.append((Muon(matrices, lr=pace.muon_rate), pace.muon_rate))

    def train(self, lessons: dict[str, Lesson], report: Callable[[dict[str, Any]], None], deadline: float) -> bool:
        """Train to the end of the last phase, or until `deadline` (time.monotonic seconds). Return whether it ended."""
        while self.progress.phase < len(self._phases):
            phase = self._phases[self.progress.phase]
            if not self._train_phase(phase, lessons[phase.name], report, deadline):
                return False
            self.progress.phase += 1
            self.progress.pool = self.progress.tokens_in_phase = 0
            self.save()
        return True

    def _train_phase(
        self, phase: Phase, lesson: Lesson, report: Callable[[dict[str, Any]], None], deadline: float
    ) -> bool:
        started, tokens_before = time.monotonic(), self.progress.tokens
        while self.progress.tokens_in_phase < phase.tokens:
            for batch in self._batches(phase, lesson):
                loss = self._step(batch, phase)
                if self.progress.steps % self._pace.report_every == 0:
                    speed = (self.progress.tokens - tokens_before) / (time.monotonic() - started)
                    report({"phase": phase.name, **asdict(self.progress), **_readable(loss), "tok_s": round(speed)})
                if self.progress.steps % self._pace.save_every == 0:
                    self.save()
            self.progress.pool += 1
            if time.monotonic() > deadline:
                self.save()
                return False
        return True

    def _batches(self, phase: Phase, lesson: Lesson) -> Iterator[Batch]:
        random = Random(f"{self._seed}/{self.progress.phase}/{phase.name}/{self.progress.pool}")
        rows = sorted((lesson(random) for _ in range(self._pace.pool)), key=lambda row: len(row.tokens))
        groups: list[list[Row]] = [[]]
        for row in rows:
            if groups[-1] and (len(groups[-1]) + 1) * len(row.tokens) > self._pace.batch_tokens:
                groups.append([])
            groups[-1].append(row)
        random.shuffle(groups)
        for group in groups:
            self.progress.tokens_in_phase += sum(len(row.tokens) for row in group)
            self.progress.tokens += sum(len(row.tokens) for row in group)
            yield build_batch(group, self._pad).to(self.device)

    def _step(self, batch: Batch, phase: Phase) -> Loss:
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=self.device == "cuda"):
            loss = compute_loss(self.model, batch, first_weight=float(batch.weights.max()))
        loss.total.backward()  # type: ignore[no-untyped-call]  # torch's own signature lacks types
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self._pace.clip)
        self.progress.steps += 1
        done = min(1.0, self.progress.tokens_in_phase / phase.tokens)
        factor = (phase.start + (phase.end - phase.start) * done) * min(
            1.0, self.progress.steps / self._pace.warmup_steps
        )
        for optimiser, rate in self._optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate * factor
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self._update_average()
        return loss

    @torch.no_grad()
    def _update_average(self) -> None:
        keep = min(self._pace.average, 1 - 1 / (1 + self.progress.steps / 10))
        for name, tensor in self.model.state_dict().items():
            self.average[name].lerp_(tensor, 1 - keep)

    def save(self) -> None:
        """Write the checkpoint beside the old one and put it in its place."""
        state = {
            "model": self.model.state_dict(),
            "average": self.average,
            "optimisers": [optimiser.state_dict() for optimiser, _ in self._optimisers],
            "progress": asdict(self.progress),
        }
        unfinished = self._checkpoint.with_suffix(".new")
        torch.save(state, unfinished)
        unfinished.replace(self._checkpoint)

    def resume(self) -> bool:
        """Go on from the checkpoint, if there is one."""
        if not self._checkpoint.exists():
            return False
        state = torch.load(self._checkpoint, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average = state["average"]
        for (optimiser, _), saved in zip(self._optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.progress = Progress(**state["progress"])
        return True


def _readable(loss: Loss) -> dict[str, float]:
    values = {name: float(getattr(loss, name)) for name in ("first_loss", "first_right", "word_loss", "word_right")}
    return {name: round(value, 4) if math.isfinite(value) else 0.0 for name, value in values.items()}


def print_report(values: dict[str, Any]) -> None:
    """Write one line of JSON for a report."""
    print(json.dumps(values), flush=True)
