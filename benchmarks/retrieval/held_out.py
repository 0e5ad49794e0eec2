"""Measures the order of lines on held-out public questions, beside the blend of cosine and shared words.

    python -m benchmarks.retrieval.held_out --data FOLDER [--cache FOLDER] [--questions 150]

Of the questions whose answer is among the candidates; the "match" column is the AUROC of telling these from the same
questions with the line or the passage that answers taken away. Nothing is tuned here.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from models.recipes.rankings.candidates import Encoder
from models.recipes.rankings.fit_ranker import Case, add_unanswerable, build_case, load_found
from retrieval.encoders.embedder import load_embedder
from retrieval.ranking.evidence import SEARCHED_PASSAGES
from retrieval.ranking.features import NAMES
from retrieval.ranking.rank import load_weights, summarise

Numbers = NDArray[np.float64]
Score = Callable[[Numbers], Numbers]

_WORDS = NAMES.index("words shared with heading")
_RANK = NAMES.index("rank of passage")


def blend(features: Numbers) -> Numbers:
    """Return the scores that were used before: cosine, shared words, and a little for the passage's rank."""
    return np.asarray(0.55 * features[:, 0] + 0.45 * features[:, _WORDS] + 0.02 * np.exp(-features[:, _RANK]))


def rank(features: Numbers) -> Numbers:
    return np.asarray(features @ load_weights().lines)


def measure(cases: Sequence[Case], score: Score) -> tuple[float, float]:
    """Return the shares of questions with a right line first, and among the first three."""
    places = []
    for case in cases:
        scores = score(case.features)
        places.append(min(int((scores > scores[line]).sum()) for line in case.right))
    return fmean(place < 1 for place in places), fmean(place < 3 for place in places)


def rate_blend(features: Numbers) -> float:
    best = int(np.argmax(blend(features)))
    return float(0.5 * features[best, 0] + 0.5 * features[best, _WORDS])


def rate_match(features: Numbers) -> float:
    return float(summarise(features, rank(features)) @ load_weights().match)


def auroc(cases: Sequence[Case], rate: Callable[[Numbers], float]) -> float:
    yes = np.array([rate(case.features) for case in cases if case.right])
    no = np.array([rate(case.features) for case in cases if not case.right])
    return float(((yes[:, None] > no[None, :]) + 0.5 * (yes[:, None] == no[None, :])).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="the folder of public data")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "chip-ranker")
    parser.add_argument("--questions", type=int, default=150, help="at most so many of each set")
    arguments = parser.parse_args()
    encoder = Encoder(load_embedder(), arguments.cache)
    found = load_found(
        arguments.data, encoder, held_out=True, questions=arguments.questions, passages=SEARCHED_PASSAGES
    )
    cases = [build_case(one) for one in add_unanswerable(found)]
    print("| set | questions | blend: first / in 3 / match | fitted: first / in 3 / match |")
    for name in dict.fromkeys(case.corpus for case in cases):
        own = [case for case in cases if case.corpus == name]
        answered = [case for case in own if case.right]
        before, after = measure(answered, blend), measure(answered, rank)
        print(
            f"| {name} | {len(answered)} | {before[0]:.3f} / {before[1]:.3f} / {auroc(own, rate_blend):.3f} | "
            f"{after[0]:.3f} / {after[1]:.3f} / {auroc(own, rate_match):.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
