"""A bounded pool for the work that Slack's events cause, so that listeners return at once and nothing is lost.

Each job is in the inbox already, and is marked done when its work has ended, well or badly. After a kill, the next
start resumes what was left undone. Jobs begin in the order of their instants, because in a burst they are submitted out
of order; owners take turns, so that an owner with a hundred jobs holds up nobody. Knows nothing of what the work is.
"""

import heapq
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

ENDS = 32  # latest jobs whose ends tell the pace

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class _Job:
    at: float
    number: int  # in order of submission, so that jobs of one instant keep their order
    key: str = field(compare=False)
    run: Callable[[], None] = field(compare=False)


@dataclass(slots=True)
class _OwnerQueue:
    """The waiting jobs of one owner, a heap by their instants, and the instant that decides the owner's turn."""

    turn: float
    jobs: list[_Job] = field(default_factory=list)


class WorkPool:
    """Runs jobs on a few threads, each under a key that the log names if it fails.

    `on_end` is called after each job, and `on_error` before that with the error of a job that failed.
    """

    def __init__(
        self,
        workers: int,
        on_end: Callable[[str], None] = lambda key: None,  # noqa: ARG005
        on_error: Callable[[str, Exception], None] = lambda key, error: None,  # noqa: ARG005
        name: str = "chip-work",
    ) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._on_end = on_end
        self._on_error = on_error
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, _OwnerQueue] = {}  # by owner
        self._latest = 0.0  # the latest instant of any job
        self._handed_in = 0
        self._running = 0
        self._lock = threading.Lock()
        self._workers = workers
        self._ends: deque[float] = deque(maxlen=ENDS)  # since work came after a rest, if that was before them
        self._pace_seconds = 0.0

    def submit(self, key: str, job: Callable[[], None], owner: str = "", at: float | None = None) -> None:
        """Run the job soon. After `close` it stays in the inbox for the next start.

        `at` is the job's instant, in seconds since any one epoch; None means the instant of the job before it.
        """
        with self._lock:
            if not self._held:
                self._ends = deque([time.monotonic()], ENDS)
            self._held[key] += 1
            self._latest = max(self._latest, at or 0.0)
            self._handed_in += 1
            instant = self._latest if at is None else at
            queue = self._waiting.setdefault(owner, _OwnerQueue(instant))
            heapq.heappush(queue.jobs, _Job(instant, self._handed_in, key, job))
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
        """Return how many jobs run or begin before this one of its owner; None if it does not wait."""
        with self._lock:
            owners = sorted(self._waiting, key=self._find_turn)
            keys = [job.key for job in sorted(self._waiting[owner].jobs)] if owner in owners else []
            if key not in keys:
                return None
            place, turn = keys.index(key), owners.index(owner)
            others = (
                min(len(self._waiting[other].jobs), place + (number < turn))
                for number, other in enumerate(owners)
                if number != turn
            )
            return self._running + place + sum(others)

    def wait_seconds(self, ahead: int) -> float | None:
        """Return how many seconds `ahead` jobs will take at the pace of the last ones; None if there is no pace yet."""
        with self._lock:
            return ahead * self._pace_seconds if self._pace_seconds else None

    def close(self) -> None:
        """Let running jobs finish and drop those that have not begun; the inbox still holds them."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run_next(self) -> None:
        job = self._take_job()
        failure: Exception | None = None
        try:
            job.run()
        except Exception as error:
            logger.exception("work on %s failed", job.key)
            failure = error
        self._release(job.key)
        if failure is not None:
            self._on_error(job.key, failure)
        self._on_end(job.key)

    def _take_job(self) -> _Job:
        """Return the next job. Its owner's next turn comes after everybody else's."""
        with self._lock:
            owner = min(self._waiting, key=self._find_turn)
            queue = self._waiting.pop(owner)
            job = heapq.heappop(queue.jobs)
            if queue.jobs:
                self._waiting[owner] = _OwnerQueue(self._latest, queue.jobs)
            self._running += 1
            return job

    def _find_turn(self, owner: str) -> float:
        return self._waiting[owner].turn

    def _release(self, key: str) -> None:
        with self._lock:
            self._running -= 1
            self._held[key] -= 1
            if not self._held[key]:
                del self._held[key]
            self._ends.append(time.monotonic())
            if (
                len(self._ends) > self._workers
            ):  # the first job of each worker ends together with the others, which says nothing
                self._pace_seconds = (self._ends[-1] - self._ends[0]) / (len(self._ends) - 1)
