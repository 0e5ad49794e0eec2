"""A bounded pool for what Slack's events set off, so that listeners return at once and nothing is lost.

What comes here is in the inbox already; it is marked done when its work has ended, well or badly. What a kill left
undone is taken up again at the next start. Jobs are begun in the order in which they came, but in turns among their
owners: whoever hands in a hundred holds up nobody. Knows nothing of what the work is.
"""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

ENDS = 32  # of the last jobs, which tell the pace

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    key: str
    run: Callable[[], None]


class WorkPool:
    """Runs jobs on a few threads, each under a key that the log names when it fails. `on_end` hears of each end."""

    def __init__(
        self,
        workers: int,
        on_end: Callable[[str], None] = lambda key: None,  # noqa: ARG005
        name: str = "chip-work",
    ) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._on_end = on_end
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[_Job]] = {}  # by owner, whose turn is next first
        self._running = 0
        self._lock = threading.Lock()
        self._workers = workers
        self._ends: deque[float] = deque(maxlen=ENDS)  # since work came after a rest, when that was before them
        self._pace_seconds = 0.0

    def submit(self, key: str, job: Callable[[], None], owner: str = "") -> None:
        """Run the job soon; after `close` it stays in the inbox for the next start."""
        with self._lock:
            if not self._held:
                self._ends = deque([time.monotonic()], ENDS)
            self._held[key] += 1
            self._waiting.setdefault(owner, deque()).append(_Job(key, job))
        try:
            self._pool.submit(self._run_next)
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

    def count_ahead(self, key: str, owner: str = "") -> int | None:
        """Return how many jobs run or are begun before this one of its owner; None where it does not wait."""
        with self._lock:
            keys = [job.key for job in self._waiting.get(owner, ())]
            if key not in keys:
                return None
            place = keys.index(key)
            owners = list(self._waiting)
            others = (
                min(len(jobs), place + (owners.index(other) < owners.index(owner)))
                for other, jobs in self._waiting.items()
                if other != owner
            )
            return self._running + place + sum(others)

    def wait_seconds(self, ahead: int) -> float | None:
        """Return how long `ahead` jobs will take, by the pace of the last ones; None where none tells it yet."""
        with self._lock:
            return ahead * self._pace_seconds if self._pace_seconds else None

    def close(self) -> None:
        """Let the running jobs end, drop those that have not begun (the inbox still holds them)."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run_next(self) -> None:
        job = self._take()
        try:
            job.run()
        except Exception:
            logger.exception("work on %s failed", job.key)
        self._release(job.key)
        self._on_end(job.key)

    def _take(self) -> _Job:
        """Return the next job; its owner's turn comes again after everybody else's."""
        with self._lock:
            owner = next(iter(self._waiting))
            jobs = self._waiting.pop(owner)
            job = jobs.popleft()
            if jobs:
                self._waiting[owner] = jobs
            self._running += 1
            return job

    def _release(self, key: str) -> None:
        with self._lock:
            self._running -= 1
            self._held[key] -= 1
            if not self._held[key]:
                del self._held[key]
            self._ends.append(time.monotonic())
            if len(self._ends) > self._workers:  # the first of each worker end together, and say nothing
                self._pace_seconds = (self._ends[-1] - self._ends[0]) / (len(self._ends) - 1)
