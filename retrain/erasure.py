"""Removes forgotten rows from the frozen datasets, and deletes adapters that learned from them.

A row is forgotten when the database no longer holds its reply's words, or its correction. So nobody has to tell this
module what was forgotten, and the next sweep finishes one that a kill cut off. An adapter's weights cannot be told what
to forget, but each adapter is trained from the base on the whole dataset of its run: one that is trained again without
the forgotten rows never knew them. Knows nothing of engines, nor of when it is called.
"""

import json
import logging
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedback.corrections import find_all
from feedback.database import Database
from feedback.events import Role
from feedback.history.imports import find_known_digests
from feedback.replies import Reply, find_replies, find_worded
from retrain.adapter import Adapter
from retrain.data.version import thin_version
from retrain.errors import DatasetError
from retrain.examples import MANIFEST, Example, load_dataset
from retrain.job import ADAPTER_FOLDER, JOB, find_dataset
from retrain.lock import hold_lock
from retrain.registry import list_adapters, live

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Erased:
    """What a sweep did: how many rows it removed, and the ids of the adapters that it deleted.

    `serving` is the adapter that learned what was forgotten and still serves; the caller has to replace it.
    """

    rows: int
    deleted: tuple[str, ...]
    serving: str | None


def erase_forgotten(db: Database, adapters_folder: Path, runs_folder: Path, base_id: str) -> Erased:
    """Remove what is forgotten from every dataset, and delete the adapters that learned it and do not serve.

    Raises `RetrainRunning` while a retrain runs, which may be reading its dataset.
    """
    with hold_lock(runs_folder, db.clock()):
        rows = sum(_thin(db, manifest.parent) for manifest in sorted(runs_folder.glob(f"*/{MANIFEST}")))
        tainted = [adapter for adapter in list_adapters(adapters_folder) if has_learned_forgotten(adapter, runs_folder)]
        serving = live(db, base_id)
        deleted = [adapter.id for adapter in tainted if adapter.id != live(db, adapter.base_id)]
        for adapter_id in deleted:
            shutil.rmtree(adapters_folder / adapter_id)
    if rows or deleted:
        logger.info("%d rows left the datasets, and with them the adapters %s", rows, deleted)
    return Erased(rows, tuple(deleted), serving if serving in {adapter.id for adapter in tainted} else None)


def has_learned_forgotten(adapter: Adapter, runs_folder: Path) -> bool:
    """Whether rows left the adapter's dataset since it was trained; False if its dataset cannot be found."""
    manifest = find_manifest(runs_folder, adapter.dataset_hash)
    return manifest is not None and _read_manifest(manifest).get("forgotten", 0) > 0


def find_manifest(runs_folder: Path, dataset_hash: str) -> Path | None:
    """Return the manifest of the dataset that had this hash when it was frozen."""
    return next(
        (path for path in runs_folder.glob(f"*/{MANIFEST}") if _read_manifest(path)["sha256"] == dataset_hash), None
    )


def _read_manifest(manifest: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
    return content


def _thin(db: Database, run: Path) -> int:
    """Remove the forgotten rows from one dataset, with its runs' own copies of the weights. Return how many."""
    try:
        examples = load_dataset(run)
    except DatasetError as error:
        logger.warning("what was forgotten cannot be taken out: %s", error)
        return 0
    kept = find_remembered(db, examples)
    if len(kept) == len(examples):
        return 0
    thin_version(kept, run)
    for trained in _find_runs(run):
        shutil.rmtree(trained / ADAPTER_FOLDER, ignore_errors=True)
    return len(examples) - len(kept)


def _find_runs(dataset: Path) -> list[Path]:
    """Return the folders of the runs that trained on the dataset: its own, before datasets had folders of theirs."""
    jobs = (path for path in dataset.parent.glob(f"*/{JOB}") if find_dataset(path) == dataset.resolve())
    return [dataset, *(path.parent for path in jobs)]


def find_covered(
    db: Database, examples: Iterable[Example], covers: Callable[[Reply, Role | None], bool]
) -> list[Example]:
    """Return the examples that the database still holds and that consent covers now."""
    kept = find_remembered(db, examples)
    replies = find_replies(db, list({example.reply_id for example in kept if example.reply_id}))
    roles = {correction.id: correction.role for correction in find_all(db).values()}
    return [
        example
        for example in kept
        if example.reply_id is None or covers(replies[example.reply_id], roles.get(example.correction_id or ""))
    ]


def find_remembered(db: Database, examples: Iterable[Example]) -> list[Example]:
    """Return the examples whose words the database still holds, and those that do not come from anybody's words."""
    examples = list(examples)
    worded = find_worded(db)
    corrections = find_all(db)
    pairs = find_known_digests(db, [example.pair for example in examples if example.pair])
    corrected = {correction.reply_id for correction in corrections.values()}

    def is_remembered(example: Example) -> bool:
        if example.reply_id is None:
            return example.pair is None or example.pair in pairs
        if example.reply_id not in worded:
            return False
        if example.source != "correction":
            return True
        known = example.correction_id  # None in a dataset older than this field
        return known in corrections if known else example.reply_id in corrected

    return [example for example in examples if is_remembered(example)]
