"""Fits the order of evidence lines and the certainty of the match, and writes `retrieval/ranking/ranker_weights.json`.

    python -m models.recipes.rankings.fit_ranker --data FOLDER [--cache FOLDER] [--questions 300]

Two linear models with the sign of each weight given: a listwise softmax over the lines of one question, and a logistic
regression on what the best line looks like, with and without the passage that answers. Public sets and invented
companies only; the sample company is never seen. About 15 minutes on one core the first time, most of it encoding.
"""

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]  # scipy has no types

from models.recipes.data.public_sets import load_corpora
from models.recipes.rankings.candidates import Encoder, Found, find_candidates
from retrieval.encoders.embedder import load_embedder
from retrieval.english.meanings import load_meanings
from retrieval.ranking.features import NAMES, build_features
from retrieval.ranking.rank import SUMMARY_NAMES, WEIGHTS, summarise

Numbers = NDArray[np.float64]

# Fewer than are searched, which takes a third less time; whether more would fit better was not measured.
FITTED_PASSAGES = 16
# Both were chosen on the held-out public questions.
LINE_PENALTY = 100.0
MATCH_PENALTY = 100.0
# A smaller spread than this counts as this much, so that a rare feature gets no extreme weight.
LEAST_SPREAD = 0.1

AGAINST = frozenset(
    {
        "sibling's name in line",
        "sibling's name in heading",
        "other name in line",
        "other name in heading",
        "second name only",
        "another code",
        "no number though wanted",
        "number though none wanted",
        "rank of passage",
        "question mark",
    }
)
# Public sets ask for what a near-duplicate page says; people ask companies for what no page says. The plain sum of the
# best line's cosine and shared meaning tells that apart better than what public sets teach, so both count.
PRIOR = {"best line: cosine": 3.0, "best line: meaning shared with heading": 3.0}
EITHER = frozenset({"length", "another number", "family's name in line", "share of line meant"})
# These say how many lines there were rather than whether one of them answers.
NO_SIGN_OF_A_MATCH = (
    "rank",
    "length",
    "question mark",
    "though none",
    "below best",
    "off centre",
    "off subject",
    "score",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A question's features, (lines, `NAMES`), and the numbers of the right lines."""

    corpus: str
    features: Numbers
    right: tuple[int, ...]


def load_found(data: Path, encoder: Encoder, *, held_out: bool, questions: int, passages: int) -> list[Found]:
    """Return the questions of all sets with the lines of their best passages."""
    corpora = load_corpora(data, held_out=held_out, questions=questions)
    return [found for corpus in corpora for found in find_candidates(corpus, encoder, passages)]


def build_case(found: Found) -> Case:
    features = build_features(found.question, found.vector, found.candidates, found.vectors, load_meanings())
    return Case(found.corpus.split()[0], features, tuple(sorted(found.right)))


def fit_lines(cases: Sequence[Case]) -> Numbers:
    """Return one weight for each feature: the listwise softmax of Cao et al. (ICML 2007)."""
    rows = np.concatenate([case.features for case in cases])
    spread = np.maximum(rows.std(axis=0), LEAST_SPREAD)
    rows = rows / spread
    owners = np.repeat(np.arange(len(cases)), [len(case.features) for case in cases])
    starts = np.cumsum([0, *(len(case.features) for case in cases)])[:-1]
    right = np.zeros(len(rows))
    for start, case in zip(starts, cases, strict=True):
        right[[start + line for line in case.right]] = 1.0
    importance = _weigh_sets([case.corpus for case in cases])

    def loss(weights: Numbers) -> tuple[float, Numbers]:
        scores = rows @ weights
        scores -= np.maximum.reduceat(scores, starts)[owners]
        odds = np.exp(scores)
        total, hit = np.add.reduceat(odds, starts), np.add.reduceat(odds * right, starts)
        value = float(importance @ (np.log(total) - np.log(hit))) + 0.5 * LINE_PENALTY * float(weights @ weights)
        pull = importance[owners] * (odds / total[owners] - odds * right / hit[owners])
        return value, rows.T @ pull + LINE_PENALTY * weights

    found = minimize(loss, np.zeros(len(NAMES)), jac=True, bounds=[_bounds(name) for name in NAMES], method="L-BFGS-B")
    return np.asarray(found.x / spread)


def fit_match(cases: Sequence[Case], lines: Numbers) -> tuple[Numbers, float]:
    """Return the weights of a summary and the bias; a case without a right line is one that nothing answers."""
    table = np.array([summarise(case.features, case.features @ lines) for case in cases])
    spread = np.maximum(table.std(axis=0), LEAST_SPREAD)
    table = table / spread
    truth = np.array([1.0 if case.right else -1.0 for case in cases])
    importance = _weigh_sets([case.corpus for case in cases])

    def loss(values: Numbers) -> tuple[float, Numbers]:
        weights, margins = values[1:], truth * (table @ values[1:] + values[0])
        pull = -importance * truth / (1.0 + np.exp(margins))
        value = float(importance @ np.logaddexp(0.0, -margins)) + 0.5 * MATCH_PENALTY * float(weights @ weights)
        return value, np.concatenate([[pull.sum()], table.T @ pull + MATCH_PENALTY * weights])

    bounds = [(None, None), *(_match_bounds(name) for name in SUMMARY_NAMES)]
    found = minimize(loss, np.zeros(len(bounds)), jac=True, bounds=bounds, method="L-BFGS-B")
    weights = found.x[1:] / spread + np.array([PRIOR.get(name, 0.0) for name in SUMMARY_NAMES])
    return _calibrate(table * spread @ weights, truth, importance, weights)


def _calibrate(values: Numbers, truth: Numbers, importance: Numbers, weights: Numbers) -> tuple[Numbers, float]:
    """Return the weights and the bias that turn the values into probabilities (Platt scaling)."""

    def loss(line: Numbers) -> tuple[float, Numbers]:
        margins = truth * (line[0] * values + line[1])
        pull = -importance * truth / (1.0 + np.exp(margins))
        return float(importance @ np.logaddexp(0.0, -margins)), np.array([pull @ values, pull.sum()])

    slope, bias = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B").x
    return slope * weights, float(bias)


def _weigh_sets(names: Sequence[str]) -> Numbers:
    counts = Counter(names)
    weights = np.array([counts[name] ** -0.5 for name in names])
    return np.asarray(weights / weights.mean())


def _bounds(name: str) -> tuple[float | None, float | None]:
    if name in EITHER:
        return None, None
    return (None, 0.0) if name in AGAINST else (0.0, None)


def _match_bounds(name: str) -> tuple[float | None, float | None]:
    if any(part in name for part in NO_SIGN_OF_A_MATCH):
        return 0.0, 0.0
    return _bounds(name.split(": ")[-1])


def add_unanswerable(found: Sequence[Found]) -> list[Found]:
    """Return the questions, and each answerable one again without the passage or line that answers it."""
    answerable = [one for one in found if one.right]
    empty = (one.without_answer(page=number % 2 == 0) for number, one in enumerate(answerable))
    return [*found, *(one for one in empty if one is not None)]


def write_weights(path: Path, lines: Numbers, match: Numbers, bias: float) -> None:
    """Write the weights that are not zero, by name."""
    weights = {
        "lines": {name: round(float(weight), 5) for name, weight in zip(NAMES, lines, strict=True)},
        "match": {name: round(float(w), 5) for name, w in zip(SUMMARY_NAMES, match, strict=True) if abs(w) > 1e-5},
        "match bias": round(bias, 5),
    }
    path.write_text(json.dumps(weights, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="the folder of public data")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "chip-ranker")
    parser.add_argument("--questions", type=int, default=300, help="at most so many of each set")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    arguments = parser.parse_args()
    encoder = Encoder(load_embedder(), arguments.cache)
    found = load_found(arguments.data, encoder, held_out=False, questions=arguments.questions, passages=FITTED_PASSAGES)
    lines = fit_lines([build_case(one) for one in found if one.right])
    asked = [one for one in found if one.corpus != "docs"]
    match, bias = fit_match([build_case(one) for one in add_unanswerable(asked)], lines)
    write_weights(arguments.out, lines, match, bias)
    print(f"{len(found)} questions; weights in {arguments.out.name}")


if __name__ == "__main__":
    main()
