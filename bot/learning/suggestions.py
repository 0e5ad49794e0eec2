"""Suggests questions to a newcomer, made from the documents and tried before they are offered.

Knows the documents. Posts nothing itself.
"""

import threading
from collections.abc import Iterator
from itertools import islice, zip_longest

from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, HEADING_JOINT, Passage

MOST = 4  # what Slack shows
LONGEST = 90  # in characters
ABOUT = "What should I know about {}?"
_LOOKED_AT = 5_000  # in passages
_TRIED = 12  # questions; each is searched once

Signature = tuple[int, int]


class Suggestions:
    """The questions to offer. They are found again only if the documents changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made_of: Signature | None = None
        self.known: tuple[str, ...] = ()

    def find(self, knowledge: Knowledge) -> tuple[str, ...]:
        """Return up to four questions that the documents answer for customers. May take a second."""
        with self._lock:
            counts = knowledge.holdings.count()
            signature = (counts.passages, counts.for_customers)
            if signature != self._made_of:
                self.known = tuple(suggest_questions(knowledge))
                self._made_of = signature
        return self.known


def suggest_questions(knowledge: Knowledge) -> list[str]:
    """Return up to four questions that customers' documents answer: about their headings first, then their titles."""
    passages = list(islice(knowledge.passages(CUSTOMER_SCOPE), _LOOKED_AT))
    tried = islice(_make_candidates(passages), _TRIED)
    return list(islice((question for question in tried if _is_answered(knowledge, question)), MOST))


def _make_candidates(passages: list[Passage]) -> Iterator[str]:
    """Yield different questions: one of each document before the second of any."""
    headings: dict[str, dict[str, None]] = {}
    for passage in passages:
        last = passage.heading.rpartition(HEADING_JOINT)[2].strip()
        if last.endswith("?") and " " in last and len(last) <= LONGEST:
            headings.setdefault(passage.source, {})[last] = None
    rounds = zip_longest(*headings.values())
    asked = (question for one in rounds for question in one if question is not None)
    about = (ABOUT.format(title) for title in _spread([passage.title for passage in passages]))
    yield from dict.fromkeys([*asked, *(question for question in about if len(question) <= LONGEST)])


def _spread(titles: list[str]) -> list[str]:
    """Return just enough titles for the questions to try, spread evenly over all documents."""
    different = list(dict.fromkeys(titles))
    return different[:: max(1, len(different) // _TRIED)]


def _is_answered(knowledge: Knowledge, question: str) -> bool:
    return bool(knowledge.find_evidence(question, CUSTOMER_SCOPE, with_verified=False).evidence.lines)
