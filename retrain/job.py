"""A training job: what the child process is told, how it is started, and what it reports. Knows nothing of torch."""

import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from retrain.errors import RetrainStopped, TrainingFailed
from retrain.settings import TrainSettings

JOB = "job.json"
LOG = "train.log"
ADAPTER_FOLDER = "adapter"
TAIL_LINES = 20
LOOK_SECONDS = 0.2  # between checks whether to stop

TellProgress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """The base with its hash, where training forms are kept, the most tokens of a row, settings, and the dataset."""

    base_path: Path
    base_sha256: str
    forms_folder: Path
    context: int
    settings: TrainSettings
    dataset: Path


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What the child reported: why it stopped, its epochs in order, rows too long to train on, and seconds.

    `processor_seconds` and `peak_megabytes` (of memory) are what it cost.
    """

    adapter_folder: Path
    stopped: str
    epochs: tuple[dict[str, Any], ...]
    too_long: int
    seconds: float
    processor_seconds: float
    peak_megabytes: float


def save_job(job: TrainingJob, folder: Path) -> None:
    """Write the job into the run's folder."""
    paths = {name: str(getattr(job, name)) for name in ("base_path", "forms_folder", "dataset")}
    content = asdict(job) | paths
    (folder / JOB).write_text(json.dumps(content, indent=2, sort_keys=True), encoding="utf-8")


def load_job(folder: Path) -> TrainingJob:
    """Read what `save_job` wrote."""
    content = json.loads((folder / JOB).read_text(encoding="utf-8"))
    settings = TrainSettings(**{**content["settings"], "targets": tuple(content["settings"]["targets"])})
    base, forms = Path(content["base_path"]), Path(content["forms_folder"])
    return TrainingJob(base, content["base_sha256"], forms, content["context"], settings, Path(content["dataset"]))


def find_dataset(job: Path) -> Path | None:
    """Return the folder of the dataset that a job file names; None in a job older than that field."""
    dataset = json.loads(job.read_text(encoding="utf-8")).get("dataset")
    return None if dataset is None else Path(dataset).resolve()


def run_training(
    job: TrainingJob, folder: Path, progress: TellProgress, stop: threading.Event | None = None
) -> TrainingResult:
    """Train in a child process, tell `progress` each event, and return what the child reported.

    The folder's train.log keeps the child's output. Raises `TrainingFailed` with its last lines if the child crashes or
    leaves no adapter, and `RetrainStopped` once `stop` is set.
    """
    stop = stop or threading.Event()
    save_job(job, folder)
    events: list[dict[str, Any]] = []
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    with _start_child(folder) as child, (folder / LOG).open("w", encoding="utf-8") as log:
        watcher = threading.Thread(target=_kill_on, args=(stop, child), name="training-watch")
        watcher.start()
        for line in _listen(child):
            log.write(line)
            event = _parse_event(line)
            if event is None:
                tail.append(line.rstrip("\n"))
                continue
            events.append(event)
            progress(event)
    watcher.join()
    if stop.is_set():
        raise RetrainStopped
    if child.returncode != 0 or not events or events[-1]["event"] != "done":
        raise TrainingFailed(child.returncode, tuple(tail))
    return TrainingResult(
        adapter_folder=folder / ADAPTER_FOLDER,
        stopped=events[-1]["stopped"],
        epochs=tuple(event for event in events if event["event"] == "epoch"),
        too_long=sum(event["too_long"] for event in events if event["event"] == "start"),
        **{cost: events[-1][cost] for cost in ("seconds", "processor_seconds", "peak_megabytes")},
    )


def _start_child(folder: Path) -> subprocess.Popen[str]:
    """Start the trainer from the folder that holds this package, so that it imports the same code."""
    return subprocess.Popen(
        [sys.executable, "-m", "retrain.train", str(folder.resolve())],
        cwd=Path(__file__).resolve().parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def _kill_on(stop: threading.Event, child: subprocess.Popen[str]) -> None:
    """End the child once `stop` is set: its next line may be minutes away."""
    while child.poll() is None:
        if stop.wait(LOOK_SECONDS):
            child.kill()
            return


def _listen(child: subprocess.Popen[str]) -> Iterator[str]:
    """Yield the child's lines. If the listener gives up (an exception, Ctrl-C), the child ends with it."""
    assert child.stdout is not None
    try:
        yield from child.stdout
        child.wait()
    finally:
        child.kill()


def _parse_event(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None
