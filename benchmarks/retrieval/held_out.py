"""Measures the order of lines on held-out public questions, compared with the blend of cosine and shared words.

python -m benchmarks.retrieval.held_out --data FOLDER [--cache FOLDER] [--questions 150]

Nothing is tuned here.

How to read it: these are the questions whose answer is among the passages that search hands on. "Is answered" is the
AUROC of telling them from the same questions without the line or the passage that answers. The blend is the order by
cosine and shared words that preceded the fitted one.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure
from benchmarks.retrieval import public_ranking
from benchmarks.run import begin_run, build_parser, record
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
    """Return the scores that were used earlier: cosine, shared words, and a little for the passage's rank."""
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


def build_figures(cases: Sequence[Case]) -> Iterator[Figure]:
    """Yield the figures of each set, by the blend and as fitted."""
    for corpus in dict.fromkeys(case.corpus for case in cases):
        name, own = public_ranking.NAMES[corpus], [case for case in cases if case.corpus == corpus]
        answered = [case for case in own if case.right]
        yield Figure("questions", len(answered), on=name)
        for order, score, rate in (("blend", blend, rate_blend), ("fitted", rank, rate_match)):
            first, in_three = measure(answered, score)
            yield Figure(f"{order}: right line first", first, on=name)
            yield Figure(f"{order}: in the first 3", in_three, on=name)
            yield Figure(f"{order}: is answered", auroc(own, rate), on=name)


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of public data")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "chip-ranker")
    parser.add_argument("--questions", type=int, default=150, help="at most so many of each set")
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    encoder = Encoder(load_embedder(), chosen.cache)
    found = load_found(chosen.data, encoder, held_out=True, questions=chosen.questions, passages=SEARCHED_PASSAGES)
    cases = [build_case(one) for one in add_unanswerable(found)]
    record(run, build_figures(cases), chosen.results)


if __name__ == "__main__":
    main()
