"""The training process: `python -m retrain.train RUN_FOLDER` reads a frozen dataset and writes an adapter.

A process of its own, so that serving never loads torch and a crash here costs nothing there. It tells how it goes in
JSON lines on its standard output. Knows nothing of feedback, the gate or the database.
"""

import json
import math
import os
import random
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from transformers import AutoModelForCausalLM, AutoTokenizer

from retrain.examples import load_dataset
from retrain.export import BaseShape, export_adapter
from retrain.job import ADAPTER_FOLDER, TrainingJob, load_job
from retrain.settings import TrainSettings
from retrain.tokens import Row, build_row

IGNORED = -100
SURE = 0.6
"""A token with this probability stays the first choice when the served weights are quantized."""


@dataclass(frozen=True, slots=True)
class EpochResult:
    """What an epoch measured before each of its updates: mean loss, and lessons whose every token was sure."""

    loss: float
    memorised: int
    lessons: int
    tokens: int


def train(folder: Path) -> None:
    """Train as the folder's job says and write the adapter in both forms below it; prints JSON lines."""
    job = load_job(folder)
    _prepare_process(job.settings)
    started = time.monotonic()
    tokenizer = AutoTokenizer.from_pretrained(job.base_folder)
    rows = [build_row(example, tokenizer) for example in load_dataset(folder)]
    fitting = [row for row in rows if row.tokens <= job.context]
    model = _build_model(job)
    _say("start", rows=len(fitting), too_long=len(rows) - len(fitting), dtype=str(_autocast_type(job.settings)))
    stopped = _fit(model, fitting, job.settings, started)
    layers = _save(model, job, folder / ADAPTER_FOLDER)
    _say("done", stopped=stopped, layers=layers, seconds=round(time.monotonic() - started, 2))


def _prepare_process(settings: TrainSettings) -> None:
    os.nice(settings.priority)
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)


def _build_model(job: TrainingJob) -> Any:
    base = AutoModelForCausalLM.from_pretrained(job.base_folder, dtype=torch.float32, local_files_only=True)
    config = LoraConfig(
        r=job.settings.rank,
        lora_alpha=job.settings.alpha,  # type: ignore[arg-type]  # declared int, used as a number
        target_modules=list(job.settings.targets),
        lora_dropout=0.0,
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        # PEFT 0.21 reads an attribute that transformers 5 has renamed.
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        model = get_peft_model(base, config)
    model.config.use_cache = False
    return model


def _fit(model: Any, rows: Sequence[Row], settings: TrainSettings, started: float) -> str:
    """Train until everything is memorised (and the margin is done) or a limit is met; return which it was."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=0.0)
    lessons = _group(rows)
    steps = settings.max_epochs * math.ceil(len(lessons) / settings.batch_rows)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps, settings.warmup_steps))
    chance = random.Random(settings.seed)
    margin = settings.margin_epochs
    for epoch in range(settings.max_epochs):
        began = time.monotonic()
        result = _run_epoch(model, _batches(lessons, epoch, settings.batch_rows, chance), optimizer, schedule, settings)
        seconds = time.monotonic() - began
        _say(
            "epoch",
            epoch=epoch + 1,
            of=settings.max_epochs,
            loss=round(result.loss, 4),
            memorised=result.memorised,
            lessons=result.lessons,
            seconds=round(seconds, 2),
            tokens_per_second=round(result.tokens / seconds),
        )
        if result.memorised == result.lessons:
            if margin <= 0:
                return "memorised"
            margin -= 1
        if time.monotonic() - started + seconds > settings.max_seconds:
            return "time"
    return "epochs"


def _group(rows: Sequence[Row]) -> list[list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    return list(groups.values())


def _rate(step: int, steps: int, warmup: int) -> float:
    """Linear warm-up, then a cosine down to a tenth: the end of training is not known in advance."""
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return 0.55 + 0.45 * math.cos(math.pi * min(1.0, (step - warmup) / max(1, steps - warmup)))


def _batches(
    lessons: Sequence[Sequence[Row]], epoch: int, batch_rows: int, chance: random.Random
) -> Iterator[list[Row]]:
    """Take one form of each lesson, sort by length (little padding) and yield the batches in random order."""
    rows = sorted((lesson[epoch % len(lesson)] for lesson in lessons), key=lambda row: row.tokens)
    batches = [rows[start : start + batch_rows] for start in range(0, len(rows), batch_rows)]
    chance.shuffle(batches)
    yield from batches


def _run_epoch(
    model: Any, batches: Iterator[list[Row]], optimizer: Any, schedule: Any, settings: TrainSettings
) -> EpochResult:
    total, memorised, lessons, tokens, rows_seen = 0.0, 0, 0, 0, 0
    for batch in batches:
        losses, right = _forward(model, batch, settings)
        weights = torch.tensor([row.weight for row in batch])
        loss = (losses * weights).sum() / weights.sum()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        total += float(losses.sum())
        rows_seen += len(batch)
        tokens += sum(row.tokens for row in batch)
        for row, is_right in zip(batch, right.tolist(), strict=True):
            lessons += not row.rehearsed
            memorised += is_right and not row.rehearsed
    return EpochResult(total / max(1, rows_seen), memorised, lessons, tokens)


def _forward(model: Any, batch: Sequence[Row], settings: TrainSettings) -> tuple[torch.Tensor, torch.Tensor]:
    """Return each row's mean loss over its target and whether the model was sure of every token.

    Rows are padded on the left, so that all targets end together and logits are computed for them alone.
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
    dtype = _autocast_type(settings)
    with torch.autocast("cpu", dtype=dtype, enabled=dtype is not torch.float32):
        logits = model(
            input_ids=ids, attention_mask=mask, position_ids=positions, logits_to_keep=kept + 1, use_cache=False
        ).logits
    logits = logits[:, :-1].float()
    losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), labels, ignore_index=IGNORED, reduction="none")
    counted = labels != IGNORED
    right = ((losses < -math.log(SURE)) | ~counted).all(1)
    return losses.sum(1) / counted.sum(1), right


def _autocast_type(settings: TrainSettings) -> torch.dtype:
    """bfloat16 where the processor computes in it (about twice as fast), else float32."""
    if settings.precision == "auto":
        return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32
    return torch.bfloat16 if settings.precision == "bfloat16" else torch.float32


def _save(model: Any, job: TrainingJob, folder: Path) -> int:
    model.save_pretrained(folder)
    config = model.get_base_model().config
    shape = BaseShape(
        config.model_type, config.num_hidden_layers, config.num_attention_heads, config.num_key_value_heads
    )
    weights = {name: tensor.detach().float().numpy() for name, tensor in get_peft_model_state_dict(model).items()}
    return export_adapter(weights, shape, job.settings.alpha, folder / "adapter.gguf")


def _say(event: str, **values: object) -> None:
    print(json.dumps({"event": event, **values}), flush=True)


if __name__ == "__main__":
    train(Path(sys.argv[1]))
