"""Asks people's questions about real documents that nothing in Chip was made with, and scores the answers by program.

    python -m benchmarks.unseen --cases FOLDER --data FOLDER --set jitsi balena

Each set is an archive of documentation below `--data`, read in with all defaults, and 60 questions of
`--cases`/kb, all asked as staff, follow-ups in their thread. Misses are printed for jitsi and balena; nobody reads
those of handbook and wsl, by which nothing is chosen.

How to read it: right means that the answer holds one string of every group that its question names, so a right answer
in other words misses and a bare number may hit by chance: the score ranks states of Chip, and an honest figure needs
reading. A false premise counts as right where it is denied or the question refused.
"""

import json
import tarfile
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from benchmarks.answers import CACHE, Answer, Asked, answer, open_chip
from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from retrieval.passage import Turn

FIRST = 5


@dataclass(frozen=True, slots=True)
class Set:
    """Where the documents of a set are, and whether a person may read its misses."""

    archive: str
    folder: str
    is_read: bool = False


SETS = {
    "jitsi": Set("kb_docs/jitsi_handbook", "docs", is_read=True),
    "balena": Set("kb_docs/balena-io_docs", "pages", is_read=True),
    "handbook": Set("kb_gov/18F_handbook", "pages"),
    "wsl": Set("kb_docs/MicrosoftDocs_WSL", "WSL"),
}
KINDS = {"single": "one fact", "multi": "several facts or steps", "followup": "follow-up"}


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `wanted` are groups of strings of which a right answer holds one each."""

    id: str
    text: str
    kind: str
    wanted: tuple[tuple[str, ...], ...]
    reference: str
    documents: tuple[str, ...]
    thread: tuple[Turn, ...]

    @property
    def is_answerable(self) -> bool:
        """Whether the documents answer it as it was asked."""
        return self.kind in KINDS

    def judge(self, answered: Answer) -> str:
        """Return "right", "wrong" or "refused".

        Refusing is right without an answer, and so is denying a false premise.
        """
        said = answered.text.lower()
        holds = bool(self.wanted) and all(any(one.lower() in said for one in group) for group in self.wanted)
        if self.is_answerable:
            return "refused" if answered.is_refused else "right" if holds else "wrong"
        return "right" if answered.is_refused or (self.kind == "false_premise" and holds) else "wrong"


@dataclass(frozen=True, slots=True)
class Row:
    """A question with its outcome."""

    question: Question
    answered: Answer
    outcome: str


def load_questions(path: Path) -> list[Question]:
    """Return the questions of a set."""
    return [_parse_question(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _parse_question(raw: dict[str, Any]) -> Question:
    return Question(
        raw["id"],
        raw["question"],
        raw["kind"],
        tuple(tuple(group) for group in raw["answer_contains"]),
        raw["reference"],
        tuple(raw["documents"]),
        tuple(Turn(role, text) for role, text in raw.get("thread", ())),
    )


def ask_all(name: str, questions: Sequence[Question], data: Path, cache: Path) -> Iterator[Row]:
    """Read in the documents of a set and yield each question with its answer."""
    chosen = SETS[name]
    with tempfile.TemporaryDirectory(prefix=f"chip-{name}-") as folder:
        with tarfile.open(data / f"{chosen.archive}.tar.xz") as archive:
            archive.extractall(folder, filter="data")
        with open_chip(Path(folder) / chosen.folder, cache, default_audience="staff") as chip:
            for question in questions:
                answered = answer(chip, Asked(question.text, question.thread, is_staff=True))
                yield Row(question, answered, question.judge(answered))


def build_figures(name: str, rows: Sequence[Row]) -> Iterator[Figure]:
    """Yield the figures of a set."""
    answerable = [row for row in rows if row.question.is_answerable]
    for outcome in ("right", "wrong", "refused"):
        yield Figure(f"{outcome} of {len(answerable)}", _count(answerable, outcome), on=name)
    for kind, called in (*KINDS.items(), ("unanswerable", "unanswerable refused"), ("false_premise", "false premise")):
        own = [row for row in rows if row.question.kind == kind]
        yield Figure(f"{called}, right of {len(own)}", _count(own, "right"), on=name)
    folder = SETS[name].folder
    found = _count_found(answerable, folder, lambda row: row.answered.found[:FIRST])
    offered = _count_found(answerable, folder, lambda row: (*row.answered.sources, *row.answered.offered))
    yield Figure(f"right document among the first {FIRST}", found, on=name)
    yield Figure("right document cited or offered", offered, on=name)
    if (auroc := _find_auroc(rows)) is not None:
        yield Figure("AUROC of answerable", auroc, on=name)
    yield Figure("an answer, p50", median(row.answered.milliseconds for row in rows), unit="ms", on=name)


def _count(rows: Sequence[Row], outcome: str) -> int:
    return sum(row.outcome == outcome for row in rows)


def _count_found(rows: Sequence[Row], folder: str, list_documents: Callable[[Row], Sequence[str]]) -> int:
    """Return for how many questions one of the documents that answer is listed."""
    return sum(
        any(f"{folder}/{source.partition('#')[0]}" in row.question.documents for source in list_documents(row))
        for row in rows
    )


def _find_auroc(rows: Sequence[Row]) -> float | None:
    """Return the chance that an answerable question gets more confidence than an unanswerable one; ties count half."""
    yes = [row.answered.confidence for row in rows if row.question.is_answerable]
    no = [row.answered.confidence for row in rows if row.question.kind == "unanswerable"]
    return fmean((a > b) + 0.5 * (a == b) for a in yes for b in no) if yes and no else None


def show_miss(row: Row) -> str:
    """Return a miss in words, for a person who looks for its cause."""
    earlier = "".join(f"\n         {turn.role}: {turn.text}" for turn in row.question.thread)
    return "\n".join(
        (
            f"{row.outcome.upper():8} {row.question.id} {row.question.kind}: {row.question.text}{earlier}",
            f"         wanted  {row.question.wanted}; {row.question.reference}",
            f"         said    {row.answered.text!r}",
            f"         found   {', '.join(row.answered.found[:FIRST])}; confidence {row.answered.confidence:.2f}",
            f"         in      {', '.join(row.question.documents) or 'no document'}",
        )
    )


def _build_parser() -> ArgumentParser:
    parser = build_parser(__doc__)
    parser.add_argument("--cases", type=Path, required=True, help="the folder with kb/*.jsonl")
    parser.add_argument("--data", type=Path, required=True, help="the folder of public data")
    parser.add_argument("--set", nargs="+", choices=SETS, default=["jitsi", "balena"])
    parser.add_argument("--cache", type=Path, default=CACHE, help="keep vectors here, and use them the next time")
    return parser


def main() -> None:
    """Ask the sets one after the other, print and keep the figures."""
    chosen = _build_parser().parse_args()
    for name in chosen.set:
        run = begin_run(__file__, chosen)
        questions = load_questions(chosen.cases / "kb" / f"{name}.jsonl")
        rows = []
        for row in ask_all(name, questions, chosen.data, chosen.cache):
            rows.append(row)
            if row.outcome != "right" and SETS[name].is_read:
                print(show_miss(row), flush=True)
        record(run, build_figures(name, rows), chosen.results)


if __name__ == "__main__":
    main()
