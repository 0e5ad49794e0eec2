"""Makes a back-up of a data folder while Chip runs: a folder, or one archive."""

import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from bot.backup.contents import DATABASE, is_database, list_contents
from bot.backup.manifest import FORMAT, BackupError, Manifest, save_manifest
from feedback.snapshot import copy_database
from retrain.adapter import hash_file

ARCHIVES = {".tar": "w", ".tgz": "w:gz", ".gz": "w:gz"}


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up: the data folder, the file of its database (which may lie elsewhere), and settings as texts."""

    data: Path
    database: Path
    settings: Mapping[str, str]


def make_backup(source: Source, target: Path, began_at: datetime, *, with_models: bool = False) -> Manifest:
    """Write a back-up, whole or not at all. A target that ends in .tar, .tgz or .tar.gz becomes an archive.

    Raises `BackupError`, `DatabaseUnusable` for a damaged database, and `OSError` for a full disk.
    """
    _require_free(source, target)
    with _staging(target) as folder:
        manifest = _copy(source, folder, began_at, with_models=with_models)
        save_manifest(manifest, folder)
        mode = ARCHIVES.get(target.suffix)
        finished = folder if mode is None else _pack(folder, mode)
        _force_to_disk(finished)
        os.rename(finished, target)
        _sync(target.absolute().parent)
    return manifest


def _require_free(source: Source, target: Path) -> None:
    if not source.database.is_file():
        raise BackupError(f"There is nothing to back up: {source.database} does not exist.")
    if target.exists():
        raise BackupError(f"{target} exists already. Name a new file or folder.")
    if target.resolve().is_relative_to(source.data.resolve()):
        raise BackupError(f"{target} lies in the data folder, which would be lost with it. Name a place elsewhere.")


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """Lend a new folder beside the target, and remove it."""
    folder = target.absolute().parent / f".{target.name}.unfinished"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _packed(folder).unlink(missing_ok=True)


def _copy(source: Source, folder: Path, began_at: datetime, *, with_models: bool) -> Manifest:
    contents = list_contents(source.data, with_models=with_models)
    files: dict[str, str] = {}
    for path in contents.files:
        held = source.database if path == DATABASE else source.data / path
        _copy_file(held, folder / path, files, path)
    return Manifest(FORMAT, version("chip"), began_at.isoformat(), files, contents.left_out, source.settings)


def _copy_file(source: Path, target: Path, files: dict[str, str], path: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if is_database(path):
        copy_database(source, target)
    else:
        try:
            shutil.copy2(source, target)
        except FileNotFoundError:  # deleted since it was listed
            return
    files[path] = hash_file(target)


def _pack(folder: Path, mode: str) -> Path:
    with tarfile.open(_packed(folder), mode) as archive:  # type: ignore[call-overload]  # a mode of our own table
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.add(path, path.relative_to(folder).as_posix())
    return _packed(folder)


def _packed(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.tar")


def _force_to_disk(finished: Path) -> None:
    for path in (finished, *finished.rglob("*")):
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
