"""Measures how honest the gate is, on simulated judgements: what it promotes of equal, better and harmful candidates.

python -m benchmarks.gate [--runs 500]

How to read it: each run draws what both models got right, question by question; a fifth of the questions tell equal
models apart, four questions share a topic, and all figures of the gate are its defaults. "Promoted" is what serves
without an admin. The better candidate is asked as many questions as an equal one's gate said would show 5 points.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from retrain.evaluate import Judged, Kind, Results
from retrain.gate import Decision, decide
from retrain.settings import GateSettings

KINDS: tuple[Kind, ...] = ("file", "imported", "liked", "rewording")
TOGETHER = 4  # questions of a topic, of which half change together
DIFFERING = 0.2
ASKED = 160
GATE = GateSettings()
_PLAIN = Judged(
    "file", "", True, right=True, refused=False, whole=True, unsupported=False, words=20, milliseconds=200.0
)

Pair = tuple[Results, Results]


@dataclass(frozen=True, slots=True)
class Contest:
    """How two models differ: the gain on all questions, and the loss on those of the slice that is harmed."""

    questions: int
    gain: float = 0.0
    harmed: Kind | None = None
    loss: float = 0.0

    def draw(self, chance: np.random.Generator) -> Pair:
        """Return what both did with as many questions, and with ten lessons of which both say eight."""
        before, after = [], []
        for topic in range(-(-self.questions // TOGETHER)):
            kind = KINDS[topic % len(KINDS)]
            gain = self.gain - (self.loss if kind == self.harmed else 0.0)
            differing = max(DIFFERING, abs(gain))
            shared = _draw_change(chance, gain, differing)
            for number in range(TOGETHER):
                change = shared if number % 2 else _draw_change(chance, gain, differing)
                was = bool(chance.random() < 0.6) if change == 0 else change < 0
                one = replace(_PLAIN, kind=kind, topic=str(topic))
                before.append(_answer(one, was, chance))
                after.append(_answer(one, was if change == 0 else not was, chance))
        lessons = tuple(replace(_PLAIN, kind="lesson", topic=f"l{n}", right=n < 8) for n in range(10))
        learned = tuple(replace(one, right=True) for one in lessons)
        asked = slice(self.questions)
        return Results(tuple(before[asked]), lessons), Results(tuple(after[asked]), learned)


def _draw_change(chance: np.random.Generator, gain: float, differing: float) -> int:
    place = chance.random()
    if place < (differing + gain) / 2:
        return 1
    return -1 if place < differing else 0


def _answer(one: Judged, right: bool, chance: np.random.Generator) -> Judged:
    """Return an answer that is right, or of which two thirds are refusals."""
    return replace(one, right=right, refused=not right and bool(chance.random() < 2 / 3))


def draw_coffee_company(chance: np.random.Generator) -> Pair:
    """Return what a company asks that corrected three answers and has four pages: it learned all three by heart."""
    many = int(chance.integers(4, 9))
    asked = [replace(_PLAIN, kind="rewording", topic=str(number % 3)) for number in range(6)]
    asked += [replace(_PLAIN, kind="document", topic=f"d{number % 4}") for number in range(many)]
    learned = chance.random(6) < 0.5
    before = [replace(one, right=one.kind == "document", refused=one.kind != "document") for one in asked]
    after = [replace(one, right=True, refused=False) if now else one for one, now in zip(before, learned, strict=False)]
    after += before[6:]
    lessons = tuple(replace(_PLAIN, kind="lesson", topic=f"l{n}", right=False) for n in range(3))
    return Results(tuple(before), lessons), Results(tuple(after), tuple(replace(one, right=True) for one in lessons))


def repeat(draw: Callable[[np.random.Generator], Pair], runs: int, seed: int) -> list[Decision]:
    """Return the gate's decisions on so many drawn contests."""
    chance = np.random.default_rng(seed)
    return [decide(*draw(chance), GATE) for _ in range(runs)]


def share(decisions: Sequence[Decision], *rulings: str) -> float:
    """Return the share of the decisions that are one of these rulings."""
    return float(np.mean([one.ruling in rulings for one in decisions]))


def break_one(draw: Callable[[np.random.Generator], Pair]) -> Callable[[np.random.Generator], Pair]:
    """Return a drawing in which one whole answer became a fragment."""

    def draw_broken(chance: np.random.Generator) -> Pair:
        before, after = draw(chance)
        first, *others = after.questions
        return before, replace(after, questions=(replace(first, whole=False), *others))

    return draw_broken


def measure(runs: int) -> list[Figure]:
    """Return all figures."""
    equal = repeat(Contest(ASKED).draw, runs, 1)
    many = repeat(Contest(4 * ASKED).draw, runs, 2)
    needed = int(np.median([one.gain.find_needed(0.05, GATE.level) for one in many if one.gain]))
    better = repeat(Contest(needed, gain=0.05).draw, runs, 3)
    much = repeat(Contest(ASKED, gain=0.15).draw, runs, 4)
    harmed = repeat(Contest(needed, gain=0.1, harmed="liked", loss=0.3).draw, runs, 5)
    slight = repeat(Contest(needed, gain=0.1, harmed="liked", loss=0.2).draw, runs, 6)
    broken = repeat(break_one(Contest(needed, gain=0.15).draw), runs, 7)
    coffee = repeat(draw_coffee_company, runs, 8)
    return [
        Figure("promoted", share(equal, "promoted"), on=f"an equal candidate, {ASKED} questions", goal="≤ 0.05"),
        Figure("promoted", share(many, "promoted"), on=f"an equal candidate, {4 * ASKED} questions", goal="≤ 0.05"),
        Figure("questions that show 5 points", needed, on="said by the gate"),
        Figure("found better", _find_better(better), on="5 points better, as many questions", goal="≥ 0.8"),
        Figure("promoted", share(better, "promoted"), on="5 points better, as many questions"),
        Figure("promoted", share(much, "promoted"), on=f"15 points better, {ASKED} questions"),
        Figure("blocked", 1.0 - share(harmed, "promoted"), on="20 points lost on liked answers", goal="= 1"),
        Figure("blocked", 1.0 - share(slight, "promoted"), on="10 points lost on liked answers"),
        Figure("refused", share(broken, "refused"), on="15 points better, one answer broken", goal="= 1"),
        Figure("not judged", share(coffee, "not judged"), on="coffee company, three corrections", goal="= 1"),
    ]


def _find_better(decisions: Sequence[Decision]) -> float:
    return float(np.mean([one.bounds is not None and one.bounds[0] > 0.0 for one in decisions]))


def main() -> None:
    """Measure and record."""
    parser = build_parser(__doc__)
    parser.add_argument("--runs", type=int, default=500, help="simulated contests of each kind")
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    record(run, measure(chosen.runs), chosen.results)


if __name__ == "__main__":
    main()
