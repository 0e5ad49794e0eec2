"""Finds how sure search must be before a company's questions are answered, from its own questions. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_LEAST = 1e-4


@dataclass(frozen=True, slots=True)
class Calibration:
    """A shift of the log-odds, and what comes of it: the shares of answerable questions answered, of others refused."""

    shift: float
    answered: float
    refused: float

    @property
    def balanced(self) -> float:
        """The balanced accuracy of answering and refusing."""
        return (self.answered + self.refused) / 2


def shift_odds(confidence: float, shift: float) -> float:
    """Return a probability whose log-odds are so much higher. What is impossible (0.0) stays so."""
    if confidence <= 0.0 or not shift:
        return confidence
    return 1.0 / (1.0 + math.exp(-(log_odds(confidence) + shift)))


def measure_shift(shift: float, answerable: Sequence[float], others: Sequence[float], *, nothing: float) -> Calibration:
    """Return what a shift does to questions with these confidences; from `nothing` on a question is answered."""

    def answers(confidence: float) -> bool:
        return shift_odds(confidence, shift) >= nothing

    answered = sum(map(answers, answerable)) / len(answerable)
    return Calibration(shift, answered, 1.0 - sum(map(answers, others)) / len(others))


def find_shift(answerable: Sequence[float], others: Sequence[float], *, nothing: float) -> Calibration:
    """Return the shift that tells best, by balanced accuracy, which questions the documents answer.

    Of shifts that are as good, the middle one of the longest run. Both sequences hold at least one confidence.
    """
    wanted = log_odds(nothing)
    edges = sorted({round(wanted - log_odds(confidence), 6) for confidence in (*answerable, *others)})
    between = [(low + high) / 2 for low, high in pairwise(edges)]
    spans = [edges[0] - 1.0, *between, edges[-1] + 1.0]
    measured = [measure_shift(shift, answerable, others, nothing=nothing) for shift in spans]
    best = max(one.balanced for one in measured)
    lengths = [0.0, *(high - low for low, high in pairwise(edges)), 0.0]
    shift = max((number for number, one in enumerate(measured) if one.balanced == best), key=lambda n: lengths[n])
    return measure_shift(round(spans[shift], 2), answerable, others, nothing=nothing)


def log_odds(probability: float) -> float:
    """Return the log-odds of a probability, within those of .0001 and .9999."""
    bounded = min(max(probability, _LEAST), 1.0 - _LEAST)
    return math.log(bounded / (1.0 - bounded))
