"""The shelf: the base models of an installation by name, and which of them is chosen. Knows nothing of the network."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from config.settings import PROJECT
from retrain.bases.base import NANO_SHA256, Base, BaseModelError, load_base
from retrain.bases.vocabulary import open_vocabulary

DEFAULT = "chip-nano"
SET_UP_ON_DEMAND = "chip-smol"
SHIPPED = {DEFAULT: PROJECT / "models" / "chip-nano" / "chip-nano-q8_0.gguf"}
_SHIPPED_HASHES = {DEFAULT: NANO_SHA256}
SHIPPED_LICENCE = "CC BY-SA 4.0"
_CHOSEN = "chosen"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept beside an added file: its hash, where it came from and under which licence."""

    sha256: str
    source: str
    licence: str


class Shelf:
    """The models folder of an installation. A file is added whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def forms_folder(self) -> Path:
        """Where training forms are kept."""
        return self._folder / "training"

    @property
    def staging_folder(self) -> Path:
        """Where files are fetched to before they are added."""
        return self._folder / "fetched"

    @property
    def chosen(self) -> str:
        """The name that was chosen last; the one that ships where none was."""
        try:
            return (self._folder / _CHOSEN).read_text(encoding="utf-8").strip()
        except OSError:
            return DEFAULT

    def names(self) -> list[str]:
        """Return the names of all models, the shipped ones first."""
        return [*SHIPPED, *sorted(path.stem for path in self._folder.glob("*.json"))]

    def path(self, name: str) -> Path:
        """Return where the file of a named model is."""
        return SHIPPED.get(name) or self._folder / f"{name}.gguf"

    def record(self, name: str) -> Record | None:
        """Return what is kept of an added model. Raises `BaseModelError` where it cannot be read."""
        path = self._folder / f"{name}.json"
        if name in SHIPPED or not path.exists():
            return None
        try:
            return Record(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise BaseModelError(f"{path} cannot be read: {error}. Add {name} again.") from error

    def load(self, wanted: Path | None = None) -> Base:
        """Return the model of this name or path, verified; the chosen one by default. Raises `BaseModelError`."""
        name = self.chosen if wanted is None else str(wanted)
        if name in self.names():
            record = self.record(name)
            return load_base(self.path(name), record.sha256 if record else _SHIPPED_HASHES[name])
        if name == SET_UP_ON_DEMAND:
            raise BaseModelError(f"{name} is not set up yet. Run: chip models add {name}")
        return load_base(Path(name))

    def add(self, file: Path, name: str, source: str, licence: str) -> Base:
        """Take a file in under a name, after looking it over. Raises `BaseModelError` and keeps what was there."""
        self._require_free(name)
        base = load_base(file)
        with open_vocabulary(file) as vocabulary:
            vocabulary.chat_template()
        self._folder.mkdir(parents=True, exist_ok=True)
        place = self._folder / f"{name}.gguf"
        unfinished = place.with_suffix(".part")
        is_own = self.staging_folder in file.parents
        _take(file, unfinished, is_own=is_own)
        unfinished.replace(place)
        if is_own:
            shutil.rmtree(self.staging_folder)
        record = json.dumps(asdict(Record(base.sha256, source, licence)), indent=2)
        (self._folder / f"{name}.json").write_text(record + "\n", encoding="utf-8")
        return self.load(Path(name))

    def choose(self, name: str) -> Base:
        """Let this model serve from the next start on. Raises `BaseModelError` and leaves the choice as it was."""
        if name not in self.names():
            base = self.load(Path(name))  # says what is wrong, unless it is a path
            raise BaseModelError(f"{base.gguf_path} has no name yet. Run: chip models add {base.gguf_path}")
        base = self.load(Path(name))
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / _CHOSEN).write_text(f"{name}\n", encoding="utf-8")
        return base

    def bases(self) -> Iterator[tuple[str, Base | BaseModelError]]:
        """Yield every name with its model, or with what is wrong with it."""
        for name in self.names():
            try:
                yield name, self.load(Path(name))
            except BaseModelError as error:
                yield name, error

    def _require_free(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise BaseModelError(f"{name} is no name for a model. Use letters, digits, dots and dashes.")
        if name in SHIPPED:
            raise BaseModelError(f"{name} ships with Chip. Take another name with --name.")


def _take(file: Path, place: Path, *, is_own: bool) -> None:
    """Move the file where it is ours; else link or copy it."""
    place.unlink(missing_ok=True)
    if is_own:
        file.replace(place)
        return
    try:
        os.link(file.resolve(), place)
    except OSError:
        shutil.copyfile(file, place)
