"""Finds the lessons that are nearest to a question: what an adapter may have answered from. Knows rows and vectors."""

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nlargest

from feedback.signals import find_telling_words
from retrain.data.duplicates import Encode
from retrain.examples import Example

COMPARED = 48
"""So many lessons that share most words are compared by meaning."""


@dataclass(frozen=True, slots=True)
class NearLesson:
    """A lesson and how like its question is to another, in [-1, 1]."""

    lesson: Example
    likeness: float


def find_nearest(question: str, examples: Iterable[Example], encode: Encode, count: int) -> list[NearLesson]:
    """Return up to `count` lessons that training saw, those with the likest questions first."""
    lessons = list({one.group: one for one in examples if one.trains and one.question}.values())
    words = find_telling_words(question)
    near = nlargest(COMPARED, lessons, key=lambda one: len(words & find_telling_words(one.question)))
    if not near:
        return []
    asked, *others = encode([question, *(one.question for one in near)])
    liked = [NearLesson(one, float(asked @ other)) for one, other in zip(near, others, strict=True)]
    return sorted(liked, key=lambda one: -one.likeness)[:count]
