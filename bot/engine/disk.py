"""Keeps parked states on disk when RAM is full: one private file each, deleted when the engine closes.

They hold what people wrote, so none outlives the process: the next start deletes what a kill left. A missing or changed
file counts as lost. Knows nothing of prompts.
"""

import logging
import os
import zlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SUFFIX = ".parked"
_log = logging.getLogger(__name__)


class Disk:
    """Writes states into a folder of its own, which it creates and empties first."""

    def __init__(self, folder: Path) -> None:
        """Raises `OSError` if the folder cannot be made or written to."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._numbers: Iterator[int] = count()
        self._sums: dict[Path, int] = {}
        self.clear()
        (folder / f"trial{SUFFIX}").touch(mode=0o600)  # fails now rather than at the first prompt
        self.clear()

    def write(self, state: NDArray[np.uint8]) -> Path | None:
        """Return the file that now holds the state; None if the disk refused it."""
        path = self._folder / f"{os.getpid()}-{next(self._numbers)}{SUFFIX}"
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(state.data)
        except OSError as error:
            _log.warning("a parked prompt could not be written: %s", error)
            path.unlink(missing_ok=True)
            return None
        self._sums[path] = zlib.crc32(state.data)
        return path

    def read(self, path: Path) -> NDArray[np.uint8] | None:
        """Return the state that was written; None if the file is gone or changed."""
        try:
            state = np.fromfile(path, np.uint8)
        except OSError as error:
            _log.warning("a parked prompt could not be read: %s", error)
            return None
        if zlib.crc32(state.data) != self._sums.get(path):
            _log.warning("a parked prompt on disk was changed and is not used")
            return None
        return state

    def remove(self, path: Path) -> None:
        """Delete the file. Do nothing if it is gone."""
        self._sums.pop(path, None)
        path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete every state in the folder, including those of a killed process."""
        self._sums.clear()
        for path in self._folder.glob(f"*{SUFFIX}"):
            path.unlink(missing_ok=True)
