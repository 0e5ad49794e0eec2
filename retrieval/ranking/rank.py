"""Orders the lines that might answer a question, and says how sure it is of the first one.

A linear model over `ranker_features`, fitted on public questions and invented companies by
`python -m models.recipes.rankings.fit_ranker`; its weights are in `ranker_weights.json`. Where a cross-encoder has read
the best lines, what it says of them is blended in. Pure: the same question, lines and vectors give the same scores.
Knows nothing of search, documents or prompts.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.english.meanings import load_meanings
from retrieval.passage import Vectors
from retrieval.ranking.bounds import find_ruled_out
from retrieval.ranking.calibration import log_odds, shift_odds
from retrieval.ranking.denials import find_denials
from retrieval.ranking.direct import find_direct
from retrieval.ranking.features import NAMES, Candidate, build_features
from retrieval.ranking.others import FEW_LINES, find_named, find_others, write_as_lines
from retrieval.ranking.units import ABOUT_ANOTHER

Numbers = NDArray[np.float64]

# What a cross-encoder's log-odds count beside a line's score, and what the log-odds of a match count beside the best of
# the cross-encoder's: chosen on five products that neither was fitted on (docs/LOG.md).
ODDS_OF_LINE = 1.0
MATCH_BESIDE_ODDS = 0.5
# What the log-odds of a match lose where no cross-encoder reads: one threshold then suits both.
MATCH_UNREAD = -0.65
# What a line's score and the log-odds of a match gain where it denies what the question takes for granted: public
# questions hardly ever do, so that nothing of it could be fitted.
DENIAL_OF_LINE = 3.0
DENIAL_OF_MATCH = 1.0
# What they gain where the line says what is asked of exactly what the question names.
DIRECT_OF_LINE = 5.0
DIRECT_OF_MATCH = 1.5
WEIGHTS = Path(__file__).parent / "ranker_weights.json"


@dataclass(frozen=True, slots=True)
class Ranking:
    """Scores of lines, (lines,): log-odds against each other, comparable only within one question.

    `confidence` in [0, 1] is how likely it is that the best line answers. `denials` are the numbers of lines that deny
    what the question takes for granted, and `named` those of the few lines that hold a code which it names, or that say
    what it asks of exactly what it names.
    """

    scores: Numbers
    confidence: float
    denials: tuple[int, ...] = ()
    named: tuple[int, ...] = ()

    def order(self) -> list[int]:
        """Return the numbers of the lines, best first, ties as they came."""
        return [int(number) for number in np.argsort(-self.scores, kind="stable")]


@dataclass(frozen=True, slots=True)
class Weights:
    """What was fitted. `lines` weighs the features of a line; `match` those of `summarise`, after `match_bias`."""

    lines: Numbers
    match: Numbers
    match_bias: float


def rank_lines(question: str, vector: Vectors, candidates: Sequence[Candidate], vectors: Vectors) -> Ranking:
    """Return how well each candidate line answers the question.

    `vector` is the question's, (width,); `vectors` are the lines', (lines, width), each of length 1 and encoded as
    "heading: text". About 0.05 ms a line once its words are known.
    """
    if not candidates:
        return Ranking(np.zeros(0), 0.0)
    question = write_as_lines(question, candidates)
    features = build_features(question, vector, candidates, vectors, load_meanings())
    weights = load_weights()
    scores = features @ weights.lines
    others = find_others(question, candidates)
    if others.is_unknown:
        return Ranking(scores, 0.0)
    ruled_out = others.lines | find_ruled_out(question, candidates)
    if ruled_out.all():
        return Ranking(scores, 0.0)
    scores = scores - ABOUT_ANOTHER * ruled_out
    logit = float(summarise(features, scores) @ weights.match) + weights.match_bias
    denials = find_denials(question, candidates, load_meanings())
    direct = find_direct(question, candidates) & ~ruled_out
    scores = scores + DENIAL_OF_LINE * denials + DIRECT_OF_LINE * direct
    best = int(np.argmax(scores))
    logit += DENIAL_OF_MATCH * denials[best] + DIRECT_OF_MATCH * direct[best]
    confidence = float(1.0 / (1.0 + np.exp(-logit)))
    named = find_named(question, candidates) | (direct if direct.sum() <= FEW_LINES else False)
    return Ranking(scores, confidence, _list_marked(denials), _list_marked(named))


def _list_marked(marks: Sequence[bool] | NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(map(int, np.flatnonzero(marks)))


def summarise(features: Numbers, scores: Numbers) -> Numbers:
    """Return what tells whether anything answers: `SUMMARY_NAMES` numbers about the best line and the best of all."""
    best = int(np.argmax(scores))
    shares = np.exp(scores - scores[best])
    shares /= shares.sum()
    lead = float(np.sort(scores)[-1] - np.sort(scores)[-2]) if len(scores) > 1 else 3.0
    return np.concatenate([[scores[best], lead, shares[best], (shares**2).sum()], features[best], features.max(axis=0)])


SUMMARY_NAMES = (
    "score",
    "lead",
    "share",
    "concentration",
    *(f"best line: {name}" for name in NAMES),
    *(f"most: {name}" for name in NAMES),
)


def leave_unread(ranking: Ranking) -> Ranking:
    """Return the ranking for where no cross-encoder reads its lines."""
    return replace(ranking, confidence=shift_odds(ranking.confidence, MATCH_UNREAD))


def blend_odds(ranking: Ranking, odds: Numbers, *, is_calibrated: bool) -> Ranking:
    """Return the ranking after a cross-encoder has read its best lines.

    `odds` are its scores of the first `len(odds)` lines of `ranking.order()`; the others are ranked as if it liked them
    no better than the worst that it read. A model whose scores are no log-odds decides the order of what it read alone.
    """
    order = ranking.order()[: len(odds)]
    if not order:
        return ranking
    every = np.full(len(ranking.scores), odds.min())
    every[order] = odds
    if not is_calibrated:
        below = ranking.scores - ranking.scores.max()
        scores = every + np.where(np.isin(np.arange(len(every)), order), 0.0, below - 1.0)
        return Ranking(scores, ranking.confidence, ranking.denials)
    # No lesson of the cross-encoder's was answered by a denial, few named a code or had a bare cell for its answer: it
    # holds them all for wrong.
    strange = [*ranking.denials, *ranking.named]
    every[strange] = np.maximum(every[strange], 0.0)
    scores = ranking.scores + ODDS_OF_LINE * every
    if ranking.confidence <= 0.0:
        return replace(ranking, scores=scores)
    match = MATCH_BESIDE_ODDS * log_odds(ranking.confidence) + float(every[order].max())
    return replace(ranking, scores=scores, confidence=1.0 / (1.0 + math.exp(-match)))


@cache
def load_weights() -> Weights:
    """Return the weights that ship with the package. Raise `KeyError` where they do not fit the features."""
    raw = json.loads(WEIGHTS.read_text())
    return Weights(
        np.array([raw["lines"][name] for name in NAMES]),
        np.array([raw["match"].get(name, 0.0) for name in SUMMARY_NAMES]),
        float(raw["match bias"]),
    )
