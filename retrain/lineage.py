"""Where an adapter comes from: the data set that it learned from, the gate's verdict, and when it answered.

Reads what the registry, the data sets and the database hold. Knows nothing of how it is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from feedback.database import Database
from retrain.adapter import Adapter, AdapterError, load_adapter
from retrain.erasure import find_manifest
from retrain.errors import DatasetError
from retrain.examples import load_manifest
from retrain.registry import Promotion, find_promotions


@dataclass(frozen=True, slots=True)
class Lineage:
    """What is known of an adapter.

    `adapter` is None where its folder is gone, and `dataset` (a folder) where its rows are. `lessons` counts by source.
    `served` are the changes that let it answer, oldest first.
    """

    adapter_id: str
    adapter: Adapter | None
    dataset: Path | None = None
    lessons: Mapping[str, int] = field(default_factory=dict)
    forgotten: int = 0
    served: tuple[Promotion, ...] = ()

    @property
    def ruling(self) -> str:
        """The gate's verdict: promoted, refused or not judged; "" where it is not known."""
        if self.adapter is None:
            return ""
        scores = self.adapter.scores
        return str(scores.get("ruling") or ("promoted" if scores.get("passed") else "refused"))

    @property
    def reasons(self) -> str:
        """Why the gate ruled so."""
        return " ".join(self.adapter.scores.get("reasons", ())) if self.adapter else ""


def trace(db: Database, adapters_folder: Path, runs_folder: Path, adapter_id: str) -> Lineage:
    """Return where an adapter comes from, as far as it can still be told."""
    try:
        adapter = load_adapter(adapters_folder / adapter_id)
    except AdapterError:
        return Lineage(adapter_id, None)
    served = tuple(one for one in find_promotions(db, adapter.base_id) if one.adapter_id == adapter_id)
    manifest = find_manifest(runs_folder, adapter.dataset_hash)
    if manifest is None:
        return Lineage(adapter_id, adapter, served=served)
    facts = _read_manifest(manifest.parent)
    lessons = facts.get("groups", {})
    return Lineage(adapter_id, adapter, manifest.parent, lessons, facts.get("forgotten", 0), served)


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        return load_manifest(folder)
    except DatasetError:
        return {}
