"""Asks hard questions about small, hard documents; each folder holds one kind of fault.

python -m benchmarks.cases --cases FOLDER [--only d07 r01-codes ...] [--all]

`FOLDER/documents` is read in, all folders together and for customers. Each row of `FOLDER/questions.tsv` is a case: a
question and the regular expression of a right answer (case ignored, dot matches everything). Right: the answer matches,
even if it is a refusal. Refused: it does not match, and Chip says that it does not know. Wrong: it says something else.
Prints every miss with its answer.

How to read it: `documents` are about text that is lost or garbled when files are read, `retrieval` and `neighbours`
about which line answers. A list that is cut counts as wrong. A miss costs less if Chip refuses.
"""

import re
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.answers import CACHE, Answer, Asked, answer, open_chip
from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record

OUTCOMES = ("right", "wrong", "refused")
KINDS = {"d": "documents", "r": "retrieval"}
GOALS = {"right": "≥ 115", "wrong": "≤ 8"}


@dataclass(frozen=True, slots=True)
class Question:
    """A row of the table."""

    case: str
    text: str
    pattern: str

    @property
    def kind(self) -> str:
        """The subject of the case: documents, retrieval, or a neighbour of either."""
        return KINDS.get(self.case[:1], "neighbours")

    def judge(self, answered: Answer) -> str:
        """Return the outcome."""
        if re.search(self.pattern, answered.text, re.IGNORECASE | re.DOTALL):
            return "right"
        return "refused" if answered.is_refused else "wrong"


def load_questions(path: Path) -> list[Question]:
    """Return the rows of the table, without its head."""
    rows = path.read_text(encoding="utf-8").splitlines()[1:]
    return [Question(*row.split("\t")) for row in rows if row.strip()]


def ask_all(cases: Path, questions: Sequence[Question], cache: Path) -> Iterator[tuple[Question, Answer]]:
    """Read in the documents and yield each question with its answer."""
    with open_chip(cases / "documents", cache, default_audience="customer") as chip:
        for question in questions:
            yield question, answer(chip, Asked(question.text))


def build_figures(outcomes: Iterable[tuple[Question, str]]) -> Iterator[Figure]:
    """Yield the count of each outcome over all, by kind and by case."""
    counts: dict[str, Counter[str]] = {"all": Counter()}
    for question, outcome in outcomes:
        for group in ("all", f"all of {question.kind}", question.case):
            counts.setdefault(group, Counter())[outcome] += 1
    for group in sorted(counts, key=lambda name: (not name.startswith("all"), name)):
        for outcome in OUTCOMES:
            goal = GOALS.get(outcome, "") if group == "all" else ""
            yield Figure(outcome, counts[group][outcome], on=group, goal=goal)


def show_miss(question: Question, answered: Answer, outcome: str) -> str:
    """Return a miss in words, for a person who looks for its cause."""
    lines = [f"{outcome.upper():8} {question.case}: {question.text}", f"         wanted  {question.pattern}"]
    lines.append(f"         said    {answered.text!r}")
    lines.append(f"         cited   {', '.join(answered.sources) or 'nothing'}; confidence {answered.confidence:.2f}")
    return "\n".join(lines)


def _build_parser() -> ArgumentParser:
    parser = build_parser(__doc__)
    parser.add_argument("--cases", type=Path, required=True, help="the folder with documents/ and questions.tsv")
    parser.add_argument("--only", nargs="+", default=[], help="only cases that begin so; their figures are not kept")
    parser.add_argument("--all", action="store_true", help="print right answers too")
    parser.add_argument("--cache", type=Path, default=CACHE, help="keep vectors here, and use them the next time")
    return parser


def main() -> None:
    """Ask, print and keep the figures."""
    chosen = _build_parser().parse_args()
    run = begin_run(__file__, chosen)
    questions = load_questions(chosen.cases / "questions.tsv")
    if chosen.only:
        questions = [question for question in questions if question.case.startswith(tuple(chosen.only))]
    outcomes = []
    for question, answered in ask_all(chosen.cases, questions, chosen.cache):
        outcome = question.judge(answered)
        outcomes.append((question, outcome))
        if chosen.all or outcome != "right":
            print(show_miss(question, answered, outcome), flush=True)
    record(run, build_figures(outcomes), None if chosen.only else chosen.results)


if __name__ == "__main__":
    main()
