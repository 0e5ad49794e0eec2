"""Compares lessons: finds rewordings, contradictions and topics.

Knows the question and target of lessons. Knows nothing of the database.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from retrain.data.duplicates import Encode, find_groups, join, keeps_meaning
from retrain.data.lessons import Lesson, normalise_question
from retrain.data.topics import find_topics, name_topics
from retrain.prompt_forms import read_claims
from retrieval.factcheck.check import Support, judge_claim
from retrieval.passage import EvidenceLine

_COMPARED = 8  # the latest lessons of a group are compared with each other, at most this many


@dataclass(frozen=True, slots=True)
class Grouped:
    """Lessons in the order of their weight; the decisive one comes last.

    `same` numbers the groups of rewordings, of the lessons' questions followed by the held-out ones. `apart` numbers
    the groups that a split keeps together: rewordings, and lessons of one thread. `topics` holds the number of each
    lesson's topic, and `names` a typical question of it.
    """

    lessons: Sequence[Lesson]
    heldout: Sequence[str]
    same: NDArray[np.int32]
    apart: NDArray[np.int32]
    topics: NDArray[np.int32]
    names: Sequence[str]
    encode: Encode | None = field(default=None, repr=False)

    def find_heldout(self) -> list[int]:
        """Return the positions of the lessons that reword a held-out question."""
        asked = set(self.same[len(self.lessons) :].tolist())
        return [number for number in range(len(self.lessons)) if int(self.same[number]) in asked]

    def find_covered(self, kept: Sequence[int]) -> frozenset[str]:
        """Return the held-out questions that these lessons ask."""
        taught = set(self.same[list(kept)].tolist())
        behind = self.same[len(self.lessons) :].tolist()
        return frozenset(question for question, group in zip(self.heldout, behind, strict=True) if group in taught)

    def find_contradicted(self, *, skip: Collection[int]) -> list[int]:
        """Return the positions of the lessons that a later lesson on the same question contradicts."""
        found = []
        for members in self._groups(skip):
            for place, number in enumerate(members[:-1]):
                later = members[place + 1 :]
                if any(_contradict(self.lessons[number], self.lessons[other]) for other in later):
                    found.append(number)
        return found

    def find_repeated(self, most: int, *, skip: Collection[int]) -> list[int]:
        """Return the positions of the votes whose question `most` later lessons reword."""
        surplus = (number for members in self._groups(skip, many=None) for number in members[:-most])
        return [number for number in surplus if self.lessons[number].example.source != "correction"]

    def keeps_meaning(self, question: str, reworded: str) -> bool:
        """Whether a rewording asks the same: with equal numbers and codes, and an equal meaning if it is known."""
        return keeps_meaning(question, reworded, self.encode)

    def _groups(self, skip: Collection[int], many: int | None = _COMPARED) -> Iterator[list[int]]:
        members: dict[int, list[int]] = defaultdict(list)
        for number in range(len(self.lessons)):
            if number not in skip:
                members[int(self.same[number])].append(number)
        for group in members.values():
            if len(group) > 1:
                yield group if many is None else group[-many:]


def group_lessons(lessons: Sequence[Lesson], heldout: Sequence[str], encode: Encode | None) -> Grouped:
    """Compare the lessons' questions with each other and with the held-out questions."""
    asked = [lesson.reply.query or lesson.reply.question for lesson in lessons]
    texts = [*asked, *heldout]
    vectors = encode(texts) if encode is not None and texts else None
    same = find_groups(texts, vectors)
    if vectors is None:
        topics, names = np.zeros(len(asked), np.int32), [""] * len(asked)
    else:
        topics = find_topics(vectors[: len(asked)])
        names = name_topics(vectors[: len(asked)], topics, asked)
    return Grouped(lessons, heldout, same, _find_apart(lessons, same), topics, names, encode)


def _find_apart(lessons: Sequence[Lesson], same: NDArray[np.int32]) -> NDArray[np.int32]:
    pairs = []
    for keys in ([int(one) for one in same[: len(lessons)]], [lesson.example.thread for lesson in lessons]):
        first: dict[object, int] = {}
        pairs += [(first.setdefault(key, number), number) for number, key in enumerate(keys)]
    return join(len(lessons), pairs)


def _contradict(one: Lesson, other: Lesson) -> bool:
    """Whether the claim check says that one lesson denies the other."""
    if normalise_question(one.example.target) == normalise_question(other.example.target):
        return False
    said, told = (read_claims(lesson.example.messages, lesson.example.target) for lesson in (one, other))
    heading = other.reply.query or other.reply.question
    held = [EvidenceLine(1, claim.text, heading, "") for claim in told]
    return any(judge_claim(claim.text, held).verdict is Support.CONTRADICTED for claim in said)
