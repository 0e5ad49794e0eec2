"""Measures how often the looks for drift alarm where nothing changed, and how soon they do where something did.

python -m benchmarks.drift [--runs 200]

How to read it: questions are drawn from 12 topics of unequal size, each a cloud of vectors; a look compares the 100 of
a week with the four weeks before. Quality is a stream of 50 answers a day of which some end badly; all thresholds are
those that Chip uses. A delay counts from the change; a change that is not found within 60 days counts as 60.
"""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from bot.learning.drift import LEAST_INDEX, LEVEL
from feedback.drift.meanings import MOST, Vectors, compare_meanings
from feedback.drift.quality import find_rises
from feedback.drift.topics import compare_topics, needs_look

TOPICS, SIZE, WEEKLY, DAILY = 12, 32, 100, 50
LEARNED, WAITED = 60, 60  # days before and after a change of quality
RISES = ((0.02, 0.06), (0.05, 0.15), (0.2, 0.3))
SHARES: NDArray[np.float64] = np.arange(1, TOPICS + 1) / np.arange(1, TOPICS + 1).sum()


def draw_questions(
    chance: np.random.Generator, centres: NDArray[np.float64], many: int, new: float = 0.0
) -> tuple[Vectors, Counter[str]]:
    """Return questions of the known topics, a share of which is of a new one that search takes for one of them."""
    topics = chance.choice(TOPICS, many, p=SHARES)
    places = centres[topics].copy()
    is_new = chance.random(many) < new
    places[is_new] = centres[TOPICS]
    drawn = places + chance.normal(0.0, 0.6 / np.sqrt(SIZE), (many, SIZE))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    topics[is_new] = 0
    return drawn.astype(np.float32), Counter(str(topic) for topic in topics)


def look(chance: np.random.Generator, new: float) -> tuple[bool, bool]:
    """Return whether one week's look finds that meanings changed, and that topics did."""
    centres = chance.normal(size=(TOPICS + 1, SIZE))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    before, topics_before = draw_questions(chance, centres, 4 * WEEKLY)
    now, topics_now = draw_questions(chance, centres, WEEKLY, new)
    shift = compare_meanings(before[:MOST], now)
    return shift.chance <= LEVEL, needs_look(compare_topics(topics_before, topics_now), LEVEL, LEAST_INDEX)


def find_delay(chance: np.random.Generator, before: float, after: float) -> float:
    """Return after how many days a rise is told."""
    steady, worse = chance.random(LEARNED * DAILY) < before, chance.random(WAITED * DAILY) < after
    found = [one.shown_at - len(steady) for one in find_rises([*steady, *worse]) if one.shown_at >= len(steady)]
    return min(found, default=WAITED * DAILY) / DAILY


def measure(runs: int) -> list[Figure]:
    """Return all figures."""
    chance = np.random.default_rng(0)
    figures = []
    for new, on in ((0.0, "nothing changed"), (0.1, "a tenth asks something new"), (0.2, "a fifth asks something new")):
        found = np.array([look(chance, new) for _ in range(runs)])
        either, goal = found.any(axis=1).mean(), "≤ 0.05" if not new else ("≥ 0.8" if new > 0.1 else "")
        figures += [
            Figure("weeks with an alarm", float(either), on=on, goal=goal),
            Figure("by meanings", float(found[:, 0].mean()), on=on),
            Figure("by topics", float(found[:, 1].mean()), on=on),
        ]
    for before, after in RISES:
        steady = [len(find_rises(chance.random(365 * DAILY) < before)) for _ in range(max(1, runs // 10))]
        delays = [find_delay(chance, before, after) for _ in range(runs)]
        figures += [
            Figure("false alarms a year", float(np.mean(steady)), on=f"{before:.0%} end badly", goal="≤ 2"),
            Figure("days until told, median", float(np.median(delays)), on=f"{before:.0%} → {after:.0%}"),
            Figure("days until told, nine of ten", float(np.quantile(delays, 0.9)), on=f"{before:.0%} → {after:.0%}"),
        ]
    return figures


def main() -> None:
    """Measure and record."""
    parser = build_parser(__doc__)
    parser.add_argument("--runs", type=int, default=200, help="simulated looks and rises of each kind")
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    record(run, measure(chosen.runs), chosen.results)


if __name__ == "__main__":
    main()
