"""The training process: `python -m retrain.train RUN_FOLDER` reads a frozen dataset and writes an adapter.

It is a separate process, so that serving never loads torch and a crash here costs nothing there. It reports its
progress in JSON lines on standard output. Knows nothing of feedback, the gate or the database.
"""

import json
import os
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict

from retrain.adapter import GGUF
from retrain.bases.base import BaseModelError, load_base
from retrain.bases.export import export_adapter, read_shape
from retrain.bases.training_form import load_training_form
from retrain.bases.vocabulary import open_vocabulary
from retrain.errors import RetrainError
from retrain.examples import load_dataset, load_rehearsal
from retrain.fit import Epoch, choose_precision, fit
from retrain.job import ADAPTER_FOLDER, TrainingJob, load_job
from retrain.settings import TrainSettings
from retrain.tokens import build_row


def train(folder: Path) -> None:
    """Train as the folder's job says and write the adapter in both forms below it. Prints JSON lines."""
    job = load_job(folder)
    _prepare_process(job.settings)
    started = time.monotonic()
    examples = [*load_dataset(job.dataset), *load_rehearsal(folder)]
    with open_vocabulary(job.base_path) as vocabulary:
        rows = [build_row(example, vocabulary) for example in examples if example.trains]
    fitting = [row for row in rows if row.tokens <= job.context]
    model = _build_model(job)
    _print_event(
        "start", rows=len(fitting), too_long=len(rows) - len(fitting), precision=str(choose_precision(job.settings))
    )
    stopped = fit(model, fitting, job.settings, _print_epoch)
    model.save_pretrained(folder / ADAPTER_FOLDER)
    layers = export_lora(model, job.settings.alpha, folder / ADAPTER_FOLDER / GGUF)
    _print_event("done", stopped=stopped, layers=layers, seconds=round(time.monotonic() - started, 2), **_find_cost())


def _find_cost() -> dict[str, float]:
    """Return the processor time of this process and the most memory that it held."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    units = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, kilobytes elsewhere
    return {
        "processor_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_megabytes": round(used.ru_maxrss / units, 1),
    }


def _prepare_process(settings: TrainSettings) -> None:
    os.nice(settings.priority)
    torch.set_num_threads(1)
    torch.manual_seed(settings.seed)


def _build_model(job: TrainingJob) -> Any:
    base = load_training_form(load_base(job.base_path, job.base_sha256), job.forms_folder)
    model = add_lora(base, job.settings)
    model.config.use_cache = False
    return model


def add_lora(base: Any, settings: TrainSettings) -> Any:
    """Return the model with a fresh LoRA on those of the target layers that it has."""
    has = {name.rpartition(".")[2] for name, _ in base.named_modules()}
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,  # type: ignore[arg-type]  # declared int, used as a number
        target_modules=[target for target in settings.targets if target in has],
        lora_dropout=0.0,
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        # PEFT 0.21 reads an attribute that transformers 5 has renamed.
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        return get_peft_model(base, config)


def export_lora(model: Any, alpha: float, path: Path) -> int:
    """Write the model's LoRA as a GGUF adapter and return the number of layers that it adapts."""
    weights = {name: tensor.detach().float().numpy() for name, tensor in get_peft_model_state_dict(model).items()}
    shape = read_shape(model.get_base_model().config)
    return export_adapter(weights, shape, alpha, path)


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
    try:
        train(Path(sys.argv[1]))
    except (RetrainError, BaseModelError) as error:
        sys.exit(str(error))
