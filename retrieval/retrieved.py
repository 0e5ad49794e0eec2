"""What was found for one question: the value that search hands to the making of an answer."""

from dataclasses import dataclass

from retrieval.passage import Evidence, EvidenceLine, Hit, ReadSoFar
from retrieval.ranking.conflicts import Conflict


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The query as searched, the hits best first, the evidence, and how long it took.

    `question` is the question with all names removed: the model reads this one.
    `is_verified`: the evidence is one line to be said as it stands, either an answer that staff approved to this very
    question or the list of what Chip knows. `conflicts` are lines near the question that contradict each other, even
    if one of them is not shown as evidence.
    `is_question`: the message is more than small talk, so Chip refuses it if nothing was found. `confidence` in [0, 1]
    is how likely the first line answers, before the shift for the company. `offered` are the best lines of the pages
    that may help when Chip refuses. `reading` is set while documents were still being read.
    """

    query: str
    hits: tuple[Hit, ...]
    evidence: Evidence
    milliseconds: float
    question: str
    is_verified: bool = False
    conflicts: tuple[Conflict, ...] = ()
    is_question: bool = False
    confidence: float = 0.0
    offered: tuple[EvidenceLine, ...] = ()
    reading: ReadSoFar | None = None

    @property
    def is_unanswered(self) -> bool:
        """Whether it is a question for which nothing was found."""
        return self.is_question and not self.evidence.lines
