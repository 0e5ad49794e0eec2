"""Undoes learning after a rollback: corrections that only the rolled-back adapter had learned wait for approval again.

Otherwise the next retrain would teach the same again, and answers verified by staff would keep saying it. Knows nothing
of engines.
"""

from pathlib import Path

from feedback.corrections import approved, set_aside
from feedback.database import Database
from retrain.adapter import AdapterError, load_adapter
from retrain.erasure import find_manifest
from retrain.errors import DatasetError
from retrain.examples import load_dataset


def take_back_lessons(
    db: Database, adapters_folder: Path, runs_folder: Path, *, left: str | None, now: str | None, by: str
) -> int:
    """Require a new decision for the corrections that adapter `left` learned and `now` did not. Return how many.

    Both are ids, None for the bare base. An adapter whose card or dataset is gone counts as having learned nothing.
    """
    unlearned = _find_taught(adapters_folder, runs_folder, left) - _find_taught(adapters_folder, runs_folder, now)
    chosen = [correction for correction in approved(db) if correction.reply_id in unlearned]
    for correction in chosen:
        set_aside(db, correction.id, by=by)
    return len(chosen)


def _find_taught(adapters_folder: Path, runs_folder: Path, adapter_id: str | None) -> set[str]:
    """Return the ids of the replies whose corrections the adapter's dataset holds."""
    if adapter_id is None:
        return set()
    try:
        wanted = load_adapter(adapters_folder / adapter_id).dataset_hash
    except AdapterError:
        return set()
    manifest = find_manifest(runs_folder, wanted)
    return set() if manifest is None else _read_taught(manifest.parent)


def _read_taught(folder: Path) -> set[str]:
    try:
        examples = load_dataset(folder)
    except DatasetError:
        return set()
    return {example.reply_id for example in examples if example.source == "correction" and example.reply_id}
