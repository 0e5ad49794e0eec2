"""Makes and chooses the gate's questions: all are the company's own, and none was trained on.

Lessons are asked in a wording that training never sees, and documents are asked for the figures in their sentences.
Knows nothing of answers.
"""

import hashlib
import random
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

from retrain.data.imported import find_facts
from retrain.data.lessons import normalise_question
from retrain.evaluate import HeldOutQuestion
from retrain.examples import Example
from retrain.prompt_forms import drop_markers
from retrain.rewording import reword, shorten
from retrieval.draft import Draft
from retrieval.english.sentences import split_sentences
from retrieval.passage import Audience, Passage

KeepsMeaning = Callable[[str, str], bool]

_FIRST_TURN = 2
_QUANTITY = re.compile(r"(?<![\w.,-])\d+(?:[.,]\d+)?\s(?=[^\W\d_]{3,}s\b)")
_NAME = re.compile(r"[^\W\d_a-z][\w-]*\s$")  # before the number of a product, and not of anything
_LEANS_BACK = re.compile(r"(?:it|its|this|that|these|those|they|their|there|here|and|or|but|so|then|also|if)\b", re.I)
_WORDS = range(6, 25)
_ASKED_FOR_OTHERS = 10


def find_kept_wordings(lessons: Iterable[Example], keeps_meaning: KeepsMeaning) -> list[HeldOutQuestion]:
    """Return each lesson's question in words that training never sees: another opening, and key words alone."""
    asked = (one for one in lessons if len(one.messages) == _FIRST_TURN and one.target)
    return [
        HeldOutQuestion(
            id=f"reworded-{number}-{lesson.group}",
            question=wording,
            audience=Audience.CUSTOMER,
            answer_contains=find_facts(drop_markers(lesson.target), lesson.question),
            answerable=True,
            kind="rewording",
            topic=lesson.group,
            target=lesson.target,
        )
        for lesson in asked
        for number, wording in enumerate([*reword(lesson.question)[-1:], *shorten(lesson.question)])
        if keeps_meaning(lesson.question, wording)
    ]


def ask_for_others(lessons: Iterable[Example]) -> list[HeldOutQuestion]:
    """Return some lessons' questions as asked for a woman, a man and a friend: the answer must not depend on that."""
    asked = [one for one in lessons if len(one.messages) == _FIRST_TURN and one.target and is_question(one.question)]
    return [
        HeldOutQuestion(
            id=f"person-{person}-{lesson.group}",
            question=f"My {person} asks: {lesson.question[:1].lower()}{lesson.question[1:]}",
            audience=Audience.CUSTOMER,
            answer_contains=find_facts(drop_markers(lesson.target), lesson.question),
            answerable=True,
            kind="person",
            topic=lesson.group,
            target=lesson.target,
        )
        for lesson in asked[:_ASKED_FOR_OTHERS]
        for person in ("sister", "brother", "friend")
    ]


def is_question(text: str) -> bool:
    """Whether a lesson asks one thing in one sentence, so that it can be asked for somebody else."""
    return text.strip().endswith("?") and len(split_sentences(text)) == 1


def make_document_questions(passages: Iterable[Passage], count: int) -> list[HeldOutQuestion]:
    """Return up to `count` questions for figures that the documents state, spread evenly over the passages."""
    made = [question for passage in passages if (question := _ask_passage(passage)) is not None]
    return made[:: max(1, len(made) // max(1, count))][:count]


def _ask_passage(passage: Passage) -> HeldOutQuestion | None:
    for sentence in split_sentences(passage.text):
        figures = [figure for figure in _QUANTITY.finditer(sentence) if not _NAME.search(sentence[: figure.start()])]
        is_alone = len(figures) == 1 and len(sentence.split()) in _WORDS and sentence.endswith(".")
        if not is_alone or not sentence[:1].isupper() or _LEANS_BACK.match(sentence) or "\n" in sentence:
            continue
        (figure,) = figures
        question = f"{sentence[: figure.start()]}how many {sentence[figure.end() :].rstrip('.')}?"
        facts = find_facts(sentence, question)
        if len(facts) == 1:
            return HeldOutQuestion(
                id=f"document-{passage.id}-{hashlib.blake2b(sentence.encode(), digest_size=4).hexdigest()}",
                question=question,
                audience=passage.audience,
                answer_contains=facts,
                answerable=True,
                kind="document",
                topic=passage.source,
            )
    return None


def is_checked(question: HeldOutQuestion, draft: Draft) -> bool:
    """Whether a question is fit to ask: one that a program made needs its answer in the evidence that is found."""
    if question.kind != "document":
        return True
    told = " ".join(line.text for line in draft.retrieved.evidence.lines).casefold()
    return all(any(way.casefold() in told for way in ways) for ways in question.answer_contains)


def choose_lessons(lessons: Sequence[Example], most: int, seed: int) -> list[Example]:
    """Return at most `most` of the lessons, drawn by chance, in their order: asking thousands again takes hours."""
    chosen = random.Random(seed).sample(range(len(lessons)), min(most, len(lessons)))
    return [lessons[number] for number in sorted(chosen)]


def choose_questions(
    questions: Sequence[HeldOutQuestion],
    lessons: Sequence[Example],
    most: int,
    covered: Collection[str] = frozenset(),
    uses: Mapping[str, int] | None = None,
) -> tuple[list[HeldOutQuestion], int]:
    """Return at most `most` questions, those that were asked least first, and how many were retired as now taught.

    A question that was trained on measures nothing, and people's corrections matter more than a question of the gate.
    `covered` are the questions that a lesson asks in other words. Each kind gets an equal share, as far as it has any.
    """
    taught = {normalise_question(question) for question in [*(lesson.question for lesson in lessons), *covered]}
    left = [
        one
        for one in questions
        if one.kind in ("rewording", "person") or normalise_question(one.question) not in taught
    ]
    kinds: dict[str, list[HeldOutQuestion]] = {}
    for one in sorted(left, key=lambda one: ((uses or {}).get(one.id, 0), _draw(one.id))):
        kinds.setdefault(one.kind, []).append(one)
    return list(_take_in_turn(kinds.values()))[:most], len(questions) - len(left)


def _take_in_turn(kinds: Iterable[Sequence[HeldOutQuestion]]) -> Iterator[HeldOutQuestion]:
    for together in zip_longest(*kinds):
        yield from (one for one in together if one is not None)


def _draw(identity: str) -> bytes:
    """Return a place in an order that says nothing of the questions, and is the same each time."""
    return hashlib.blake2b(identity.encode(), digest_size=8).digest()
