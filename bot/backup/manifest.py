"""The manifest of a back-up: each file with its hash, what was left out and why, and the settings without secrets."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from retrain.adapter import hash_file

MANIFEST = "backup.json"
FORMAT = 1


class BackupError(Exception):
    """A back-up that cannot be made or used. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a back-up holds. `files` maps paths to sha256; `began_at` is the instant up to which nothing is missing."""

    format: int
    chip: str
    began_at: str
    files: Mapping[str, str]
    left_out: Mapping[str, str]
    settings: Mapping[str, str]


def save_manifest(manifest: Manifest, folder: Path) -> None:
    """Write the manifest. It comes last: a folder without one is no back-up."""
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1, ensure_ascii=False), encoding="utf-8")


def load_manifest(folder: Path) -> Manifest:
    """Return a back-up's manifest. Raises `BackupError`."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise BackupError(
                f"The back-up is of Chip {content.get('chip')} in another form. Restore it with that one."
            )
        return Manifest(**content)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"There is no back-up: {MANIFEST} is missing or cannot be read. Use another one.") from error


def require_files(manifest: Manifest, folder: Path) -> None:
    """Raise `BackupError` unless each file of the manifest is there as it was, and no other."""
    held = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
    for path, expected in manifest.files.items():
        if path not in held:
            raise BackupError(f"The back-up is not whole: {path} is missing. Use another one.")
        if hash_file(folder / path) != expected:
            raise BackupError(f"The back-up is damaged: {path} is not what was saved. Use another one.")
    if strange := sorted(held - set(manifest.files)):
        raise BackupError(f"The back-up was changed: nothing says what {strange[0]} is. Use another one.")
