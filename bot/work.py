"""A bounded pool for what Slack's events set off, so that listeners return at once and nothing is lost.

What comes here is in the inbox already; it is marked done when its work has ended, well or badly. What a kill left
undone is taken up again at the next start. Knows nothing of what the work is.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

PACE_WEIGHT = 0.2  # of the last job in the running mean

logger = logging.getLogger(__name__)


class WorkPool:
    """Runs jobs on a few threads, each under a key that the log names when it fails. `on_end` hears of each end."""

    def __init__(self, workers: int, on_end: Callable[[str], None] = lambda key: None) -> None:  # noqa: ARG005
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="chip-work")
        self._on_end = on_end
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._last_end = 0.0
        self._pace_seconds = 0.0

    def submit(self, key: str, job: Callable[[], None]) -> None:
        """Run the job soon; after `close` it stays in the inbox for the next start."""
        with self._lock:
            self._held[key] += 1
        try:
            self._pool.submit(self._run, key, job)
        except RuntimeError:
            logger.info("%s waits for the next start", key)

    def holds(self, key: str) -> bool:
        """Whether a job of this key waits or runs."""
        with self._lock:
            return self._held[key] > 0

    def count(self) -> int:
        """Return how many jobs wait or run."""
        with self._lock:
            return self._held.total()

    def wait_seconds(self, ahead: int) -> float:
        """Return how long `ahead` jobs will take, by the pace of the last ones; 0 where none ended yet."""
        with self._lock:
            return ahead * self._pace_seconds

    def close(self) -> None:
        """Let the running jobs end, drop those that have not begun (the inbox still holds them)."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, key: str, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception:
            logger.exception("work on %s failed", key)
        self._release(key)
        self._on_end(key)

    def _release(self, key: str) -> None:
        with self._lock:
            self._held[key] -= 1
            if not self._held[key]:
                del self._held[key]
            now = time.monotonic()
            if self._last_end and self._held:  # the time between two ends tells the pace only while work waits
                self._pace_seconds += (now - self._last_end - self._pace_seconds) * PACE_WEIGHT
            self._last_end = now
