"""Weighs what a trial on people shows so far: two tests, of harm and of benefit, that hold however often one looks.

Each test is an e-process: a fair game's stake under its null hypothesis, so that it ever exceeds 1 / level with at most
that chance (Ville 1939). The bet on a conversation is the ratio of the probabilities of its outcome in its arm and in
both together (the E-variable of Turner, Ly and Grünwald 2024, arXiv 2106.02693, for arms drawn at random). It stays
fair when the rate changes with time or differs from person to person, since only the draw of the arm is random. The
rate is predicted from earlier conversations (Waudby-Smith and Ramdas 2024, arXiv 2010.09686); for the size of the
difference the stake is spread over a few. Knows nothing of databases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import norm

from retrain.canary.arms import Conversation

SHIFTS = (0.05, 0.1, 0.2, 0.4)
POWER = 0.8
_PRIOR_BAD, _PRIOR_WELL = 1.0, 4.0
_LEAST = 0.001  # of any probability, so that no single outcome ends the game
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a trial shows so far. `harm` and `benefit` are how near each is to being shown, in [0, 1]; 1 is shown.

    `tried` conversations were the candidate's, of which `tried_bad` went badly; `others` were with what serves.
    `needed` is how many conversations show a harm of the stated size in four of five trials.
    """

    tried: int
    tried_bad: int
    others: int
    others_bad: int
    harm: float
    benefit: float
    needed: int

    @property
    def is_harmful(self) -> bool:
        """Whether people are shown to be worse off with the candidate."""
        return self.harm >= 1.0

    @property
    def is_better(self) -> bool:
        """Whether people are shown to be better off with the candidate."""
        return self.benefit >= 1.0 and not self.is_harmful


def weigh(conversations: Sequence[Conversation], share: float, level: float, shift: float) -> Evidence:
    """Weigh conversations in the order in which they were had. `share` holds from now on; for `shift` see `needed`."""
    bad = np.array([one.went_badly for one in conversations], dtype=bool)
    tried = np.array([one.is_tried for one in conversations], dtype=bool)
    shares = np.array([one.share for one in conversations], dtype=float)
    others_bad, others = int(bad[~tried].sum()), int((~tried).sum())
    return Evidence(
        int(tried.sum()),
        int(bad[tried].sum()),
        others,
        others_bad,
        measure_nearness(bad, tried, shares, level, is_worse=True),
        measure_nearness(bad, tried, shares, level, is_worse=False),
        find_needed(share, (_PRIOR_BAD + others_bad) / (_PRIOR_BAD + _PRIOR_WELL + others), shift, level),
    )


def measure_nearness(bad: Flags, tried: Flags, shares: Floats, level: float, *, is_worse: bool) -> float:
    """Return how near the stake ever came to 1 / level, on its logarithm: 0.0 for nothing won, 1.0 for shown."""
    stakes = play(bad, tried, shares, is_worse=is_worse)
    return float(np.clip(stakes.max(initial=0.0) / log(1.0 / level), 0.0, 1.0))


def play(bad: Flags, tried: Flags, shares: Floats, *, is_worse: bool) -> Floats:
    """Return the logarithm of the stake after each conversation, on the candidate being worse, or being better."""
    before = np.arange(len(bad))
    rate = (_PRIOR_BAD + np.cumsum(bad) - bad) / (_PRIOR_BAD + _PRIOR_WELL + before)
    bets = [np.cumsum(_bet(bad, tried, shares, rate, shift if is_worse else -shift)) for shift in SHIFTS]
    stakes: Floats = logsumexp(np.stack(bets), axis=0) - log(len(SHIFTS))
    return stakes


def _bet(bad: Flags, tried: Flags, shares: Floats, rate: Floats, shift: float) -> Floats:
    """Return the logarithm of what a bet on this difference of the rates wins by each outcome."""
    in_arm = _expect(tried, shares, rate, shift)
    won: Floats = np.where(bad, np.log(in_arm / rate), np.log((1.0 - in_arm) / (1.0 - rate)))
    return won


def _expect(tried: Flags, shares: Floats, rate: Floats, shift: float) -> Floats:
    """Return the rate of each conversation's arm: `shift` apart, as far as both are rates, and `rate` together."""
    up, down = (1.0 - shares, shares) if shift > 0.0 else (shares, 1.0 - shares)
    room = np.minimum((1.0 - _LEAST - rate) / up, (rate - _LEAST) / down)
    apart = np.sign(shift) * np.clip(np.abs(shift), 0.0, np.maximum(room, 0.0))
    expected: Floats = rate + np.where(tried, 1.0 - shares, -shares) * apart
    return expected


def find_needed(share: float, rate: float, shift: float, level: float) -> int:
    """Return how many conversations show a candidate that goes badly so much more often, with 80 % power.

    The stake's logarithm is taken for a normal walk; the bet of the right size pays for those on the others.
    """
    rates = np.array([min(rate + shift, 1.0 - _LEAST), rate])
    weights = np.array([share, 1.0 - share])
    together = np.full(2, float(weights @ rates))
    arms, shares = np.array([True, False]), np.full(2, share)
    wins = [_bet(np.full(2, bad), arms, shares, together, shift) for bad in (True, False)]
    chances = [weights * rates, weights * (1.0 - rates)]
    mean = float(sum((chance * win).sum() for chance, win in zip(chances, wins, strict=True)))
    square = float(sum((chance * win**2).sum() for chance, win in zip(chances, wins, strict=True)))
    spread = sqrt(max(0.0, square - mean**2)) * float(norm.ppf(POWER))
    goal = log(len(SHIFTS) / level)
    return ceil(((spread + sqrt(spread**2 + 4.0 * mean * goal)) / (2.0 * mean)) ** 2)
