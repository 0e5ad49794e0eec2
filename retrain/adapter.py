"""An adapter on disk: a LoRA in both forms with its card, in a folder that is never changed once written."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CARD = "card.json"
GGUF = "adapter.gguf"


class AdapterError(Exception):
    """An adapter that must not be served. The message names the file and says what is wrong."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """One trained adapter.

    `base_id` names the base that it was trained on, `files` maps each file's name to its sha256, `scores` and
    `settings` are what training and the gate recorded. `folder` holds the files and is not part of the card.
    """

    id: str
    base_id: str
    dataset_hash: str
    created_at: str
    files: dict[str, str]
    settings: dict[str, Any]
    scores: dict[str, Any]
    folder: Path

    @property
    def gguf_path(self) -> Path:
        """The file that llama.cpp loads."""
        return self.folder / GGUF

    def verify(self) -> None:
        """Raise `AdapterError` if a file is missing or does not match its recorded hash."""
        for name, expected in self.files.items():
            path = self.folder / name
            if not path.is_file():
                raise AdapterError(f"Adapter {self.id}: {name} is missing from {self.folder}.")
            if hash_file(path) != expected:
                raise AdapterError(
                    f"Adapter {self.id}: {name} does not match its recorded hash; it was changed or cut."
                )


def hash_file(path: Path) -> str:
    """Return the file's sha256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save_card(adapter: Adapter) -> None:
    """Write the card beside the files. It comes last, so a folder without a card is unfinished."""
    card = {name: value for name, value in asdict(adapter).items() if name != "folder"}
    (adapter.folder / CARD).write_text(json.dumps(card, indent=2, sort_keys=True), encoding="utf-8")


def load_adapter(folder: Path) -> Adapter:
    """Read the card of an adapter's folder. Raises `AdapterError` if there is none or it cannot be read."""
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        return Adapter(**card, folder=folder)
    except (OSError, ValueError, TypeError) as error:
        raise AdapterError(f"{folder} holds no readable adapter card: {error}") from error
