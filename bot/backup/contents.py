"""What of a data folder a back-up holds, and in which order it is copied. Knows nothing of how.

The order keeps what is acknowledged: an event is a row in `arrivals.db` first, and leaves it only once `chip.db` holds
it. So a copy of the arrivals and then of the databases holds each event that was acknowledged before it began, in one
or in both, and the inbox recognises the second one. Adapters and data sets follow, because rows of the databases name
them, and they never change once they stand there.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

DATABASE = "chip.db"
ARRIVALS = "arrivals.db"
KEY = "token.key"
ASIDE = "before-restore-"
_REBUILT = {"chroma": "made of the catalogue again", "words": "made of the catalogue again"}
_MODELS = "models"
_PASSING = (".lock", "-wal", "-shm", "-journal", ".part")


@dataclass(frozen=True, slots=True)
class Contents:
    """Files of a data folder by their paths in it, in the order to copy them, and why others are left out."""

    files: tuple[str, ...]
    left_out: dict[str, str]


def list_contents(data: Path, *, with_models: bool) -> Contents:
    """Return what a back-up of the folder holds: always a database, wherever it lies. Base models are large."""
    left_out: dict[str, str] = {}
    found = _walk(data, left_out, with_models=with_models)
    files = {DATABASE, *(path for path in found if not path.endswith(_PASSING))}
    return Contents(tuple(sorted(files, key=_order)), left_out)


def is_database(path: str) -> bool:
    """Whether a file is SQLite's, so that it must not be copied byte by byte while it is written to."""
    return path.endswith((".db", ".sqlite3"))


def _walk(data: Path, left_out: dict[str, str], *, with_models: bool) -> Iterator[str]:
    for folder, folders, names in os.walk(data, followlinks=True):
        here = PurePosixPath(Path(folder).relative_to(data).as_posix())
        for name in tuple(folders):
            if reason := _find_reason(here, name, with_models=with_models):
                left_out[str(here / name)] = reason
            if reason or name.startswith("."):  # such a folder is unfinished
                folders.remove(name)
        for name in names:
            if name == KEY:
                left_out[str(here / name)] = (
                    "a secret; keep it elsewhere, without it workspaces must install Chip again"
                )
            elif name != "lock" and not name.startswith("."):
                yield str(here / name)


def _find_reason(here: PurePosixPath, name: str, *, with_models: bool) -> str:
    """Return why a folder is left out; "" if it is not."""
    if here.name == "index" and name in _REBUILT:
        return _REBUILT[name]
    if here == PurePosixPath(".") and name == _MODELS and not with_models:
        return "base models, which can be added again"
    return "what an earlier restore put aside" if name.startswith(ASIDE) else ""


def _order(path: str) -> tuple[int, str]:
    name = PurePosixPath(path).name
    return (0 if name == ARRIVALS else 1 if name == DATABASE else 2, path)
