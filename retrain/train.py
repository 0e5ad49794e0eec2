"""The training process: `python -m retrain.train RUN_FOLDER` reads a frozen dataset and writes an adapter.

It is a separate process, so that serving never loads torch and a crash here costs nothing there. It reports its
progress in JSON lines on standard output. Knows nothing of feedback, the gate or the database.
"""

import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from transformers import AutoModelForCausalLM, AutoTokenizer

from retrain.examples import load_dataset
from retrain.export import BaseShape, export_adapter
from retrain.fit import Epoch, choose_precision, fit
from retrain.job import ADAPTER_FOLDER, TrainingJob, load_job
from retrain.settings import TrainSettings
from retrain.tokens import build_row


def train(folder: Path) -> None:
    """Train as the folder's job says and write the adapter in both forms below it. Prints JSON lines."""
    job = load_job(folder)
    _prepare_process(job.settings)
    started = time.monotonic()
    tokenizer = AutoTokenizer.from_pretrained(job.base_folder)
    examples = (example for example in load_dataset(folder) if example.trains)
    rows = [build_row(example, tokenizer) for example in examples]
    fitting = [row for row in rows if row.tokens <= job.context]
    model = _build_model(job)
    _print_event(
        "start", rows=len(fitting), too_long=len(rows) - len(fitting), precision=str(choose_precision(job.settings))
    )
    stopped = fit(model, fitting, job.settings, _print_epoch)
    layers = _save(model, job, folder / ADAPTER_FOLDER)
    _print_event("done", stopped=stopped, layers=layers, seconds=round(time.monotonic() - started, 2))


def _prepare_process(settings: TrainSettings) -> None:
    os.nice(settings.priority)
    torch.set_num_threads(1)
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


def _save(model: Any, job: TrainingJob, folder: Path) -> int:
    model.save_pretrained(folder)
    config = model.get_base_model().config
    shape = BaseShape(
        config.model_type, config.num_hidden_layers, config.num_attention_heads, config.num_key_value_heads
    )
    weights = {name: tensor.detach().float().numpy() for name, tensor in get_peft_model_state_dict(model).items()}
    return export_adapter(weights, shape, job.settings.alpha, folder / "adapter.gguf")


def _print_epoch(epoch: Epoch) -> None:
    _print_event(
        "epoch",
        epoch=epoch.number,
        of=epoch.of,
        loss=round(epoch.loss, 4),
        memorised=epoch.learned,
        lessons=epoch.lessons,
        tokens=epoch.tokens,
        seconds=round(epoch.seconds, 2),
    )


def _print_event(event: str, **values: object) -> None:
    print(json.dumps({"event": event, **values}), flush=True)


if __name__ == "__main__":
    train(Path(sys.argv[1]))
