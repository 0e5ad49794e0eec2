"""One retrain at a time on this machine, across processes. The kernel releases the lock when its holder dies."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from retrain.errors import RetrainRunning

LOCK = "retrain.lock"
# Beside the lock, because taking a lock empties its file.
SINCE = "retrain.since"


@contextmanager
def hold_lock(folder: Path, now: datetime) -> Iterator[None]:
    """Hold the lock of `folder`. Raises `RetrainRunning`, with its start time, while another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    since = folder / SINCE
    with ExitStack() as held:
        try:
            held.enter_context(FileLock(folder / LOCK, blocking=False))
        except Timeout as error:
            raise RetrainRunning((since.read_text() if since.exists() else "") or "just now") from error
        since.write_text(now.isoformat(timespec="seconds"))
        yield
