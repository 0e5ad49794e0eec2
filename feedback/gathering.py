"""Commits writes together: a write that comes during a commit is part of the next one.

A commit waits for the disk, 1 to 40 ms, and a burst of a thousand events would wait a thousand times in a row. So one
of the waiting threads does the work of all of them in one transaction. Urgent work, for which somebody outside waits,
is committed first and separately. Knows nothing of what is written.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Event, Lock
from typing import Any, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
Begin = Callable[[], AbstractContextManager[Connection]]
Work = Callable[[Connection], Any]

MOST_AT_ONCE = 64
MOST_IN_A_ROW = 8
"""After this many commits of urgent work comes one of the rest, however much more is urgent."""


class _Ticket:
    """One thread's work and its outcome. `leads` tells the woken thread to run the next transaction."""

    __slots__ = ("error", "is_committed", "leads", "result", "wakes", "work")

    def __init__(self, work: Work) -> None:
        self.work = work
        self.wakes = Event()
        self.leads = False
        self.is_committed = False
        self.result: Any = None
        self.error: BaseException | None = None


class Gathering:
    """Runs the work of several threads in common transactions. An error is raised in the thread whose work it was."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._queue: list[_Ticket] = []
        self._urgent: list[_Ticket] = []
        self._in_a_row = 0
        self._has_leader = False

    def run(self, begin: Begin, work: Callable[[Connection], T], *, is_urgent: bool = False) -> T:
        """Run the work in a transaction and return its result once that is committed. `begin` lends a transaction."""
        ticket = _Ticket(work)
        with self._lock:
            (self._urgent if is_urgent else self._queue).append(ticket)
            leads, self._has_leader = not self._has_leader, True
        if not leads:
            ticket.wakes.wait()
            leads = ticket.leads
        if leads:
            self._lead(begin, is_urgent=is_urgent)
        if not ticket.is_committed:
            raise ticket.error or RuntimeError("the thread that committed for others was ended")
        result: T = ticket.result
        return result

    def _lead(self, begin: Begin, *, is_urgent: bool) -> None:
        """Commit waiting work of the same urgency, the leader's own first, then pass the lead to a waiting thread."""
        with self._lock:
            waiting = self._urgent if is_urgent else self._queue
            batch = waiting[:MOST_AT_ONCE]
            del waiting[:MOST_AT_ONCE]
            self._in_a_row = self._in_a_row + 1 if is_urgent else 0
        try:
            _commit(begin, batch)
        finally:
            with self._lock:
                heir = self._find_heir()
                self._has_leader = heir is not None
            if heir is not None:
                heir.leads = True
                heir.wakes.set()
            for ticket in batch:
                ticket.wakes.set()

    def _find_heir(self) -> _Ticket | None:
        lets_others = bool(self._queue) and self._in_a_row >= MOST_IN_A_ROW
        waiting = self._queue if lets_others or not self._urgent else self._urgent
        return waiting[0] if waiting else None


def _commit(begin: Begin, batch: list[_Ticket]) -> None:
    try:
        with begin() as connection:
            for ticket in batch:
                ticket.result = ticket.work(connection)
    except Exception:
        for ticket in batch:  # one of them failed, or the disk: running each alone tells
            _commit_alone(begin, ticket)
    else:
        for ticket in batch:
            ticket.is_committed = True


def _commit_alone(begin: Begin, ticket: _Ticket) -> None:
    try:
        with begin() as connection:
            ticket.result = ticket.work(connection)
    except Exception as error:
        ticket.error = error
    else:
        ticket.is_committed = True
