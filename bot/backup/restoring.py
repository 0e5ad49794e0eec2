"""Puts a back-up back into a data folder. What it would replace is put aside, never deleted."""

import gzip
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from bot.backup.contents import ARRIVALS, ASIDE, DATABASE, is_database
from bot.backup.making import ARCHIVES
from bot.backup.manifest import MANIFEST, BackupError, Manifest, load_manifest, require_files
from feedback.snapshot import require_usable

_UNPACKED = ".restoring"
_OURS = ("chip.lock", _UNPACKED)
_FIRST = (ARRIVALS, DATABASE)  # so that a kill half-way leaves what was acknowledged in place


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. `aside` is where what stood there before lies now; None if nothing did."""

    manifest: Manifest
    aside: Path | None


def restore(backup: Path, data: Path, database: Path, now: datetime, *, replace: bool) -> Restored:
    """Put a back-up into the data folder, and its database where the settings say. Call it with the folder's lock.

    Raises `BackupError` for one that is cut, changed or of a newer Chip, and where data stands already and `replace` is
    not set; then nothing was changed.
    """
    before = [path for path in data.iterdir() if path.name not in _OURS and not path.name.startswith(ASIDE)]
    if database.exists() and database not in before:
        before.append(database)
    if before and not replace:
        raise BackupError(f"{data} holds data already. To put that aside and restore over it, add --replace.")
    with unpack(backup, data / _UNPACKED) as (folder, manifest):
        aside = data / f"{ASIDE}{now:%Y%m%d-%H%M%S}" if before else None
        if aside is not None:
            _put_aside(before, database, aside)
        for path in sorted(folder.iterdir(), key=lambda path: path.name not in _FIRST):
            if path.name != MANIFEST:
                _move(path, database if path.name == DATABASE else data / path.name)
    return Restored(manifest, aside)


@contextmanager
def unpack(backup: Path, folder: Path) -> Iterator[tuple[Path, Manifest]]:
    """Lend the files of a back-up, verified, in this new folder, and remove what is left of them at the end.

    Raises `BackupError`, and `DatabaseUnusable` for a database that is damaged or of a newer Chip.
    """
    shutil.rmtree(folder, ignore_errors=True)  # of a restore that was killed
    try:
        _extract(backup, folder)
        manifest = load_manifest(folder)
        require_files(manifest, folder)
        for path in filter(is_database, manifest.files):
            require_usable(folder / path)
        yield folder, manifest
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _extract(backup: Path, folder: Path) -> None:
    if backup.is_dir():
        shutil.copytree(backup, folder)
        return
    if not backup.is_file():
        raise BackupError(f"There is no back-up at {backup}.")
    if backup.suffix not in ARCHIVES:
        raise BackupError(f"{backup} is no back-up: it is neither a folder nor a .tar, .tgz or .tar.gz.")
    folder.mkdir(parents=True)
    try:
        with tarfile.open(backup) as archive:
            for member in archive:
                _extract_file(archive, member, folder)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BackupError(f"{backup} is cut or damaged ({error}). Use another back-up.") from error


def _extract_file(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write one file of the archive. `extractall` takes links and paths out of the folder on Pythons before 3.11.4."""
    path, content = PurePosixPath(member.name), archive.extractfile(member) if member.isfile() else None
    if content is None or path.is_absolute() or ".." in path.parts:
        raise BackupError(f"The archive was changed: {member.name} is no file of a back-up. Use another one.")
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    with content, (folder / path).open("wb") as file:
        shutil.copyfileobj(content, file)


def _put_aside(before: list[Path], database: Path, aside: Path) -> None:
    """Move what stands there, with the logs of a database that lies elsewhere."""
    aside.mkdir()
    for path in before:
        _move(path, aside / path.name)
        if path == database:
            for log in database.parent.glob(f"{database.name}-*"):
                _move(log, aside / log.name)


def _move(path: Path, target: Path) -> None:
    """Rename a file or folder, or copy it where the target is on another disk."""
    if path.exists():  # a log of SQLite may be moved already
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
        _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
