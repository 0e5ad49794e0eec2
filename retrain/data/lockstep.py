"""Finds votes that are not independent: bursts, and people who vote together. Knows columns of numbers, not people.

People who repeatedly press the same thumb on the same replies within the hour count as one rater (after Beutel et al.,
"CopyCatch", 2013). Colleagues who happen to agree lose little by that; a crowd that pushes one claim gains nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Numbers = NDArray[np.int32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cast:
    """Votes as columns in the order of time: reply, person, whether it is "up", and the time in seconds."""

    replies: Numbers
    people: Numbers
    ups: Mask
    seconds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.replies)

    def keep(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Cast":
        """Return the votes at these positions, or where a mask is true."""
        return Cast(self.replies[chosen], self.people[chosen], self.ups[chosen], self.seconds[chosen])


def find_bursts(cast: Cast, *, seconds: int, of_person: int, on_reply: int) -> Mask:
    """Return which votes belong to a burst: too many by one person, or too many alike on one reply, in seconds."""
    on_one = cast.replies.astype(np.int64) * 2 + cast.ups
    return find_crowded(cast.people.astype(np.int64), cast.seconds, of_person, seconds) | find_crowded(
        on_one, cast.seconds, on_reply, seconds
    )


def find_crowded(keys: NDArray[np.int64], at: NDArray[np.int64], many: int, seconds: int) -> Mask:
    """Return which entries are in a window of `seconds` with at least `many` entries of the same key."""
    order = np.lexsort((at, keys))
    crowded = np.zeros(len(keys), dtype=bool)
    if len(keys) < many:
        return crowded
    first, last = order[: len(order) - many + 1], order[many - 1 :]
    starts = np.flatnonzero((keys[first] == keys[last]) & (at[last] - at[first] <= seconds))
    steps = np.zeros(len(keys) + 1, dtype=np.int64)
    np.add.at(steps, starts, 1)
    np.add.at(steps, starts + many, -1)
    crowded[order] = np.cumsum(steps[:-1]) > 0
    return crowded


def find_groups(cast: Cast, people: int, *, seconds: int = 3600, together: int = 5, share: float = 0.5) -> Numbers:
    """Return for each person the number of their group. A person who votes alone has their own.

    Two people vote together if they agreed at least `together` times within `seconds`, on at least this share of the
    votes of each. A group has three people or more.
    """
    alone: Numbers = np.arange(people, dtype=np.int32)
    pairs, counts = np.unique(_pair_up(cast, people, seconds), return_counts=True)
    one, other = pairs // max(people, 1), pairs % max(people, 1)
    votes = np.bincount(cast.people, minlength=people)
    close = (counts >= together) & (counts >= share * np.maximum(votes[one], votes[other]))
    links = coo_matrix((np.ones(close.sum()), (one[close], other[close])), shape=(people, people))
    _, found = connected_components(links, directed=False)
    sizes = np.bincount(found, minlength=1)
    firsts = np.full(len(sizes), people, dtype=np.int32)
    np.minimum.at(firsts, found, alone)
    return np.where(sizes[found] >= 3, firsts[found], alone).astype(np.int32)


def _pair_up(cast: Cast, people: int, seconds: int, reach: int = 20) -> NDArray[np.int64]:
    """Return a number for each pair of people who voted alike on one reply in time, at most `reach` votes apart."""
    order = np.lexsort((cast.seconds, cast.ups, cast.replies))
    votes = cast.keep(order)
    found = []
    for step in range(1, min(reach, len(votes))):
        same = (votes.replies[step:] == votes.replies[:-step]) & (votes.ups[step:] == votes.ups[:-step])
        same &= votes.seconds[step:] - votes.seconds[:-step] <= seconds
        if not same.any():
            break
        low = np.minimum(votes.people[step:], votes.people[:-step])[same].astype(np.int64)
        high = np.maximum(votes.people[step:], votes.people[:-step])[same]
        found.append(low * people + high)
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
