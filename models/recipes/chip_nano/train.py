"""The training loop: lessons in, better weights out, resumable at any moment, the same on a CPU and on a GPU.

Knows nothing of where rows come from or of how weights are shipped.
"""

import itertools
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
from torch.utils.data import DataLoader, Dataset
from transformers import LlamaForCausalLM

from models.recipes.chip_nano.muon import Muon
from models.recipes.chip_nano.rows import Batch, Row, build_batch

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


# A GPU takes larger steps: they cost hardly more, and the rate may rise with them.
GPU_PACE = Pace(
    batch_tokens=32_768,
    pool=384,
    adam_rate=0.0008,
    warmup_steps=200,
    average=0.995,
    report_every=50,
    save_every=2_000,
)


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


class Pools(Dataset[list[Batch]]):
    """The numbered pools of a phase: each number always gives the same rows, in batches of like length."""

    def __init__(self, lesson: Lesson, name: str, pace: Pace, pad: int) -> None:
        self._lesson, self._name, self._pace, self._pad = lesson, name, pace, pad

    def __getitem__(self, number: int) -> list[Batch]:
        random = Random(f"{self._name}/{number}")
        rows = sorted((self._lesson(random) for _ in range(self._pace.pool)), key=lambda row: len(row.tokens))
        groups: list[list[Row]] = [[]]
        for row in rows:
            if groups[-1] and (len(groups[-1]) + 1) * len(row.tokens) > self._pace.batch_tokens:
                groups.append([])
            groups[-1].append(row)
        random.shuffle(groups)
        return [build_batch(group, self._pad) for group in groups]


class Trainer:
    """One training run: model, optimisers, averaged weights and progress, under one checkpoint file."""

    def __init__(
        self,
        model: LlamaForCausalLM,
        pace: Pace,
        phases: list[Phase],
        checkpoint: Path,
        *,
        seed: int,
        pad: int,
        workers: int = 0,
    ) -> None:
        """`workers` processes draw rows ahead; without any, rows are drawn between steps. The rows are the same."""
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = model
        self.model.to(self.device)  # type: ignore[arg-type]  # the wrapper's signature has lost its self
        self.progress = Progress()
        self.average = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
        self._pace, self._phases, self._checkpoint, self._workers = pace, phases, checkpoint, workers
        self._seed, self._pad = seed, pad
        self._clock: tuple[float, float] | None = None
        matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n and "lm_head" not in n]
        ids = {id(p) for p in matrices}
        others = [p for p in model.parameters() if id(p) not in ids]
        groups = [{"params": others}] if pace.muon else [{"params": others}, {"params": matrices}]
        self._optimisers: list[tuple[torch.optim.Optimizer, float]] = [
            (torch.optim.AdamW(groups, lr=pace.adam_rate, betas=(0.9, 0.98), weight_decay=0.0), pace.adam_rate)
        ]
        if pace.muon:
            self._optimisers.append((Muon(matrices, lr=pace.muon_rate), pace.muon_rate))

    def train(
        self,
        lessons: dict[str, Lesson],
        report: Callable[[dict[str, Any]], None],
        deadline: float,
        *,
        by_clock: bool = False,
    ) -> bool:
        """Train to the end of the last phase, or until `deadline` (time.monotonic seconds). Return whether it ended.

        `by_clock`: phases are as long as their tokens' share of the time, and end, rate and all, at the deadline.
        """
        while self.progress.phase < len(self._phases):
            phase = self._phases[self.progress.phase]
            now, left = time.monotonic(), sum(phase.tokens for phase in self._phases[self.progress.phase :])
            self._clock = (now, max(deadline - now, 1e-3) * phase.tokens / left) if by_clock else None
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
        for batches in self._draw_pools(phase, lesson):
            for batch in batches:
                count = int((batch.branches >= 0).sum())
                self.progress.tokens_in_phase += count
                self.progress.tokens += count
                loss = self._step(batch.to(self.device), phase)
                if self.progress.steps % self._pace.report_every == 0:
                    speed = (self.progress.tokens - tokens_before) / (time.monotonic() - started)
                    report({"phase": phase.name, **asdict(self.progress), **_readable(loss), "tok_s": round(speed)})
                if self.progress.steps % self._pace.save_every == 0:
                    self.save()
            self.progress.pool += 1
            if self._measure_done(phase) >= 1.0:
                break
            if self._clock is None and time.monotonic() > deadline:
                self.save()
                return False
        return True

    def _measure_done(self, phase: Phase) -> float:
        if self._clock is None:
            return self.progress.tokens_in_phase / phase.tokens
        started, seconds = self._clock
        return (time.monotonic() - started) / seconds

    def _draw_pools(self, phase: Phase, lesson: Lesson) -> Iterator[list[Batch]]:
        name = f"{self._seed}/{self.progress.phase}/{phase.name}"
        pools = Pools(lesson, name, self._pace, self._pad)
        numbers = itertools.count(self.progress.pool)
        if not self._workers:
            return map(pools.__getitem__, numbers)
        loader = DataLoader(pools, batch_size=None, sampler=numbers, num_workers=self._workers, collate_fn=_as_it_is)
        return iter(loader)

    def _step(self, batch: Batch, phase: Phase) -> Loss:
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=self.device == "cuda"):
            loss = compute_loss(self.model, batch, first_weight=float(batch.weights.max()))
        loss.total.backward()  # type: ignore[no-untyped-call]  # torch's own signature lacks types
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self._pace.clip)
        self.progress.steps += 1
        done = min(1.0, self._measure_done(phase))
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


def _as_it_is(batches: list[Batch]) -> list[Batch]:
    return batches


def _readable(loss: Loss) -> dict[str, float]:
    values = {name: float(getattr(loss, name)) for name in ("first_loss", "first_right", "word_loss", "word_right")}
    return {name: round(value, 4) if math.isfinite(value) else 0.0 for name, value in values.items()}


def print_report(values: dict[str, Any]) -> None:
    """Write one line of JSON for a report."""
    print(json.dumps(values), flush=True)
