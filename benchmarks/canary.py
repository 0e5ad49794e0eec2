"""Measures how honest a trial on people is: how often an equal candidate is sent back, and when a harmful one is.

python -m benchmarks.canary [--runs 1000]

How to read it: each run draws conversations of 120 people, some of whom complain four times as often as others, on days
that differ, and weighs them after every conversation, so that looking daily is included. "Sent back" is a candidate
found worse at any time. The daily test for comparison is the usual test of two shares at 5 %, repeated each day.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from retrain.canary.evidence import Flags, Floats, find_needed, measure_nearness
from retrain.settings import CanarySettings

CANARY = CanarySettings()
RATE = 0.2
PEOPLE, DAILY, MOST = 120, 50, 4_000
SHARES = (0.1, 0.25, 0.5)


@dataclass(frozen=True, slots=True)
class Trial:
    """What one trial saw: which conversations went badly, which the candidate had, and its share then."""

    bad: Flags
    tried: Flags
    shares: Floats

    def shows(self, *, is_worse: bool) -> bool:
        """Whether it shows, at any time, that the candidate is worse, or that it is better."""
        return measure_nearness(self.bad, self.tried, self.shares, CANARY.level, is_worse=is_worse) >= 1.0

    def looks_worse_on_a_day(self) -> bool:
        """Whether the usual one-sided test of two shares is significant on any day."""
        days = np.arange(DAILY, len(self.bad) + 1, DAILY) - 1
        tried, bad = np.cumsum(self.tried)[days], np.cumsum(self.bad & self.tried)[days]
        others = days + 1 - tried
        others_bad: Floats = np.cumsum(self.bad)[days] - bad
        rate = (bad + others_bad) / (days + 1)
        spread = np.sqrt(rate * (1 - rate) * (1 / np.maximum(tried, 1) + 1 / np.maximum(others, 1)))
        apart = bad / np.maximum(tried, 1) - others_bad / np.maximum(others, 1)
        return bool((apart > norm.ppf(1 - CANARY.level) * spread)[tried >= 5].any())


def draw(chance: np.random.Generator, many: int, share: float, *, harm: float, grows: bool = False) -> Trial:
    """Return a trial of so many conversations, of which `harm` more go badly with the candidate."""
    shares = np.full(many, share)
    if grows:
        shares[many // 2 :] = 0.5
    tried = chance.random(many) < shares
    grumpy = np.where(chance.random(PEOPLE) < 0.2, 4.0, 1.0)
    person = grumpy[chance.integers(0, PEOPLE, many)] / grumpy.mean()
    day = np.exp(chance.normal(0.0, 0.3, many // DAILY + 1))[np.arange(many) // DAILY]
    rate = RATE * person * day
    bad = chance.random(many) < np.clip(rate * (RATE / rate.mean()) + harm * tried, 0.0, 1.0)
    return Trial(bad, tried, shares)


def measure(runs: int) -> list[Figure]:
    """Return all figures."""
    figures = []
    for number, share in enumerate(SHARES):
        chance = np.random.default_rng(number)
        equal = [draw(chance, MOST, share, harm=0.0) for _ in range(runs)]
        on = f"an equal candidate, {share:.0%} of {MOST} conversations"
        back = float(np.mean([trial.shows(is_worse=True) for trial in equal]))
        better = float(np.mean([trial.shows(is_worse=False) for trial in equal]))
        daily = float(np.mean([trial.looks_worse_on_a_day() for trial in equal]))
        needed = find_needed(share, RATE, CANARY.shift, CANARY.level)
        harmful = [draw(chance, needed, share, harm=CANARY.shift) for _ in range(runs)]
        found = float(np.mean([trial.shows(is_worse=True) for trial in harmful]))
        figures += [
            Figure("sent back", back, on=on, goal="≤ 0.05"),
            Figure("found better", better, on=on, goal="≤ 0.05"),
            Figure("sent back by a daily test", daily, on=on),
            Figure("conversations that show 10 points", needed, on=f"said at {share:.0%}"),
            Figure("sent back", found, on=f"10 points worse, {share:.0%} of as many", goal="≥ 0.8"),
        ]
    chance = np.random.default_rng(len(SHARES))
    grown = [draw(chance, MOST, 0.1, harm=0.0, grows=True) for _ in range(runs)]
    helped = [draw(chance, MOST, 0.5, harm=-CANARY.shift) for _ in range(runs)]
    return [
        *figures,
        Figure(
            "sent back",
            float(np.mean([trial.shows(is_worse=True) for trial in grown])),
            on="an equal candidate, from 10 % to 50 % midway",
            goal="≤ 0.05",
        ),
        Figure(
            "found better",
            float(np.mean([trial.shows(is_worse=False) for trial in helped])),
            on=f"10 points better, 50% of {MOST} conversations",
        ),
    ]


def main() -> None:
    """Measure and record."""
    parser = build_parser(__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="simulated trials of each kind")
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    record(run, measure(chosen.runs), chosen.results)


if __name__ == "__main__":
    main()
