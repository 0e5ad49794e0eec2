"""Freezes and finds data set versions: immutable folders of rows, manifest and card, named by the hash of their rows.

The same feedback with the same settings gives the same rows, hash and folder. Knows nothing of where rows come from.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from retrain.data.card import build_card
from retrain.errors import DatasetError
from retrain.examples import (
    DATASET,
    MANIFEST,
    Dataset,
    Example,
    freeze_dataset,
    load_dataset,
    load_manifest,
    thin_dataset,
)

PREFIX = "D"
UNFINISHED = ".unfinished-D"
_ID_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Version:
    """One version. `id` is its folder's name; `manifest` describes its contents and their origin."""

    id: str
    folder: Path
    manifest: dict[str, Any]

    @property
    def made_at(self) -> str:
        return str(self.manifest.get("made_at", ""))


def freeze_version(
    examples: Sequence[Example], folder: Path, dropped: Mapping[str, int], facts: Mapping[str, Any], made_at: str
) -> Dataset:
    """Write a version below the folder, or find the one with the same rows. Return its dataset.

    Raises `DatasetError` if such a folder exists but its files have changed.
    """
    unfinished = folder / UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    facts = {**facts, "made_at": made_at, "splits": count_splits(examples)}
    for name, content in build_card(examples, dropped, facts).items():
        (unfinished / name).write_bytes(content)
    dataset = freeze_dataset(examples, unfinished, dropped, facts)
    final = folder / f"{PREFIX}{dataset.sha256[:_ID_LENGTH]}"
    if final.exists():
        load_dataset(final)
        shutil.rmtree(unfinished)
    else:
        unfinished.rename(final)
    return Dataset(final / DATASET, dataset.sha256, dataset.rows, dataset.counts)


def thin_version(kept: Sequence[Example], folder: Path) -> None:
    """Keep only these rows, as `thin_dataset` does, and rewrite the card, because it quotes questions."""
    manifest = load_manifest(folder)
    is_version = "made_at" in manifest
    thin_dataset(kept, folder, build_card(kept, manifest["dropped"], manifest) if is_version else None)


def count_splits(examples: Sequence[Example]) -> dict[str, int]:
    """Return the number of lessons in each part."""
    parts = {example.group: example.split for example in examples}
    return {split: list(parts.values()).count(split) for split in ("train", "gate", "sealed")}


def list_versions(folder: Path) -> list[Version]:
    """Return the versions below the folder that have a readable manifest, oldest first."""
    found = []
    for manifest in folder.glob(f"{PREFIX}*/{MANIFEST}"):
        try:
            version = Version(manifest.parent.name, manifest.parent, load_manifest(manifest.parent))
        except DatasetError:
            continue
        found.append(version)
    return sorted(found, key=lambda version: (version.made_at, version.id))


def find_version(folder: Path, name: str) -> Version:
    """Return the version with this name or beginning of a name. Raises `DatasetError` for none or several."""
    versions = list_versions(folder)
    matching = [version for version in versions if version.id.startswith(name)]
    if len(matching) != 1:
        known = ", ".join(version.id for version in versions) or "there is none yet"
        problem = "several data sets begin with" if matching else "there is no data set"
        raise DatasetError(f"{problem[:1].upper()}{problem[1:]} {name}. Known: {known}.")
    return matching[0]


def describe_sources(examples: Sequence[Example]) -> dict[str, int]:
    """Return the numbers of replies, threads and channels that the rows come from."""
    threads = {example.thread for example in examples if example.thread}
    return {
        "replies": len({example.reply_id for example in examples if example.reply_id}),
        "threads": len(threads),
        "channels": len({thread.rpartition("/")[0] for thread in threads}),
    }


def describe_settings(settings: Any) -> dict[str, Any]:
    """Return settings as the manifest keeps them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(settings).items()}
