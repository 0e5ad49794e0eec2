"""A bounded pool for what Slack's events set off, so that listeners return at once and nothing is lost.

An event is in the inbox before it comes here; it is marked done when its work has ended, well or badly. What a kill
left undone is taken up again at the next start. Knows nothing of what the work is.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

logger = logging.getLogger(__name__)


class WorkPool:
    """Runs jobs on a few threads, each under a key that the log names when it fails."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="chip-work")

    def submit(self, key: str, job: Callable[[], None]) -> None:
        """Run the job soon; after `close` it stays in the inbox for the next start."""
        try:
            self._pool.submit(_run, key, job)
        except RuntimeError:
            logger.info("%s waits for the next start", key)

    def close(self) -> None:
        """Let the running jobs end, drop those that have not begun (the inbox still holds them)."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _run(key: str, job: Callable[[], None]) -> None:
    try:
        job()
    except Exception:
        logger.exception("work on %s failed", key)
