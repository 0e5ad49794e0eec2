"""Lessons for the cross-encoder: a question, lines that may answer it, and which of them do; or none does.

Lines that do not answer are hard ones: those beside the answer on its page, and those of other pages that share most
words with the question (BM25). Public sets and invented companies only, as `public_sets` splits them. Knows nothing
of tokens or models.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import bm25s  # type: ignore[import-untyped]  # the package has no types
import numpy as np

from benchmarks.retrieval.pages import Asked, Corpus, Page
from benchmarks.retrieval.public_sets import load_corpora
from retrieval.lexical import tokenise

LINES = 6
# Of so many lessons the answer is taken away.
WITHOUT_ANSWER = 0.25
CHATTER = 0.2

_BEFORE = ("hi, ", "hello! ", "Hi there. ", "quick one: ", "sorry to bother you, ", "question - ", "Good morning, ")
_AFTER = (
    " thanks",
    " thank you!",
    " We just bought it.",
    ", can't find it anywhere",
    " It's for my mother.",
    " asking for a colleague",
    " we need to know this week",
    ", the box doesn't say",
)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question and its lines as (heading, text); `right` are the numbers of those that answer, maybe none."""

    corpus: str
    question: str
    lines: tuple[tuple[str, str], ...]
    right: frozenset[int]


def load_lessons(data: Path, *, held_out: bool, rounds: int, questions: int, seed: int = 11) -> Iterator[Lesson]:
    """Yield lessons of all sets; each round draws other articles, venues and companies."""
    for number in range(rounds):
        random = Random(seed + 1000 * number)
        corpora = load_corpora(data, held_out=held_out, questions=questions, seed=seed + 101 * number)
        for corpus in corpora:
            # Headings made questions are often hollow ("Can you explain examples?"): a fifth of them is enough.
            asked = corpus.asked[::5] if corpus.name == "docs" else corpus.asked
            yield from make_lessons(replace(corpus, asked=asked), random)


def make_lessons(corpus: Corpus, random: Random) -> Iterator[Lesson]:
    """Yield one lesson for each question of the corpus."""
    spots = [(page, place) for page, one in enumerate(corpus.pages) for place in range(len(one.lines))]
    places = {spot: number for number, spot in enumerate(spots)}
    texts = [f"{corpus.pages[page].heading} {corpus.pages[page].lines[place]}" for page, place in spots]
    index = bm25s.BM25()
    index.index([tokenise(text) for text in texts], show_progress=False)
    for asked in corpus.asked:
        found = [int(number) for number in np.argsort(-index.get_scores(tokenise(asked.question)), kind="stable")[:24]]
        right = [places[asked.page, place] for place in asked.lines] if asked.page is not None else []
        beside = _beside(asked, corpus.pages, places)
        chosen = _choose(found, beside, right, random)
        if len(chosen) < 3:
            continue
        lines = tuple(
            (corpus.pages[page].heading, corpus.pages[page].lines[place])
            for page, place in map(spots.__getitem__, chosen)
        )
        kept = frozenset(n for n, number in enumerate(chosen) if number in right)
        yield Lesson(corpus.name.split()[0], _chat(asked.question, random), lines, kept)


def _beside(asked: Asked, pages: Sequence[Page], places: dict[tuple[int, int], int]) -> list[int]:
    if asked.page is None:
        return []
    return [places[asked.page, place] for place in range(len(pages[asked.page].lines))]


def _choose(found: list[int], beside: list[int], right: list[int], random: Random) -> list[int]:
    """Return the numbers of the lines that a lesson shows, in any order."""
    leave_out = random.random() < WITHOUT_ANSWER
    chosen = [] if leave_out or not right else [random.choice(right)]
    near = [number for number in beside if number not in right]
    far = [number for number in found if number not in right and number not in near]
    random.shuffle(near)
    chosen += near[: LINES // 2]
    chosen += far[: LINES - len(chosen)]
    random.shuffle(chosen)
    return chosen


def _chat(question: str, random: Random) -> str:
    if random.random() < CHATTER:
        question = random.choice((f"{random.choice(_BEFORE)}{question}", f"{question}{random.choice(_AFTER)}"))
    if random.random() < 0.15:
        question = question.replace("'", "").rstrip("?")
    return question


def count_right_first(scores: Sequence[np.ndarray], lessons: Sequence[Lesson]) -> float:
    """Return the share of lessons with an answer whose best line is right; `scores` has one array for each lesson."""
    hits = [int(np.argmax(own)) in lesson.right for own, lesson in zip(scores, lessons, strict=True) if lesson.right]
    return float(np.mean(hits))
