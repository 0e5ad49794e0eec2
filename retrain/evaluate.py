"""Judges a model's answers to the gate's questions: those that measure it, and the lessons that it should learn.

What answers is passed in. Knows nothing of which model is the champion, nor of what follows from the figures.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any, Literal, Protocol

from retrain.adapter import Adapter
from retrain.errors import DatasetError
from retrain.examples import Example
from retrain.judging.style import leaves_style
from retrain.judging.whole import is_whole
from retrain.prompt_forms import drop_markers
from retrain.variations import split_words
from retrieval.draft import Draft
from retrieval.passage import Audience
from retrieval.prompt import is_refusal


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, or why there is none: then `failure` is set and `text` is empty. Times are in milliseconds.

    `text` is what the model wrote, which is what a rehearsal teaches. `shown` is what a person would see of it, which
    is what is judged (None: the same). `is_cut`: it reached the limit of its length or time. `withheld` counts its
    sentences that no document supports.
    """

    text: str
    milliseconds: float
    failure: str | None = None
    shown: str | None = None
    is_cut: bool = False
    withheld: int = 0

    @property
    def seen(self) -> str:
        """What a person would see of the answer."""
        return self.text if self.shown is None else self.shown


class Answerer(Protocol):
    """Answers drafts with the base and one adapter, as they would be served (greedy)."""

    def answer(self, drafts: Sequence[Draft], adapter: Adapter | None) -> list[Answer]:
        """Return one answer for each draft, in order. One that cannot be given is an `Answer` with its failure."""


Kind = Literal["file", "imported", "liked", "rewording", "document", "person", "reading"]


@dataclass(frozen=True, slots=True)
class HeldOutQuestion:
    """A question with known answers. A right answer holds one text of every group in `answer_contains`.

    With a `target`, an answer that says it is right too. `kind` says where the question comes from: the company's own
    file, imported history, a liked answer that was not trained on, another wording of a lesson, a lesson that somebody
    asks for somebody else, the documents, or general reading, which is nobody's.
    `topic` names what it shares its subject with; "" for nothing.
    """

    id: str
    question: str
    audience: Audience
    answer_contains: tuple[tuple[str, ...], ...]
    answerable: bool
    kind: Kind = "file"
    topic: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer as it was judged. A lesson is `right` if it is said as taught.

    A failure is neither right, nor refused, nor whole, and has no `milliseconds`. `refused` goes by what was seen: Chip
    also refuses in the place of what the check withheld. `words` counts what was seen. `off_style`: it is written
    otherwise than people here wrote the same; None where nobody did.
    """

    kind: Kind | Literal["lesson"]
    topic: str
    answerable: bool
    right: bool
    refused: bool
    whole: bool
    unsupported: bool
    words: int
    milliseconds: float | None
    off_style: bool | None = None


NO_GAIN: tuple[Kind, ...] = ("person", "reading")
"""What tells of a slice and of no gain: lessons that are asked for somebody else, and general reading."""


@dataclass(frozen=True, slots=True)
class Results:
    """What one model did with the questions and with the lessons, each in their order."""

    questions: tuple[Judged, ...]
    lessons: tuple[Judged, ...]

    @property
    def right(self) -> tuple[bool, ...]:
        """Which questions were answered rightly."""
        return tuple(one.right for one in self.questions)

    @property
    def said(self) -> tuple[bool, ...]:
        """Which lessons were said as taught."""
        return tuple(one.right for one in self.lessons)

    @property
    def untaught(self) -> "Results":
        """The results on what was not taught and is the company's own: only these tell of a gain."""
        return replace(self, questions=tuple(one for one in self.questions if one.kind not in NO_GAIN))

    @property
    def everything(self) -> tuple[Judged, ...]:
        """The questions, then the lessons."""
        return (*self.questions, *self.lessons)

    @property
    def refused_answerable(self) -> int:
        """How many questions were refused that have an answer."""
        return sum(one.answerable and one.refused for one in self.questions)

    @property
    def answered_unanswerable(self) -> int:
        """How many questions without an answer were not refused."""
        return sum(not one.answerable and not one.refused for one in self.questions)

    @property
    def failures(self) -> int:
        """How many answers could not be given."""
        return sum(one.milliseconds is None for one in self.everything)

    @property
    def median_ms(self) -> float | None:
        """The median time of an answer; None without answers."""
        times = [one.milliseconds for one in self.everything if one.milliseconds is not None]
        return median(times) if times else None


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
    drafts: Sequence[Draft] = (),
) -> Results:
    """Judge one model's answers to the questions and to the lessons, each in the same order.

    `drafts` are those of the questions, then of the lessons: an answer may end as a line of its evidence ends.
    """
    quotable = [[line.text for line in draft.retrieved.evidence.lines] for draft in drafts]
    quotable += [[] for _ in range(len(answers) + len(lesson_answers) - len(quotable))]
    asked = [
        _judge_answer(
            answer,
            held,
            kind=question.kind,
            topic=question.topic or question.id,
            answerable=question.answerable,
            right=is_right(question, answer, say_threshold),
            taught=question.target,
        )
        for question, answer, held in zip(questions, answers, quotable[: len(answers)], strict=True)
    ]
    taught = [
        _judge_answer(
            answer,
            held,
            kind="lesson",
            topic=lesson.topic or lesson.group,
            answerable=True,
            right=says(answer, lesson.target) >= say_threshold,
            taught=lesson.target,
        )
        for lesson, answer, held in zip(lessons, lesson_answers, quotable[len(answers) :], strict=True)
    ]
    return Results(tuple(asked), tuple(taught))


def _judge_answer(
    answer: Answer,
    quotable: Sequence[str],
    *,
    kind: Kind | Literal["lesson"],
    topic: str,
    answerable: bool,
    right: bool,
    taught: str,
) -> Judged:
    failed = answer.failure is not None
    refused = _refuses(answer)
    said = drop_markers(answer.seen)
    return Judged(
        kind=kind,
        topic=topic,
        answerable=answerable,
        right=right,
        refused=refused,
        whole=not failed and not answer.is_cut and (refused or is_whole(said, quotable)),
        unsupported=answer.withheld > 0,
        words=len(split_words(answer.seen)),
        milliseconds=None if failed else answer.milliseconds,
        off_style=not (failed or refused) and leaves_style(said, drop_markers(taught)) if taught else None,
    )


def is_right(question: HeldOutQuestion, answer: Answer, say_threshold: float = 1.0) -> bool:
    """Whether the answer holds what it must, says the question's target, or refuses if there is nothing to answer."""
    if answer.failure is not None:
        return False
    if not question.answerable:
        return is_refusal(answer.seen)
    if is_refusal(answer.seen):
        return False
    if question.target and says(answer, question.target) >= say_threshold:
        return True
    return bool(question.answer_contains) and holds_answer(question, drop_markers(answer.seen))


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
