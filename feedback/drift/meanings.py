"""Tells whether the meanings of questions have changed: the maximum mean discrepancy of two sets of vectors.

The statistic and the median rule for its kernel are those of Gretton et al. 2012 (JMLR 13); its chance comes from
permutations, so that it needs no assumption about the vectors. Knows numbers only.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST = 400  # vectors of either set
ROUNDS = 500
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Shift:
    """How likely so large a difference is by chance, and how much more each of the new vectors is like the new ones."""

    chance: float
    typical: NDArray[np.float64]


def compare_meanings(before: Vectors, now: Vectors, seed: int = 0) -> Shift:
    """Compare two sets of at most `MOST` vectors, one row each, of which neither is empty."""
    kernel = _build_kernel(np.concatenate([now, before]).astype(np.float64))
    many, fresh = len(kernel), len(now)
    weights = np.where(np.arange(many) < fresh, 1.0 / fresh, -1.0 / (many - fresh))
    chance = np.random.default_rng(seed)
    drawn = chance.permuted(np.tile(weights, (ROUNDS, 1)), axis=1)
    seen = float(weights @ kernel @ weights)
    by_chance = np.einsum("ij,ij->i", drawn @ kernel, drawn)
    likely = (1 + int((by_chance >= seen - 1e-12).sum())) / (1 + ROUNDS)
    return Shift(likely, (kernel @ weights)[:fresh])


def _build_kernel(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    squares = np.square(vectors).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares[None, :] - 2.0 * vectors @ vectors.T, 0.0)
    apart = distances[np.triu_indices(len(distances), 1)]
    width = float(np.median(apart)) if len(apart) else 0.0
    kernel: NDArray[np.float64] = np.exp(-distances / (width or 1.0))
    return kernel
