"""Memory of prompts that lost their slot, kept in RAM to be restored in milliseconds instead of computed again.

A tree over blocks of tokens finds what shares the longest beginning with a new prompt. Everything is filed under what
computed it (base, adapter and its hash), so that no adapter reads the memory of another. When RAM's budget is full, the
least recently used states leave it: to disk if there is one, and from disk they are deleted. Pure bookkeeping: the
states are opaque bytes.
"""

import logging
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.engine.disk import Disk
from config.settings import EngineSettings

BLOCK = 16
"""Tokens of one step in the tree. A hit is then compared token by token."""
MEGABYTE = 1024 * 1024
Key = tuple[int, ...]
_log = logging.getLogger(__name__)


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """Return the number of leading tokens that both share."""
    low, high = 0, min(len(first), len(second))
    while low < high:  # C compares the slices: ten comparisons for 700 tokens
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


@dataclass(slots=True, eq=False)
class Parked:
    """The memory of these tokens, as `speaker` computed it: in RAM, or (`state` is None) in a file."""

    speaker: str
    tokens: list[int]
    state: NDArray[np.uint8] | None
    path: Path | None = None
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = 0 if self.state is None else self.state.nbytes


@dataclass(slots=True)
class _Node:
    children: dict[Key, "_Node"] = field(default_factory=dict)
    parked: OrderedDict[int, Parked] = field(default_factory=OrderedDict)


@dataclass(slots=True)
class _Shelf:
    """The states in one place, the least recently used first, and their size."""

    budget: int
    size: int = 0
    parked: OrderedDict[int, Parked] = field(default_factory=OrderedDict)

    def put(self, parked: Parked) -> None:
        self.parked[id(parked)] = parked
        self.size += parked.size

    def take(self, parked: Parked) -> bool:
        """Remove it. Return False if it was not here."""
        if self.parked.pop(id(parked), None) is None:
            return False
        self.size -= parked.size
        return True

    def find_surplus(self, more: int) -> Iterator[Parked]:
        """Yield what must leave so that `more` bytes fit. The caller removes it."""
        while self.parked and self.size + more > self.budget:
            yield next(iter(self.parked.values()))


class Parking:
    """Holds states up to `budget` bytes in RAM, and up to `disk_budget` bytes on disk. Close it when done."""

    def __init__(self, budget: int, disk: Disk | None = None, disk_budget: int = 0) -> None:
        """A budget of 0 keeps nothing, not even on disk."""
        self._roots: dict[str, _Node] = {}
        self._ram = _Shelf(budget)
        self._files = _Shelf(disk_budget if disk else 0)
        self._disk = disk

    def __len__(self) -> int:
        return len(self._ram.parked) + len(self._files.parked)

    @property
    def size(self) -> int:
        """Bytes in RAM."""
        return self._ram.size

    @property
    def disk_size(self) -> int:
        """Bytes on the disk."""
        return self._files.size

    def find(self, speaker: str, tokens: list[int]) -> tuple[Parked | None, int]:
        """Return the state that shares most leading tokens with these, and how many, or (None, 0)."""
        node = self._roots.get(speaker)
        best: _Node | None = None
        for block in _blocks(tokens):
            node = node.children.get(block) if node else None
            if node is None:
                break
            best = node
        if best is None:
            return None, 0
        shared = {key: common_prefix(parked.tokens, tokens) for key, parked in best.parked.items()}
        chosen = max(shared, key=lambda key: shared[key])
        return best.parked[chosen], shared[chosen]

    def read(self, parked: Parked) -> NDArray[np.uint8] | None:
        """Return the state and make it the most recently used, in RAM. None: its file is lost.

        A state that was found may have left RAM or the disk in the meantime.
        """
        if parked.state is not None:
            if self._ram.take(parked):
                self._ram.put(parked)
            return parked.state
        if self._disk is None or parked.path is None or not self._files.take(parked):
            return None
        state = self._disk.read(parked.path)
        self._disk.remove(parked.path)
        parked.state, parked.path = state, None
        if state is None:
            self._forget(parked)
            return None
        self._make_room(parked.size)
        self._ram.put(parked)
        return state

    def fits(self, size: int) -> bool:
        """Whether a state of this many bytes could be kept at all."""
        return 0 < size <= self._ram.budget

    def add(self, parked: Parked) -> None:
        """Keep the state, drop those that are beginnings of it, and let the least recently used make room."""
        if not self.fits(parked.size) or len(parked.tokens) < BLOCK:
            return
        for other in self._beginnings_of(parked):
            self._remove(other)
        self._make_room(parked.size)
        for node in self._path(parked):
            node.parked[id(parked)] = parked
        self._ram.put(parked)

    def close(self) -> None:
        """Forget everything, and leave nothing on disk."""
        self._roots.clear()
        for shelf in (self._ram, self._files):
            shelf.parked.clear()
            shelf.size = 0
        if self._disk is not None:
            self._disk.clear()

    def _make_room(self, size: int) -> None:
        """Let the least recently used leave RAM until this many bytes fit."""
        for parked in self._ram.find_surplus(size):
            self._ram.take(parked)
            if not self._put_on_disk(parked):
                self._forget(parked)

    def _put_on_disk(self, parked: Parked) -> bool:
        if self._disk is None or parked.state is None or parked.size > self._files.budget:
            return False
        for older in self._files.find_surplus(parked.size):
            self._remove(older)
        parked.path = self._disk.write(parked.state)
        if parked.path is None:
            return False
        parked.state = None
        self._files.put(parked)
        return True

    def _beginnings_of(self, parked: Parked) -> list[Parked]:
        """Return the states that the new one makes superfluous."""
        root = self._roots.get(parked.speaker)
        first = root.children.get(next(_blocks(parked.tokens))) if root else None
        others = list(first.parked.values()) if first else []
        return [other for other in others if parked.tokens[: len(other.tokens)] == other.tokens]

    def _remove(self, parked: Parked) -> None:
        """Remove it from wherever it is."""
        if not self._ram.take(parked) and self._files.take(parked) and self._disk and parked.path:
            self._disk.remove(parked.path)
        self._forget(parked)

    def _forget(self, parked: Parked) -> None:
        """Remove it from the tree, together with branches that only it used."""
        path = list(self._path(parked))
        for node in path:
            del node.parked[id(parked)]
        keys = list(_blocks(parked.tokens))
        for parent, key in reversed(list(zip([self._roots[parked.speaker], *path], keys, strict=False))):
            if not parent.children[key].parked:
                del parent.children[key]
        if not self._roots[parked.speaker].children:
            del self._roots[parked.speaker]

    def _path(self, parked: Parked) -> Iterator[_Node]:
        """Yield the nodes of the state's tokens without the root, and create missing ones."""
        node = self._roots.setdefault(parked.speaker, _Node())
        for block in _blocks(parked.tokens):
            node = node.children.setdefault(block, _Node())
            yield node


def _blocks(tokens: Sequence[int]) -> Iterator[Key]:
    for start in range(0, len(tokens) - BLOCK + 1, BLOCK):
        yield tuple(tokens[start : start + BLOCK])


def open_parking(settings: EngineSettings) -> Parking:
    """Return the parking for these settings: in RAM alone if the folder cannot be written."""
    folder, disk = settings.park_folder, None
    try:
        disk = None if folder is None else Disk(folder)
    except OSError as error:
        _log.warning("nothing is parked on disk: %s", error)
    return Parking(settings.park_megabytes * MEGABYTE, disk, settings.park_disk_megabytes * MEGABYTE)
