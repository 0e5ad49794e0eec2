"""Clears away old adapters, data sets and runs, and never one that Chip can go back to or that waits for an admin.

Kept are, for every base: what serves, what is tried on people, all that a rollback can reach, each adapter that the
gate could not judge since then and that never served, the newest few of all others, and the data sets of all these.
Call it only with the lock of the retrain.
"""

import logging
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from feedback.database import Database
from retrain.adapter import Adapter
from retrain.canary.log import find_running
from retrain.data.version import list_versions
from retrain.job import ADAPTER_FOLDER, JOB, find_dataset
from retrain.registry import find_promotions, list_adapters, read_stack
from retrain.report import NOT_JUDGED

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was cleared away: the ids of adapters, the names of data sets, and how many copies runs still held."""

    adapters: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    copies: int = 0


def clear_away(db: Database, adapters_folder: Path, runs_folder: Path, keep: int) -> Cleared:
    """Delete what is neither needed nor among the newest `keep`."""
    adapters = list_adapters(adapters_folder)
    needed = find_needed(db, adapters)
    spare = [one for one in adapters if one.id not in needed]
    old = spare[: max(0, len(spare) - keep)]
    for adapter in old:
        shutil.rmtree(adapter.folder)
    kept = {one.dataset_hash for one in adapters if one not in old}
    datasets = tuple(_clear_datasets(runs_folder, kept, keep))
    copies = sum(1 for _ in _clear_copies(runs_folder))
    cleared = Cleared(tuple(adapter.id for adapter in old), datasets, copies)
    if old or datasets or copies:
        logger.info("cleared away: adapters %s, data sets %s, copies %d", cleared.adapters, datasets, copies)
    return cleared


def find_needed(db: Database, adapters: Collection[Adapter]) -> set[str]:
    """Return the ids of the adapters that must not go, of every base."""
    needed: set[str] = set()
    for base_id in {adapter.base_id for adapter in adapters}:
        history = find_promotions(db, base_id)
        needed |= {one for one in read_stack(history) if one is not None}
        if (canary := find_running(db, base_id)) is not None:
            needed |= {one for one in (canary.adapter_id, canary.control_id) if one is not None}
        tried = {one.adapter_id for one in history}
        since = max((f"{one.at.isoformat()}" for one in history), default="")
        needed |= {
            one.id
            for one in adapters
            if one.base_id == base_id
            and one.scores.get("ruling") == NOT_JUDGED
            and one.id not in tried
            and one.created_at >= since
        }
    return needed


def _clear_datasets(runs_folder: Path, kept: Collection[str], keep: int) -> Iterator[str]:
    """Delete data sets that no adapter needs, but for the newest. Yield their names."""
    spare = [one for one in list_versions(runs_folder) if one.manifest.get("sha256") not in kept]
    for version in spare[: max(0, len(spare) - keep)]:
        for job in runs_folder.glob(f"*/{JOB}"):
            if find_dataset(job) == version.folder.resolve():
                shutil.rmtree(job.parent)
        shutil.rmtree(version.folder)
        yield version.id


def _clear_copies(runs_folder: Path) -> Iterator[Path]:
    """Delete the trained weights that runs still hold: a registered adapter has its own, and others serve nobody."""
    for copy in runs_folder.glob(f"*/{ADAPTER_FOLDER}"):
        shutil.rmtree(copy)
        yield copy
