"""A message that asks two things is searched for each: "When do you open and what does delivery cost?".

Knows nothing of prompts or models.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from retrieval.asked.frames import put_in_english
from retrieval.knowledge import Knowledge
from retrieval.passage import Evidence, EvidenceLine, Scope, Turn
from retrieval.retrieved import Retrieved

MOST_WORDS = 40
LEAST_WORDS = 3
# Fewer than all auxiliaries: after "and" most of them go on with the same question.
_JOINT = re.compile(
    r"(?:\?\s+(?:(?:and|also|plus)[\s,]+)?|,?\s+and\s+(?:also\s+)?)"
    r"(?=(?:(?:in|at|on|for|from|to|by|with)\s+)?"
    r"(?:what|whats|what's|when|where|how|which|who|why|is|are|do|does|can|could|will|should)\b)",
    re.IGNORECASE,
)


def split_question(message: str) -> tuple[str, ...]:
    """Return the two questions of a message; the message alone if it asks one thing, or more than two."""
    parts = tuple(part.strip() for part in _JOINT.split(message.strip()) if part.strip())
    are_questions = len(parts) == 2 and all(len(part.split()) >= LEAST_WORDS for part in parts)
    return parts if are_questions and len(message.split()) <= MOST_WORDS else (message,)


def find_parts(
    knowledge: Knowledge,
    question: str,
    scope: Scope,
    thread: Sequence[Turn],
    *,
    with_verified: bool,
    whole_passages: bool,
) -> Retrieved:
    """Return the evidence for a message; for one that asks two things, that of both if the documents answer both.

    The second is read as a follow-up of the first: "and what does it cost?". What another language asks is searched in
    English too if nothing was found.
    """

    def find(asked: str, turns: Sequence[Turn]) -> Retrieved:
        return knowledge.find_evidence(asked, scope, turns, with_verified=with_verified, whole_passages=whole_passages)

    whole = find(question, thread)
    if not whole.evidence.lines and (english := put_in_english(question)):
        found = find(english, thread)
        return found if found.evidence.lines else whole
    parts = split_question(question)
    if len(parts) == 1 or whole.is_verified:
        return whole
    first, second = find(parts[0], thread), find(parts[1], [*thread, Turn("user", parts[0])])
    if not (first.evidence.lines and second.evidence.lines) or first.is_verified or second.is_verified:
        return whole
    lines = _merge(first.evidence, second.evidence)
    return replace(
        whole,
        hits=tuple(dict.fromkeys([*first.hits, *second.hits])),
        evidence=replace(first.evidence, lines=lines),
        confidence=min(first.confidence, second.confidence),
        conflicts=(*first.conflicts, *second.conflicts),
        milliseconds=whole.milliseconds + first.milliseconds + second.milliseconds,
    )


def _merge(first: Evidence, second: Evidence) -> tuple[EvidenceLine, ...]:
    """Return the best line of each and then the others that are not among them, numbered again."""
    best = [first.lines[0], second.lines[0]]
    others = [*first.lines[1:], *second.lines[1:]] if first.is_whole else []
    distinct: list[EvidenceLine] = []
    for line in [*best, *others]:
        if not any(line.passage_id == one.passage_id and line.text in one.text for one in distinct):
            distinct.append(line)
    return tuple(replace(line, number=number) for number, line in enumerate(distinct, start=1))
