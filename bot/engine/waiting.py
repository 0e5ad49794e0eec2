"""Requests that wait for a slot, lane by lane, and the estimate of how long that takes. Not thread-safe by itself."""

from collections import deque

from bot.engine.job import Job
from bot.engine.port import EngineBusy, Lane

_FIRST_GUESS_SECONDS = 2.0
_NEWEST_WEIGHT = 0.2


class WaitingRoom:
    """A bounded queue for each lane, so that an evaluation on trial cannot fill the one that people wait in."""

    def __init__(self, capacity: int, slots: int) -> None:
        self._capacity = capacity
        self._slots = slots
        self._queues: dict[Lane, deque[Job]] = {lane: deque() for lane in Lane}
        self._unread: list[Job] = []
        self._seconds_per_job = _FIRST_GUESS_SECONDS

    def __bool__(self) -> bool:
        return any(self._queues.values())

    def add(self, job: Job) -> None:
        """Queue the job in its lane. Raises `EngineBusy` where the lane is full."""
        queue = self._queues[job.request.lane]
        if len(queue) >= self._capacity:
            raise EngineBusy(self.wait_seconds())
        queue.append(job)
        self._unread.append(job)

    def take_unread(self) -> list[Job]:
        """Return the jobs added since the last call; they keep their places."""
        unread, self._unread = self._unread, []
        return unread

    def remove(self, job: Job) -> None:
        """Take this job out."""
        self._queues[job.request.lane].remove(job)

    def wait_seconds(self) -> float:
        """Estimate when a place is free: what recent requests took, shared by the slots that end them."""
        return max(1.0, self._seconds_per_job / self._slots)

    def note_service(self, seconds: float) -> None:
        """Learn from a request that was in a slot for this long."""
        self._seconds_per_job += _NEWEST_WEIGHT * (seconds - self._seconds_per_job)

    def take(self, lane: Lane) -> Job | None:
        """Return the lane's longest waiting job, or None."""
        queue = self._queues[lane]
        return queue.popleft() if queue else None

    def take_cancelled(self) -> list[Job]:
        """Take out every cancelled job."""
        cancelled = [job for queue in self._queues.values() for job in queue if job.generation.is_cancelled]
        for job in cancelled:
            self.remove(job)
        return cancelled

    def take_all(self) -> list[Job]:
        """Empty the room."""
        jobs = [job for queue in self._queues.values() for job in queue]
        for queue in self._queues.values():
            queue.clear()
        return jobs
