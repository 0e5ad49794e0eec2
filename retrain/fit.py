"""The training loop: lessons are asked until the model is sure of each, under more than one form of its prompt.

Knows nothing of files, processes or feedback.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from retrain.errors import TrainingDiverged
from retrain.free_cores import FreeCores, find_cores
from retrain.settings import TrainSettings
from retrain.tokens import Row

IGNORED = -100
SURE = 0.8
"""A token with this probability stays the first choice when the served weights are quantized."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """What an epoch measured before each of its updates: mean loss of what was asked, and lessons learned by its end.

    `seconds` are those of computing. The base's rehearsed answers count in the loss and the tokens, but not as lessons.
    """

    number: int
    of: int
    loss: float
    learned: int
    lessons: int
    tokens: int
    seconds: float


@dataclass(slots=True)
class _Lesson:
    """One lesson's forms, how often it was asked, and how often in a row the model was sure of every token."""

    forms: list[Row]
    asked: int = 0
    streak: int = 0
    rested: bool = False

    def ask(self) -> Row:
        self.asked += 1
        return self.forms[(self.asked - 1) % len(self.forms)]

    @property
    def is_rehearsed(self) -> bool:
        return self.forms[0].rehearsed


def fit(model: Any, rows: Sequence[Row], settings: TrainSettings, tell: Callable[[Epoch], None]) -> str:
    """Train the model's trainable parameters on the rows until all is learned. Return why it ended.

    That is "memorised" (the model was sure of every lesson `sure_times` in a row), "epochs" or "time", which also ends
    an epoch of very many lessons. Raises `TrainingDiverged` once a loss or a weight is no number.
    """
    lessons = _group(rows)
    step = _build_stepper(model, len(lessons), settings)
    chance = random.Random(settings.seed)
    cores = FreeCores(settings.threads, len(find_cores()))
    for number in range(1, settings.max_epochs + 1):
        began = cores.seconds()
        asked = _choose(lessons, settings, chance)
        loss, tokens, seen = 0.0, 0, 0
        for batch in _batch(asked, settings.batch_rows, chance):
            torch.set_num_threads(cores.choose())
            losses, sure = compute_losses(model, [row for _, row in batch], settings)
            if not bool(torch.isfinite(losses).all()):
                raise TrainingDiverged(number)
            step(losses, [row.weight for _, row in batch])
            for (lesson, row), is_sure in zip(batch, sure.tolist(), strict=True):
                lesson.streak = lesson.streak + 1 if is_sure else 0
                tokens += row.tokens
            loss += float(losses.detach().sum())
            seen += len(batch)
            if cores.seconds() > settings.max_seconds:
                break
        taught = [lesson for lesson in lessons if not lesson.is_rehearsed]
        learned = sum(lesson.streak >= settings.sure_times for lesson in taught)
        now = cores.seconds()
        _require_finite(model, number)
        tell(Epoch(number, settings.max_epochs, loss / seen, learned, len(taught), tokens, now - began))
        if learned == len(taught):
            return "memorised"
        if 2 * now - began > settings.max_seconds:
            return "time"
    return "epochs"


def _require_finite(model: Any, epoch: int) -> None:
    """Raise `TrainingDiverged` if a trained weight is infinite or no number: the last update may have made it so."""
    trained = (parameter for parameter in model.parameters() if parameter.requires_grad)
    if not all(bool(torch.isfinite(parameter).all()) for parameter in trained):
        raise TrainingDiverged(epoch)


def _group(rows: Sequence[Row]) -> list[_Lesson]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    return [_Lesson(forms) for forms in groups.values()]


def _choose(lessons: Sequence[_Lesson], settings: TrainSettings, chance: random.Random) -> list[tuple[_Lesson, Row]]:
    """Choose every lesson, but a learned one only every other epoch, and a few of the base's answers to rehearse.

    If there are few lessons, each is asked more than once. Each epoch rehearses other answers: the same ones would soon
    be known by heart and then preserve nothing else.
    """
    taught = [lesson for lesson in lessons if not lesson.is_rehearsed]
    rehearsed = [lesson for lesson in lessons if lesson.is_rehearsed]
    times = math.ceil(settings.asks_per_epoch / max(1, len(taught)))
    asked = []
    for lesson in taught:
        lesson.rested = lesson.streak >= settings.sure_times and not lesson.rested
        if not lesson.rested:
            asked += [(lesson, lesson.ask()) for _ in range(min(times, len(lesson.forms)))]
    few = chance.sample(rehearsed, k=min(settings.rehearsed_per_epoch, len(rehearsed)))
    return asked + [(lesson, lesson.ask()) for lesson in few]


def _batch(asked: list[tuple[_Lesson, Row]], batch_rows: int, chance: random.Random) -> list[list[tuple[_Lesson, Row]]]:
    """Return batches of rows of about the same length (little padding), in random order."""
    ordered = sorted(asked, key=lambda entry: entry[1].tokens)
    batches = [ordered[start : start + batch_rows] for start in range(0, len(ordered), batch_rows)]
    chance.shuffle(batches)
    return batches


def _build_stepper(
    model: Any, lessons: int, settings: TrainSettings
) -> Callable[[torch.Tensor, Sequence[float]], None]:
    """Return a function that makes one update from the rows' losses and weights: AdamW, warmed up, then on a cosine."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=0.0)
    steps = settings.max_epochs * math.ceil(lessons / settings.batch_rows)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps, settings.warmup_steps))

    def step(losses: torch.Tensor, weights: Sequence[float]) -> None:
        scale = torch.tensor(weights)
        ((losses * scale).sum() / scale.sum()).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def _rate(step: int, steps: int, warmup: int) -> float:
    """Return the rate: linear warm-up, then a cosine down to a tenth, because the end is not known in advance."""
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return 0.55 + 0.45 * math.cos(math.pi * min(1.0, (step - warmup) / max(1, steps - warmup)))


def compute_losses(model: Any, batch: Sequence[Row], settings: TrainSettings) -> tuple[torch.Tensor, torch.Tensor]:
    """Return each row's mean loss over its target, and whether the model was sure of every token, shapes (rows,).

    Rows are padded on the left, so that all targets end together and logits are computed only for them.
    """
    width, kept = max(row.tokens for row in batch), max(len(row.target) for row in batch)
    ids = torch.zeros(len(batch), width, dtype=torch.long)
    mask = torch.zeros_like(ids)
    labels = torch.full((len(batch), kept), IGNORED)
    for index, row in enumerate(batch):
        ids[index, width - row.tokens :] = torch.tensor(row.prompt + row.target)
        mask[index, width - row.tokens :] = 1
        labels[index, kept - len(row.target) :] = torch.tensor(row.target)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    precision = choose_precision(settings)
    with torch.autocast("cpu", dtype=precision, enabled=precision is not torch.float32):
        logits = model(
            input_ids=ids, attention_mask=mask, position_ids=positions, logits_to_keep=kept + 1, use_cache=False
        ).logits
    logits = logits[:, :-1].float()
    losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), labels, ignore_index=IGNORED, reduction="none")
    counted = labels != IGNORED
    sure = ((losses < -math.log(SURE)) | ~counted).all(1)
    return losses.sum(1) / counted.sum(1), sure


def choose_precision(settings: TrainSettings) -> torch.dtype:
    """Return bfloat16 if the processor computes in it, else float32: emulated bfloat16 was 90 times slower."""
    if settings.precision == "auto":
        return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32
    return torch.bfloat16 if settings.precision == "bfloat16" else torch.float32
