"""Requests that wait for a slot: who may wait, whose turn it is, and how long that takes. Not thread-safe by itself.

Turns go round: first among workspaces, then among the people of one, so that fifty questions of one person delay
another's single question by one answer. Room is shared like the memory of a switch (Choudhury and Hahne, 1998): nobody
may hold more of a lane's queue than is still free, so one person fills half of it and there is a place for the next.
"""

from dataclasses import replace
from itertools import count

from bot.engine.job import Job
from bot.engine.port import EngineBusy, Lane

_FIRST_GUESS_SECONDS = 2.0
_NEWEST_WEIGHT = 0.2
_MOST_REMEMBERED = 1000
_NEVER = -1
Whom = tuple[str, ...]


class WaitingRoom:
    """A bounded queue for each lane, so that an evaluation cannot fill the one that people wait in."""

    def __init__(self, capacity: int, slots: int) -> None:
        self._capacity = capacity
        self._slots = slots
        self._queues: dict[Lane, list[Job]] = {lane: [] for lane in Lane}
        self._turns = count()
        self._last_turns: dict[Whom, int] = {}
        self._seconds_per_job = _FIRST_GUESS_SECONDS

    def __bool__(self) -> bool:
        return any(self._queues.values())

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def add(self, job: Job) -> None:
        """Queue the job in its lane. Raises `EngineBusy` if the lane is full, or this person's share of it."""
        queue = self._queues[job.request.lane]
        free = self._capacity - len(queue)
        own = sum(_person(other) == _person(job) for other in queue) if job.request.person else 0
        if free < 1 or own >= free:
            raise EngineBusy(self.wait_seconds())
        queue.append(job)

    def forget_readings(self) -> None:
        """Let every prompt be read again, by another model than before."""
        for queue in self._queues.values():
            for job in queue:
                job.forget_reading()

    def find_unread(self) -> list[Job]:
        """Return the jobs whose prompt was not read yet. They keep their places, but get no turn before it is read."""
        return [job for queue in self._queues.values() for job in queue if not job.is_read]

    def remove(self, job: Job) -> None:
        """Remove this job."""
        self._queues[job.request.lane].remove(job)

    def move(self, lane: Lane, to: Lane) -> None:
        """Let those who wait in a lane wait in another one, after those who are there."""
        for job in self._queues[lane]:
            job.request = replace(job.request, lane=to)
        self._queues[to] += self._queues[lane]
        self._queues[lane] = []

    def wait_seconds(self) -> float:
        """Estimate when a place is free: the time of recent requests, divided by the slots that end them."""
        return max(1.0, self._seconds_per_job / self._slots)

    def note_service(self, seconds: float) -> None:
        """Learn from a request that was in a slot for this long."""
        self._seconds_per_job += _NEWEST_WEIGHT * (seconds - self._seconds_per_job)

    def take(self, lane: Lane) -> Job | None:
        """Return the job whose turn it is in the lane, or None.

        People come before background work; then the workspace and the person whose last turn is longest ago; then the
        earliest job.
        """
        ready = [job for job in self._queues[lane] if job.is_read]
        if not ready:
            return None
        job = min(ready, key=self._rank)
        self.remove(job)
        self._note_turn(job)
        return job

    def take_ended(self, now: float) -> list[Job]:
        """Remove and return every job that was cancelled or whose deadline has passed."""
        ended = [
            job for queue in self._queues.values() for job in queue if job.generation.is_cancelled or job.is_late(now)
        ]
        for job in ended:
            self.remove(job)
        return ended

    def take_all(self) -> list[Job]:
        """Empty the room."""
        jobs = [job for queue in self._queues.values() for job in queue]
        for queue in self._queues.values():
            queue.clear()
        return jobs

    def _rank(self, job: Job) -> tuple[bool, int, int]:
        return job.request.is_background, self._last_turn(_workspace(job)), self._last_turn(_person(job))

    def _last_turn(self, whom: Whom) -> int:
        return self._last_turns.get(whom, _NEVER)

    def _note_turn(self, job: Job) -> None:
        if not job.request.person:
            return
        turn = next(self._turns)
        for whom in (_workspace(job), _person(job)):
            self._last_turns.pop(whom, None)
            self._last_turns[whom] = turn
        while len(self._last_turns) > _MOST_REMEMBERED:
            del self._last_turns[next(iter(self._last_turns))]  # the longest ago


def _workspace(job: Job) -> Whom:
    return (job.request.workspace,)


def _person(job: Job) -> Whom:
    return job.request.workspace, job.request.person
