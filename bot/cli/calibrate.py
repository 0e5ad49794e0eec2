"""`chip calibrate`: measures how sure search must be before Chip answers, on the company's own questions."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from config.settings import Settings

FEW = 10  # questions of a kind, from which on a share says something


class NothingToMeasureError(Exception):
    """Documents are missing, or questions of one kind; says what to add."""


def calibrate(settings: "Settings", questions: Path | None, output: Console) -> None:
    """Print the shift that tells best what the documents answer, beside the one that is set.

    Raises `NothingToMeasureError` where no document is indexed, no file is named, or it has only answerable questions
    or none that are.
    """
    from bot.core import open_knowledge
    from retrain.evaluate import load_heldout
    from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience
    from retrieval.ranking.calibration import Calibration, find_shift, measure_shift
    from retrieval.ranking.evidence import EvidenceLimits

    if questions is None:
        raise NothingToMeasureError("Name a file of questions with --questions, or set retrain.heldout.")
    knowledge = open_knowledge(settings)
    sure: dict[bool, list[float]] = {True: [], False: []}
    try:
        if not knowledge.counts().documents:
            raise NothingToMeasureError("No document is indexed. Run `chip ingest` on the folder of documents.")
        for row in load_heldout(questions):
            scope = STAFF_SCOPE if row.audience is Audience.STAFF else CUSTOMER_SCOPE
            found = knowledge.find_evidence(row.question, scope, with_verified=False)
            sure[row.answerable].append(found.confidence)
    finally:
        knowledge.close()
    if not sure[True] or not sure[False]:
        missing = "that the documents answer" if not sure[True] else 'that they do not answer ("answerable": false)'
        raise NothingToMeasureError(f"{questions} has no question {missing}. Add {FEW} or more of each kind.")

    def tell(name: str, one: Calibration) -> None:
        output.print(
            f"{name} {one.shift:+.2f}: answers {one.answered:.0%} of {len(sure[True])} questions that the documents "
            f"answer, refuses {one.refused:.0%} of {len(sure[False])} others",
            markup=False,
            soft_wrap=True,
        )

    nothing = EvidenceLimits().nothing
    tell("as set ", measure_shift(settings.knowledge.shift, sure[True], sure[False], nothing=nothing))
    best = find_shift(sure[True], sure[False], nothing=nothing)
    tell("best   ", best)
    if min(map(len, sure.values())) < FEW:
        output.print(f"Fewer than {FEW} questions of a kind say little: add some before you rely on this.")
    output.print(f"To use it, set knowledge.confidence_shift to {best.shift} and restart Chip.")
