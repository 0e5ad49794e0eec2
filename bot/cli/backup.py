"""`chip backup` and `chip restore`: what they do with the settings at hand, and what they tell."""

import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from bot.backup.drill import find_forgotten_since, try_out
from bot.backup.making import Source, make_backup
from bot.backup.manifest import BackupError, Manifest
from bot.backup.restoring import restore, unpack
from bot.core import make_id, now_utc
from bot.run import hold_data_folder
from config.loading import LoadedSettings
from config.settings import Settings
from feedback.database import Database, open_database


def back_up(loaded: LoadedSettings, target: Path, *, with_models: bool) -> Iterator[str]:
    """Back the data folder up, while Chip runs or not; yield what to tell."""
    settings = loaded.settings
    source = Source(settings.data, _find_file(settings), _list_settings(loaded))
    manifest = make_backup(source, target, now_utc(), with_models=with_models)
    held = f"{target} holds {len(manifest.files):,} files"
    yield f"{held}, and every event that was acknowledged before {manifest.began_at}."
    for path, reason in manifest.left_out.items():
        yield f"  left out: {path} ({reason})"
    yield f"Try it out: chip restore {target} --verify"


def put_back(loaded: LoadedSettings, backup: Path, *, replace: bool) -> Iterator[str]:
    """Restore a back-up into the data folder that the settings name; yield what to tell."""
    settings = loaded.settings
    with hold_data_folder(settings.data):
        restored = restore(backup, settings.data, _find_file(settings), now_utc(), replace=replace)
        manifest, aside = restored.manifest, restored.aside
        yield f"{settings.data} is as it was at {manifest.began_at}."
        yield from _tell_differences(loaded, manifest)
        if aside is None:
            yield "Who was forgotten since then is in it again: forget them once more with chip forget PERSON."
            return
        yield f"What was there before is in {aside}. Delete that when all is well."
        began_at = datetime.fromisoformat(manifest.began_at)
        for person in find_forgotten_since(began_at, aside, settings.data, _open):
            yield f"{person} was forgotten since then and is in it again. Run: chip forget {person}"


def try_backup(backup: Path) -> Iterator[str]:
    """Restore a back-up into a folder of its own, open everything, and throw that away; yield what is in it."""
    with tempfile.TemporaryDirectory(prefix="chip-drill-") as name:
        with unpack(backup, Path(name) / "var") as (folder, manifest):
            trial = try_out(folder, _open)
        yield f"The back-up of {manifest.began_at} (Chip {manifest.chip}) is whole. Nothing was restored."
        yield f"  {len(manifest.files):,} files, each with the hash that it was saved with"
        yield f"  {trial.events:,} events, {trial.waiting:,} of them to be taken up at the start"
        yield f"  {trial.replies:,} replies, {trial.votes:,} votes and corrections"
        yield f"  {trial.documents:,} documents, {trial.adapters:,} adapters, {trial.datasets:,} data sets"


def _open(database: Path) -> Database:
    return open_database(f"sqlite:///{database}", clock=now_utc, new_id=make_id)


def _find_file(settings: Settings) -> Path:
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise BackupError("Only SQLite is backed up here. Use the other database's own tool, and copy the data folder.")
    return Path(url.database)


def _list_settings(loaded: LoadedSettings) -> dict[str, str]:
    """Return what is not a default, secrets masked."""
    return {line.key: line.value for line in loaded.lines() if line.source != "default"}


def _tell_differences(loaded: LoadedSettings, manifest: Manifest) -> Iterator[str]:
    now = {line.key: line.value for line in loaded.lines()}
    for key, value in manifest.settings.items():
        if now.get(key) != value:
            yield f"  {key} was {value} and is {now.get(key)} now"
