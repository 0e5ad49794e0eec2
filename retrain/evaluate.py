"""Asks a model the gate's questions and judges the answers: held-out questions and the lessons that it should learn.

What answers is passed in. Knows nothing of which model is the champion, nor of what follows from the figures.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Protocol

from retrain.adapter import Adapter
from retrain.errors import DatasetError
from retrain.examples import Example
from retrain.prompt_forms import drop_markers
from retrain.variations import split_words
from retrieval.draft import Draft
from retrieval.passage import Audience
from retrieval.prompt import is_refusal


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, or why there is none: then `failure` is set and `text` is empty. Times are in milliseconds.

    `text` is what the model wrote, which is what a rehearsal teaches. `shown` is what a person would see of it, which
    is what is judged (None: the same).
    """

    text: str
    milliseconds: float
    failure: str | None = None
    shown: str | None = None

    @property
    def seen(self) -> str:
        """What a person would see of the answer."""
        return self.text if self.shown is None else self.shown


class Answerer(Protocol):
    """Answers drafts with the base and one adapter, as they would be served (greedy)."""

    def answer(self, drafts: Sequence[Draft], adapter: Adapter | None) -> list[Answer]:
        """Return one answer for each draft, in order. One that cannot be given is an `Answer` with its failure."""


@dataclass(frozen=True, slots=True)
class HeldOutQuestion:
    """A question with known answers. A right answer holds one text of every group in `answer_contains`."""

    id: str
    question: str
    audience: Audience
    answer_contains: tuple[tuple[str, ...], ...]
    answerable: bool


@dataclass(frozen=True, slots=True)
class Results:
    """What one model did. `right` and `said` follow the order of the questions and of the lessons.

    A failure counts as wrong in both. `median_ms` is the median time of an answer, None without answers.
    """

    right: tuple[bool, ...]
    said: tuple[bool, ...]
    refused_answerable: int
    answered_unanswerable: int
    failures: int
    median_ms: float | None


def load_heldout(path: Path) -> list[HeldOutQuestion]:
    """Read the held-out questions, one JSON object for each line. Raises `DatasetError` naming the line."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"The held-out questions {path} cannot be read: {error}") from error
    questions = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                questions.append(_parse_question(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise DatasetError(f"{path}, line {number}: not a held-out question ({error!r}).") from error
    return questions


def _parse_question(row: dict[str, Any]) -> HeldOutQuestion:
    groups = tuple(tuple(str(text) for text in group) for group in row["answer_contains"])
    answerable = bool(row["answerable"])
    if answerable and not (groups and all(groups)):
        raise ValueError("an answerable question needs acceptable answers")
    return HeldOutQuestion(str(row["id"]), str(row["question"]), Audience(row["audience"]), groups, answerable)


def judge(
    questions: Sequence[HeldOutQuestion],
    answers: Sequence[Answer],
    lessons: Sequence[Example],
    lesson_answers: Sequence[Answer],
    say_threshold: float,
) -> Results:
    """Judge one model's answers to the held-out questions and to the lessons, each in the same order."""
    pairs = list(zip(questions, answers, strict=True))
    taught = list(zip(lessons, lesson_answers, strict=True))
    everything = [*answers, *lesson_answers]
    times = [answer.milliseconds for answer in everything if answer.failure is None]
    return Results(
        right=tuple(is_right(question, answer) for question, answer in pairs),
        said=tuple(says(answer, lesson.target) >= say_threshold for lesson, answer in taught),
        refused_answerable=sum(question.answerable and _refuses(answer) for question, answer in pairs),
        answered_unanswerable=sum(not question.answerable and not _refuses(answer) for question, answer in pairs),
        failures=sum(answer.failure is not None for answer in everything),
        median_ms=median(times) if times else None,
    )


def is_right(question: HeldOutQuestion, answer: Answer) -> bool:
    """Whether the answer holds what it must, or refuses if there is nothing to answer."""
    if answer.failure is not None:
        return False
    if not question.answerable:
        return is_refusal(answer.seen)
    return not is_refusal(answer.seen) and holds_answer(question, drop_markers(answer.seen))


def holds_answer(question: HeldOutQuestion, text: str) -> bool:
    """Whether a text has all that an answer to the question must contain."""
    said = _fold(text)
    return all(any(_fold(one) in said for one in group) for group in question.answer_contains)


def says(answer: Answer, target: str) -> float:
    """Return how far the answer says the target: ROUGE-L (F1 over words), without markers; 0.0 for a failure."""
    if answer.failure is not None:
        return 0.0
    return rouge_l(split_words(drop_markers(answer.seen)), split_words(drop_markers(target)))


def rouge_l(said: Sequence[str], wanted: Sequence[str]) -> float:
    """Return the F1 of the longest common subsequence in [0, 1]. After Lin 2004, with beta = 1."""
    if not said or not wanted:
        return float(list(said) == list(wanted))
    row = [0] * (len(wanted) + 1)
    for word in said:
        diagonal = 0
        for index, other in enumerate(wanted, start=1):
            above = row[index]
            row[index] = diagonal + 1 if word == other else max(above, row[index - 1])
            diagonal = above
    return 2 * row[-1] / (len(said) + len(wanted))


def _refuses(answer: Answer) -> bool:
    return answer.failure is None and is_refusal(answer.seen)


def _fold(text: str) -> str:
    return " ".join(text.casefold().replace("\u00a0", " ").replace("\u202f", " ").split())
