"""`chip calibrate`: measures how sure search must be before Chip answers, on the company's own questions."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from config.settings import Settings
    from retrain.evaluate import HeldOutQuestion
    from retrieval.ranking.calibration import Calibration

FEW = 10  # questions of a kind; a share of fewer says nothing


class NothingToMeasureError(Exception):
    """Documents are missing, or questions of one kind. The message says what to add."""


@dataclass(slots=True)
class _Found:
    """How sure search was of each question: those whose answer it finds, and those best refused.

    `wrong` counts the answerable questions among the latter: the lines that were found do not hold the answer.
    """

    right: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    wrong: int = 0
    unanswerable: int = 0

    def require_both_kinds(self, questions: Path) -> None:
        answerable = len(self.right) + self.wrong
        if not answerable or not self.unanswerable:
            missing = "that the documents answer" if not answerable else 'that they do not answer ("answerable": false)'
            raise NothingToMeasureError(f"{questions} has no question {missing}. Add {FEW} or more of each kind.")
        if not self.right:
            raise NothingToMeasureError(
                f"Search finds the answer to none of the {answerable} questions that have one, so no setting helps. "
                "Look at the documents, and at what `answer_contains` asks for."
            )

    def tell(self, name: str, one: "Calibration") -> str:
        answerable = len(self.right) + self.wrong
        right = round(one.answered * len(self.right))
        wrong = round((1.0 - one.refused) * len(self.others))
        return (
            f"{name} {one.shift:+.2f}: {right} of {answerable} questions that the documents answer are answered right; "
            f"of {answerable + self.unanswerable} in all, {wrong} get an answer that is wrong or made up"
        )


def calibrate(settings: "Settings", questions: Path | None, output: Console) -> None:
    """Print the shift that best separates what the documents answer, next to the configured one.

    Raises `NothingToMeasureError` if no document is indexed, no file is named, it has questions of one kind only, or
    search finds none of the answers.
    """
    from retrain.evaluate import load_heldout
    from retrieval.ranking.calibration import find_shift, measure_shift
    from retrieval.ranking.evidence import EvidenceLimits

    if questions is None:
        raise NothingToMeasureError("Name a file of questions with --questions, or set retrain.heldout.")
    found = _search(settings, load_heldout(questions))
    found.require_both_kinds(questions)
    nothing = EvidenceLimits().nothing
    now = measure_shift(settings.knowledge.confidence_shift, found.right, found.others, nothing=nothing)
    best = find_shift(found.right, found.others, nothing=nothing)
    for name, one in (("as set ", now), ("best   ", best)):
        output.print(found.tell(name, one), markup=False, soft_wrap=True)
    if min(len(found.right) + found.wrong, found.unanswerable) < FEW:
        output.print(f"Fewer than {FEW} questions of a kind prove nothing, so keep what is set and add some.")
    elif best.balanced <= now.balanced:
        output.print("What is set tells them apart as well as any other value: keep it.")
    else:
        output.print(f"To use the best one, set knowledge.confidence_shift to {best.shift} and restart Chip.")


def _search(settings: "Settings", questions: "list[HeldOutQuestion]") -> _Found:
    """Search each question with nothing held back, and check whether the lines to quote hold the answer."""
    from bot.core import open_knowledge
    from retrain.evaluate import holds_answer
    from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience

    daring = settings.knowledge.model_copy(update={"confidence_shift": 8.0})
    knowledge = open_knowledge(settings.model_copy(update={"knowledge": daring}))
    found = _Found()
    try:
        if not knowledge.holdings.count().documents:
            raise NothingToMeasureError("No document is indexed. Run `chip ingest` on the folder of documents.")
        for question in questions:
            scope = STAFF_SCOPE if question.audience is Audience.STAFF else CUSTOMER_SCOPE
            got = knowledge.find_evidence(question.question, scope, with_verified=False)
            is_right = question.answerable and holds_answer(
                question, " ".join(line.flat for line in got.evidence.lines)
            )
            (found.right if is_right else found.others).append(got.confidence)
            found.wrong += question.answerable and not is_right
            found.unanswerable += not question.answerable
    finally:
        knowledge.close()
    return found
