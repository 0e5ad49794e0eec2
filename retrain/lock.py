"""One retrain at a time on this machine, across processes. The kernel lets go of the lock when its holder dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from retrain.errors import RetrainRunning

LOCK = "retrain.lock"


@contextmanager
def hold_lock(folder: Path, now: datetime) -> Iterator[None]:
    """Hold the lock of `folder`; raises `RetrainRunning`, with the time since when, while another holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise RetrainRunning(file.read().strip() or "just now") from error
        file.truncate(0)
        file.write(now.isoformat(timespec="seconds"))
        file.flush()
        yield


def find_running(folder: Path) -> str | None:
    """Return since when a retrain is running (ISO time), or None."""
    if not (folder / LOCK).is_file():
        return None
    with (folder / LOCK).open("r", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return file.read().strip() or "just now"
    return None
