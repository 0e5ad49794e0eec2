"""The teaching unit: some passages of one corpus, as search would show them, and all questions over them.

Passages that do not answer are hard ones: those that share most words with the question. Some questions are about
passages that are not shown; they must be refused. Knows nothing of tokens or of where a corpus comes from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import bm25s  # type: ignore[import-untyped]  # the package has no types
import numpy as np

from models.recipes.chip_smol.prompt import Page, cite
from retrieval.english.terms import tokenise
from retrieval.passage import Turn
from retrieval.prompt import REFUSAL

CONTEXT_CHARACTERS = 2_600
SHOWN = (2, 3, 4, 4, 5)
# How often the passage of most questions comes first, as the answering passage does in a search.
FIRST = 0.5
ASKED_OF_THE_FIRST, ASKED_OF_ANOTHER = 6, 4
REFUSED = 0.25
HOLDS_THE_ANSWER = 0.8
# The share of lessons that ask two things in one message.
JOINED = 0.4
LONGEST_TO_JOIN = 300


@dataclass(frozen=True, slots=True)
class Ask:
    """A question and its answer: sentences of passage `page`, or what is said without a passage if that is None."""

    question: str
    said: tuple[str, ...]
    page: int | None
    thread: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Corpus:
    """Passages that are searched together, as the documents of one company are, and the questions about them."""

    name: str
    pages: tuple[Page, ...]
    asks: tuple[Ask, ...]
    company: str = "Acme"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the answer that is to be learned, citations included."""

    question: str
    answer: str
    thread: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesson:
    """Passages in the order in which they are shown, and the questions asked over them."""

    source: str
    pages: tuple[Page, ...]
    asked: tuple[Asked, ...]
    company: str


def make_lessons(corpus: Corpus, random: Random, limit: int) -> Iterator[Lesson]:
    """Yield up to `limit` lessons, each around another passage that questions are asked of."""
    by_page: dict[int, list[Ask]] = {}
    for ask in corpus.asks:
        if ask.page is not None:
            by_page.setdefault(ask.page, []).append(ask)
    finder = _Finder(corpus.pages)
    anchors = list(by_page)
    random.shuffle(anchors)
    for anchor in anchors[:limit]:
        found = finder.find(random.choice(by_page[anchor]).question)
        near = [page for page in found if page != anchor]
        shown, left = _choose_shown(corpus.pages, anchor, near, random)
        asked = list(_ask(shown, anchor, by_page, random))
        asked += _join(asked, random)
        absent = [ask for page in left for ask in by_page.get(page, ())]
        asked += _refuse(absent, corpus.pages, shown, random)[: _draw_count(REFUSED * len(asked), random)]
        random.shuffle(asked)
        yield Lesson(corpus.name, tuple(corpus.pages[page] for page in shown), tuple(asked), corpus.company)


class _Finder:
    """Finds the passages of a corpus that share most words with a question."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._index = bm25s.BM25()
        self._index.index([tokenise(f"{page.heading} {page.text}") or ["-"] for page in pages], show_progress=False)
        self._size = len(pages)

    def find(self, question: str, count: int = 14) -> list[int]:
        words = tokenise(question)
        if not words:
            return []
        scores = self._index.get_scores(words)
        return [int(page) for page in np.argsort(-scores, kind="stable")[: min(count, self._size)]]


def _choose_shown(
    pages: Sequence[Page], anchor: int, near: Sequence[int], random: Random
) -> tuple[list[int], list[int]]:
    """Return the passages to show, within the budget of characters, and the near ones that are left out."""
    wanted = random.choice(SHOWN)
    room = CONTEXT_CHARACTERS - _size(pages[anchor])
    others: list[int] = []
    pool = list(near)
    # A passage that search ranked first is sometimes removed, so that its questions must be refused.
    while pool and len(others) < wanted - 1:
        page = pool.pop(0 if random.random() < 0.8 else random.randrange(len(pool)))
        if _size(pages[page]) <= room:
            others.append(page)
            room -= _size(pages[page])
    random.shuffle(others)
    others.insert(0 if random.random() < FIRST else random.randrange(len(others) + 1), anchor)
    return others, [page for page in near if page not in others]


def _size(page: Page) -> int:
    return len(page.heading) + len(page.text) + 6


def _ask(shown: Sequence[int], anchor: int, by_page: dict[int, list[Ask]], random: Random) -> Iterator[Asked]:
    for number, page in enumerate(shown, start=1):
        asks = by_page.get(page, [])
        limit = ASKED_OF_THE_FIRST if page == anchor else ASKED_OF_ANOTHER
        for ask in random.sample(asks, k=min(limit, len(asks))):
            yield Asked(ask.question, cite(ask.said, number), ask.thread)


def _join(asked: Sequence[Asked], random: Random) -> list[Asked]:
    """Sometimes ask two things at once. Both are answered, each from its passage."""
    alone = [one for one in asked if not one.thread and len(one.answer) < LONGEST_TO_JOIN]
    if len(alone) < 2 or random.random() > JOINED:
        return []
    first, second = random.sample(alone, k=2)
    joint = random.choice((" And ", " Also, ", " and ", "\n"))
    question = f"{first.question}{joint}{second.question[0].lower()}{second.question[1:]}"
    return [Asked(question, f"{first.answer} {second.answer}")]


def _refuse(asks: Sequence[Ask], pages: Sequence[Page], shown: Sequence[int], random: Random) -> list[Asked]:
    """Ask what only hidden passages answer. Questions that a visible passage seems to answer are left out."""
    words = [set(tokenise(f"{pages[page].heading} {pages[page].text}")) for page in shown]
    asks = random.sample(list(asks), k=min(8, len(asks)))
    absent = [ask for ask in asks if not any(_is_held(ask, held) for held in words)]
    return [Asked(ask.question, REFUSAL, ask.thread) for ask in absent]


def _draw_count(mean: float, random: Random) -> int:
    return int(mean) + (random.random() < mean % 1)


def _is_held(ask: Ask, words: set[str]) -> bool:
    said = set(tokenise(" ".join(ask.said)))
    return len(said & words) >= HOLDS_THE_ANSWER * len(said)


def talk_lesson(source: str, pages: Sequence[Page], said: Sequence[tuple[str, str]], company: str) -> Lesson:
    """Return a lesson of small talk, over passages that search found by chance or none."""
    return Lesson(source, tuple(pages), tuple(Asked(saying, answer) for saying, answer in said), company)
