"""Asks champion and candidate the same questions and lets the gate decide. Knows nothing of training."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from retrain.adapter import Adapter
from retrain.evaluate import Answer, Answerer, HeldOutQuestion, Results, judge
from retrain.examples import Example
from retrain.gate import Decision, decide
from retrain.probe import PROBES, choose_probes
from retrain.report import Change, Scores, Verdict
from retrain.settings import GateSettings
from retrieval.draft import Draft

CHANGES = 10
TURN = 48  # questions
_OF_PEOPLE = ("imported", "liked", "rewording", "person")
_SHOWN: tuple[Verdict, ...] = ("worse", "better", "changed")
_VERDICTS: dict[int, Verdict] = {-1: "worse", 0: "changed", 1: "better"}  # by how many more are right


@dataclass(frozen=True, slots=True)
class Exam:
    """What both are asked: held-out questions and lessons, each with the drafts of its answers in the same order."""

    questions: Sequence[HeldOutQuestion]
    drafts: Sequence[Draft]
    lessons: Sequence[Example]
    lesson_drafts: Sequence[Draft]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Champion (`before`) and candidate (`after`) on the same exam, and the decision."""

    before: Results
    after: Results
    decision: Decision
    changes: tuple[Change, ...] = ()
    probes: Sequence[Mapping[str, str]] = ()

    def describe(self) -> dict[str, Any]:
        """Return the scores in the form of an adapter's card."""
        return {
            "passed": self.decision.promote,
            "ruling": self.decision.ruling,
            "reasons": list(self.decision.reasons),
            "before": asdict(build_scores(self.before)),
            "after": asdict(build_scores(self.after)),
            PROBES: list(self.probes),
        }


def compare(
    exam: Exam, answerer: Answerer, champion: Adapter | None, candidate: Adapter, settings: GateSettings
) -> Comparison:
    """Examine the champion (None: the bare base) and the candidate, and decide."""
    old, new = _ask_by_turns(exam, answerer, champion, candidate)
    before, after = _judge(exam, old, settings), _judge(exam, new, settings)
    first = len(exam.drafts)
    return Comparison(
        before,
        after,
        decide(before, after, settings),
        _list_changes(exam, before, old, after, new),
        choose_probes(exam.lessons, old[first:], new[first:]),
    )


def _ask_by_turns(
    exam: Exam, answerer: Answerer, champion: Adapter | None, candidate: Adapter
) -> tuple[list[Answer], list[Answer]]:
    """Return both models' answers. They take turns, so that a busy minute of the machine slows both alike."""
    drafts = [*exam.drafts, *exam.lesson_drafts]
    old, new = list[Answer](), list[Answer]()
    for turn, start in enumerate(range(0, len(drafts), TURN)):
        asked = drafts[start : start + TURN]
        order = [(champion, old), (candidate, new)]
        for adapter, answers in reversed(order) if turn % 2 else order:
            answers += answerer.answer(asked, adapter)
    return old, new


def _judge(exam: Exam, answers: Sequence[Answer], settings: GateSettings) -> Results:
    split = len(exam.drafts)
    return judge(
        exam.questions,
        answers[:split],
        exam.lessons,
        answers[split:],
        settings.say_threshold,
        [*exam.drafts, *exam.lesson_drafts],
    )


def _list_changes(
    exam: Exam, before: Results, old: Sequence[Answer], after: Results, new: Sequence[Answer]
) -> tuple[Change, ...]:
    """Return up to `CHANGES` questions that are answered differently: what got worse, then better, then the others.

    Only held-out questions are examples: what was taught is said as taught, which shows nothing.
    """
    size = len(exam.questions)
    changes = [
        Change(question.question, was.seen, now.seen, _VERDICTS[is_right - was_right], question.kind in _OF_PEOPLE)
        for question, was_right, is_right, was, now in zip(
            exam.questions, before.right, after.right, old[:size], new[:size], strict=True
        )
        if was.seen.split() != now.seen.split()
    ]
    return tuple(sorted(changes, key=lambda change: _SHOWN.index(change.verdict))[:CHANGES])


def build_scores(results: Results) -> Scores:
    """Return the figures of one model's results."""
    return Scores(
        heldout_right=sum(results.untaught.right),
        heldout=len(results.untaught.right),
        said=sum(results.said),
        lessons=len(results.said),
        refused_answerable=results.refused_answerable,
        answered_unanswerable=results.answered_unanswerable,
        failures=results.failures,
        median_ms=results.median_ms,
    )
