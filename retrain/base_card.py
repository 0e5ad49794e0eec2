"""A base model on disk: its weights in both forms under a manifest of hashes. Knows nothing of serving or training."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrain.adapter import hash_file
from retrain.gguf_header import GgufError, read_header

MANIFEST = "manifest.json"
_READS_LINES = "chip-nano"


class BaseModelError(Exception):
    """A base model that must not be used. The message names the file and what to do."""


@dataclass(frozen=True, slots=True)
class Base:
    """A verified base model.

    `context` is the most tokens that prompt and answer may have together; `name` is what the GGUF calls itself.
    """

    id: str
    gguf_path: Path
    context: int
    folder: Path
    name: str = ""

    @property
    def reads_passages(self) -> bool:
        """Whether the prompt holds whole passages. chip-nano alone was trained to read single lines and quote one."""
        return not self.name.startswith(_READS_LINES)


def load_base(folder: Path) -> Base:
    """Read the folder's manifest and check every file that it names against its hash.

    The manifest is {"id": str, "context": tokens, "files": {name: sha256}} and names exactly one .gguf file. Raises
    `BaseModelError` if something is missing, truncated, changed or unreadable.
    """
    manifest = _read_manifest(folder)
    try:
        base_id, context, files = str(manifest["id"]), int(manifest["context"]), dict(manifest["files"])
    except (KeyError, TypeError, ValueError) as error:
        raise BaseModelError(f"{folder / MANIFEST} lacks id, context or files; {_remedy(folder)}") from error
    weights = [name for name in files if name.endswith(".gguf")]
    if len(weights) != 1 or context < 1:
        raise BaseModelError(
            f"{folder / MANIFEST} must name one .gguf file and a positive context; it has {len(weights)} and {context}."
        )
    for name, expected in files.items():
        _verify(folder, name, expected)
    try:
        name = read_header(folder / weights[0]).text("general.name")
    except GgufError as error:
        raise BaseModelError(f"{error} {_remedy(folder).capitalize()}") from error
    return Base(base_id, folder / weights[0], context, folder, name)


def save_manifest(folder: Path, *, base_id: str, context: int, names: list[str]) -> None:
    """Write the manifest over the named files. It comes last, so a folder without a manifest is unfinished."""
    files = {name: hash_file(folder / name) for name in sorted(names)}
    text = json.dumps({"id": base_id, "context": context, "files": files}, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise BaseModelError(f"{folder} holds no base model ({MANIFEST} is missing); {_remedy(folder)}") from error
    except ValueError as error:
        raise BaseModelError(f"{folder / MANIFEST} cannot be read: {error}; {_remedy(folder)}") from error
    if not isinstance(manifest, dict):
        raise BaseModelError(f"{folder / MANIFEST} is not an object; {_remedy(folder)}")
    return manifest


def _verify(folder: Path, name: str, expected: object) -> None:
    path = folder / name
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise BaseModelError(f"{folder / MANIFEST} names {name}, which lies outside its folder.")
    if not path.is_file():
        raise BaseModelError(f"{path} is missing; {_remedy(folder)}")
    if hash_file(path) != expected:
        raise BaseModelError(f"{path} does not match its recorded hash: it was changed or cut short; {_remedy(folder)}")


def _remedy(folder: Path) -> str:
    return f"restore {folder} from where it came (git checkout, for a shipped model) or name another in the settings."
