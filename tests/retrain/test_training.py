"""The training process on a tiny base: it memorises, it reports, and its end is known."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from retrain.adapter import hash_file
from retrain.errors import DatasetError, TrainingFailed
from retrain.examples import Example, freeze_dataset, load_dataset
from retrain.job import ADAPTER_FOLDER, TrainingJob, run_training
from retrain.settings import TrainSettings
from retrieval.prompt import ChatMessage
from tests.retrain.tiny_base import CONTEXT

SETTINGS = TrainSettings(rank=8, alpha=16, learning_rate=1e-2, max_epochs=60, threads=1, priority=0)


def make_job(base: Path, dataset: Path) -> TrainingJob:
    sha256 = hash_file(base) if base.exists() else ""
    return TrainingJob(base, sha256, base.parent / "training", CONTEXT, SETTINGS, dataset)


def make_example(number: int) -> Example:
    question = (
        f"Evidence (strong match):\nHeron 1\n[1] It runs for {number} minutes.\n\nQuestion: How long is {number}?"
    )
    messages = (ChatMessage("system", "You are Chip."), ChatMessage("user", question))
    return Example(messages, f"[1] {number} minutes.", "correction", 1.0, f"g{number}", "served", f"R{number}", "T1")


def test_a_frozen_dataset_comes_back_as_it_was(tmp_path: Path) -> None:
    examples = [make_example(number) for number in range(3)]
    dataset = freeze_dataset(examples, tmp_path, {"duplicate": 1})
    assert load_dataset(tmp_path) == examples
    assert dataset.counts == {"correction": 3}


def test_a_dataset_changed_after_it_was_frozen_is_refused(tmp_path: Path) -> None:
    dataset = freeze_dataset([make_example(1)], tmp_path, {})
    dataset.path.write_text(dataset.path.read_text().replace("minutes", "hours"))
    with pytest.raises(DatasetError, match="changed after it was frozen"):
        load_dataset(tmp_path)


@pytest.mark.slow
def test_the_child_memorises_what_it_is_taught_and_writes_both_forms(tiny_base: Path, tmp_path: Path) -> None:
    freeze_dataset([make_example(number) for number in range(4)], tmp_path, {})
    told: list[dict[str, Any]] = []
    result = run_training(make_job(tiny_base, tmp_path), tmp_path, told.append)
    assert result.stopped == "memorised"
    assert result.epochs[-1]["memorised"] == 4
    assert result.epochs[-1]["loss"] < result.epochs[0]["loss"] / 4
    assert [event["event"] for event in told] == ["start", *["epoch"] * len(result.epochs), "done"]
    assert (result.adapter_folder / "adapter.gguf").stat().st_size > 1000
    assert (result.adapter_folder / "adapter_model.safetensors").is_file()


@pytest.mark.slow
def test_a_crash_of_the_child_is_an_error_with_its_last_lines(tmp_path: Path) -> None:
    freeze_dataset([make_example(1)], tmp_path, {})
    with pytest.raises(TrainingFailed) as caught:
        run_training(make_job(tmp_path / "nowhere", tmp_path), tmp_path, lambda _: None)
    assert caught.value.exit_code == 1
    assert "nowhere" in "\n".join(caught.value.log_tail)
    assert "nowhere" in (tmp_path / "train.log").read_text()


@pytest.mark.slow
def test_a_disk_that_is_full_ends_the_child_with_that_reason(tiny_base: Path, tmp_path: Path) -> None:
    freeze_dataset([make_example(1)], tmp_path, {})
    (tmp_path / ADAPTER_FOLDER).mkdir()
    (tmp_path / ADAPTER_FOLDER / "adapter.gguf").symlink_to("/dev/full")
    job = make_job(tiny_base, tmp_path)
    with pytest.raises(TrainingFailed, match="No space left on device"):
        run_training(replace(job, settings=replace(job.settings, max_epochs=1)), tmp_path, lambda _: None)


@pytest.mark.slow
def test_a_child_that_the_system_kills_is_told_as_want_of_memory(tiny_base: Path, tmp_path: Path) -> None:
    freeze_dataset([make_example(1)], tmp_path, {})

    def kill(event: dict[str, Any]) -> None:
        assert event["event"] == "start"
        (child,) = (one for one in psutil.Process().children() if str(tmp_path) in " ".join(one.cmdline()))
        child.kill()

    with pytest.raises(TrainingFailed, match="as it does when memory runs out"):
        run_training(make_job(tiny_base, tmp_path), tmp_path, kill)
