"""Picks the next token from logits. Knows nothing of llama.cpp."""

import numpy as np
from numpy.typing import NDArray


class NotFinite(Exception):
    """The logits hold NaN or no finite value, so no token can be picked."""


class Sampler:
    """Greedy at temperature 0; otherwise draws from the tempered distribution with a generator of its own."""

    def __init__(self, temperature: float, seed: int) -> None:
        self._temperature = temperature
        self._random = np.random.default_rng(seed)

    def pick(self, logits: NDArray[np.float32]) -> int:
        """Return a token id for logits of shape (vocabulary,). Raises `NotFinite`."""
        best = int(np.argmax(logits))  # argmax returns the first NaN where there is one
        if not np.isfinite(logits[best]):
            raise NotFinite("The model's logits are not finite.")
        if self._temperature <= 0:
            return best
        weights = np.exp((logits.astype(np.float64) - float(logits[best])) / self._temperature)
        cumulative = np.cumsum(weights)
        drawn = int(np.searchsorted(cumulative, self._random.random() * cumulative[-1], side="right"))
        return min(drawn, len(cumulative) - 1)  # rounding may draw the very end
