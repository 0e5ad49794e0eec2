"""A retrain that is killed at a step, as a power cut would: run by `test_killed.py` in a process of its own."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from feedback.database import Database, open_database
from retrain.adapter import Adapter
from retrain.bases.base import load_base
from retrain.evaluate import Answer, HeldOutQuestion
from retrain.run import Progress, RetrainDeps, run_retrain
from retrain.settings import CurateSettings, GateSettings, RetrainSettings, TrainSettings
from retrieval.draft import Draft
from retrieval.passage import Audience
from tests.retrain.feedback_rows import prepare

SETTINGS = RetrainSettings(
    curate=CurateSettings(variations=0, replay=2),
    train=TrainSettings(rank=4, max_epochs=1, threads=1, priority=0),
    gate=GateSettings(least_questions=20, reading_questions=0),
)
DOCUMENTS = [
    HeldOutQuestion(f"d{number}", f"Can part {number} swim?", Audience.CUSTOMER, (("90",),), answerable=True)
    for number in range(12)
]
SWAP = "swap"


class Grown:
    """Knows with an adapter what it does not know without."""

    def answer(self, drafts: Sequence[Draft], adapter: Adapter | None) -> list[Answer]:
        return [Answer("I don't know." if adapter is None else "[2] Charging takes 90 minutes.", 1.0) for _ in drafts]


def open_test_database(folder: Path) -> Database:
    return open_database(
        f"sqlite:///{folder / 'chip.db'}", clock=lambda: datetime.now(UTC), new_id=lambda prefix: prefix + uuid4().hex
    )


def build_deps(
    db: Database,
    base: Path,
    folder: Path,
    tell: Callable[[Progress], None],
    use_adapter: Callable[[Adapter | None], float],
) -> RetrainDeps:
    return RetrainDeps(
        db=db,
        base=load_base(base),
        forms_folder=base.parent / "training",
        adapters_folder=folder / "adapters",
        runs_folder=folder / "runs",
        answerer=Grown(),
        prepare=prepare,
        use_adapter=use_adapter,
        settings=SETTINGS,
        prepare_replay=lambda count: [prepare(f"Rehearsal {number}?") for number in range(count)],
        ask_documents=lambda count: DOCUMENTS[:count],
        tell=tell,
    )


def run_and_die(folder: Path, base: Path, step: str) -> None:
    """Run a retrain and kill this process once it comes to the step; `SWAP` is between the swap and its record."""

    def tell(progress: Progress) -> None:
        is_within = step != "train" or progress.share > 0.0
        if progress.step == step and is_within:
            os.kill(os.getpid(), signal.SIGKILL)

    def use_adapter(adapter: Adapter | None) -> float:
        if step == SWAP and adapter is not None:
            os.kill(os.getpid(), signal.SIGKILL)
        return 1.0

    run_retrain(
        build_deps(open_test_database(folder), base, folder, tell, use_adapter), trigger="command", requested_by="U9"
    )


if __name__ == "__main__":
    run_and_die(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
