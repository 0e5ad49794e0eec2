"""Picks the next token from logits. Knows nothing of llama.cpp; a grammar is asked through two methods."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.engine.sampling import Sampling

RECENT_TOKENS = 64
"""How many tokens back the repetition penalty looks."""
Logits = NDArray[np.float32]


class NotFinite(Exception):
    """The logits hold NaN or no finite value, so no token can be picked."""


class Constraint(Protocol):
    """Decides which tokens may come next, such as a grammar."""

    def allows(self, token: int) -> bool:
        """Whether this token may come next."""

    def mask(self, logits: Logits) -> Logits:
        """Return the logits (vocabulary,) with minus infinity for every token that may not come next."""


class Sampler:
    """Greedy at temperature 0; otherwise draws from the tempered distribution with its own generator.

    The order is that of llama.cpp: penalty, grammar, top-k, top-p, min-p, temperature. A constraint is first asked only
    about the token that would be taken, and applied only if it forbids that one: masking the whole vocabulary costs 150
    times as much.
    """

    def __init__(self, temperature: float, seed: int, sampling: Sampling | None = None) -> None:
        self._temperature = temperature
        self._random = np.random.default_rng(seed)
        self._chosen = sampling or Sampling()

    def pick(self, logits: Logits, recent: Sequence[int] = (), constraint: Constraint | None = None) -> int:
        """Return a token id for logits of shape (vocabulary,). Raises `NotFinite`."""
        _require_finite(logits)
        if self._chosen.repetition_penalty != 1.0:
            logits = _penalise(logits, recent[-RECENT_TOKENS:], self._chosen.repetition_penalty)
        token = self._take(logits)
        if constraint is None or constraint.allows(token):
            return token
        masked = constraint.mask(logits)
        _require_finite(masked)
        return self._take(masked)

    def _take(self, logits: Logits) -> int:
        if self._temperature <= 0:
            return int(np.argmax(logits))
        candidates = self._candidates(logits)
        chosen = logits if candidates is None else logits[candidates]
        drawn = self._draw(chosen)
        return drawn if candidates is None else int(candidates[drawn])

    def _draw(self, logits: Logits) -> int:
        weights = np.exp((logits.astype(np.float64) - float(np.max(logits))) / self._temperature)
        cumulative = np.cumsum(weights)
        drawn = int(np.searchsorted(cumulative, self._random.random() * cumulative[-1], side="right"))
        return min(drawn, len(cumulative) - 1)  # rounding may draw the very end

    def _candidates(self, logits: Logits) -> NDArray[np.int64] | None:
        """Return the token ids that a draw may take, the likeliest first; None for all."""
        limits = self._chosen
        if not limits.top_k and limits.top_p >= 1 and not limits.min_p:
            return None
        size = min(limits.top_k, len(logits)) or len(logits)
        ids = np.argpartition(logits, -size)[-size:]
        ids = ids[np.argsort(-logits[ids], kind="stable")]
        weights = np.exp(logits[ids].astype(np.float64) - float(logits[ids[0]]))
        shares = weights / weights.sum()
        count = int(np.searchsorted(np.cumsum(shares), limits.top_p, side="left")) + 1 if limits.top_p < 1 else size
        likely = int(np.count_nonzero(weights >= limits.min_p))
        return ids[: max(1, min(count, likely))]


def _require_finite(logits: Logits) -> None:
    best = logits[int(np.argmax(logits))]  # argmax returns the first NaN if there is one
    if not np.isfinite(best):
        raise NotFinite("The model's logits are not finite.")


def _penalise(logits: Logits, recent: Sequence[int], penalty: float) -> Logits:
    """Return the logits with recent tokens made less likely: positive ones divided, negative ones multiplied."""
    changed = logits.copy()
    tokens = np.unique(np.asarray(recent, np.int64))
    values = changed[tokens]
    changed[tokens] = np.where(values > 0, values / penalty, values * penalty)
    return changed


def rank_logprobs(logits: Logits, token: int, count: int) -> tuple[float, tuple[tuple[int, float], ...]]:
    """Return the token's natural log-probability, and the `count` likeliest tokens with theirs, for (vocabulary,)."""
    wide = logits.astype(np.float64)
    wide -= wide.max()
    logprobs = wide - np.log(np.exp(wide).sum())
    count = min(count, len(wide))
    best = np.argpartition(-logprobs, count - 1)[:count] if count else np.zeros(0, np.int64)
    ranked = best[np.argsort(-logprobs[best], kind="stable")]
    return float(logprobs[token]), tuple((int(index), float(logprobs[index])) for index in ranked)
