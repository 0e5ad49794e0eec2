"""Memory of prompts that lost their slot, kept in RAM to be restored in milliseconds instead of computed again.

A tree over blocks of tokens finds what shares the longest beginning with a new prompt. Everything is filed under who
computed it (base, adapter and its hash), so that nothing is ever read with another adapter. Least recently used first,
states leave when the budget is full. Pure bookkeeping: the states are opaque bytes.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

BLOCK = 16
"""Tokens of one step in the tree; what is found is then compared token by token."""
Key = tuple[int, ...]


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """Return the number of leading tokens that both share."""
    low, high = 0, min(len(first), len(second))
    while low < high:  # the slices are compared in C: ten comparisons for 700 tokens
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


@dataclass(frozen=True, slots=True, eq=False)
class Parked:
    """The memory of these tokens, as `speaker` computed it."""

    speaker: str
    tokens: list[int]
    state: NDArray[np.uint8]


@dataclass(slots=True)
class _Node:
    children: dict[Key, "_Node"] = field(default_factory=dict)
    parked: OrderedDict[int, Parked] = field(default_factory=OrderedDict)


class Parking:
    """Holds states up to `budget` bytes; with a budget of 0 it holds none."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._roots: dict[str, _Node] = {}
        self._by_age: OrderedDict[int, Parked] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._by_age)

    def find(self, speaker: str, tokens: list[int]) -> tuple[Parked | None, int]:
        """Return what shares most leading tokens with these, and how many; (None, 0) where nothing shares a block."""
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

    def touch(self, parked: Parked) -> None:
        """Note that it was used; it may have left in the meantime."""
        if id(parked) in self._by_age:
            self._by_age.move_to_end(id(parked))

    def fits(self, size: int) -> bool:
        """Whether a state of so many bytes could be kept at all."""
        return 0 < size <= self._budget

    def add(self, parked: Parked) -> None:
        """Keep the state, and no longer those whose tokens it begins with; the least recently used make room."""
        if not self.fits(parked.state.nbytes) or len(parked.tokens) < BLOCK:
            return
        for other in self._beginnings_of(parked):
            self._remove(other)
        while self._by_age and self.size + parked.state.nbytes > self._budget:
            self._remove(next(iter(self._by_age.values())))
        for node in self._path(parked):
            node.parked[id(parked)] = parked
        self._by_age[id(parked)] = parked
        self.size += parked.state.nbytes

    def clear(self) -> None:
        self._roots.clear()
        self._by_age.clear()
        self.size = 0

    def _beginnings_of(self, parked: Parked) -> list[Parked]:
        """Return what the new state makes needless."""
        root = self._roots.get(parked.speaker)
        first = root.children.get(next(_blocks(parked.tokens))) if root else None
        others = list(first.parked.values()) if first else []
        return [other for other in others if parked.tokens[: len(other.tokens)] == other.tokens]

    def _remove(self, parked: Parked) -> None:
        path = list(self._path(parked))
        for node in path:
            del node.parked[id(parked)]
        keys = list(_blocks(parked.tokens))
        for parent, key in reversed(list(zip([self._roots[parked.speaker], *path], keys, strict=False))):
            if not parent.children[key].parked:
                del parent.children[key]
        if not self._roots[parked.speaker].children:
            del self._roots[parked.speaker]
        del self._by_age[id(parked)]
        self.size -= parked.state.nbytes

    def _path(self, parked: Parked) -> Iterator[_Node]:
        """Walk the nodes of the state's tokens, made where they are missing, without the root."""
        node = self._roots.setdefault(parked.speaker, _Node())
        for block in _blocks(parked.tokens):
            node = node.children.setdefault(block, _Node())
            yield node


def _blocks(tokens: Sequence[int]) -> Iterator[Key]:
    for start in range(0, len(tokens) - BLOCK + 1, BLOCK):
        yield tuple(tokens[start : start + BLOCK])
