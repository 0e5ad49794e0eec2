"""All lessons of the recipe, in the order in which they are taught: every source, mixed. Knows nothing of tokens."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from models.recipes.chip_nano.smalltalk import SAYINGS, load_chitchat
from models.recipes.chip_smol.companies import add_follow_ups, load_companies
from models.recipes.chip_smol.documentation import load_documentation
from models.recipes.chip_smol.lessons import Corpus, Lesson, make_lessons, talk_lesson
from models.recipes.chip_smol.public_sets import (
    load_dialogues,
    load_diseases,
    load_hardware,
    load_searches,
    load_squad,
    load_venues,
)
from models.recipes.chip_smol.typing_style import as_typed

FOLLOW_UPS = 0.12
# A reading is worth its tokens only if several questions share it.
FEWEST_ASKED = 4
# At most this many lessons per corpus, as a share of its passages.
SHARES = {
    "docs": 0.5,
    "squad": 0.22,
    "qed": 0.25,
    "diseases": 0.05,
    "companies": 0.3,
    "venues": 0.6,
    "hardware": 0.5,
    "dialogues": 0.5,
}


def load_lessons(data: Path, *, seed: int, scale: float = 1.0) -> list[Lesson]:
    """Return the lessons, shuffled. `scale` is the share of the whole curriculum, which takes a few minutes."""
    random = Random(seed)
    lessons = []
    for corpus in _load_corpora(data, random, scale):
        corpus = replace(corpus, asks=tuple(replace(a, question=as_typed(a.question, random)) for a in corpus.asks))
        corpus = add_follow_ups(corpus, random, FOLLOW_UPS)
        limit = max(1, round(len(corpus.pages) * SHARES.get(corpus.name, 1.0)))
        lessons += [lesson for lesson in make_lessons(corpus, random, limit) if len(lesson.asked) >= FEWEST_ASKED]
    lessons += _load_talk(data, lessons, random, round(len(lessons) * 0.03))
    random.shuffle(lessons)
    return lessons


def _load_corpora(data: Path, random: Random, scale: float) -> Iterator[Corpus]:
    yield from load_documentation(data, random, share=0.3 * scale)
    yield from load_squad(data / "squad" / "train-v1.1.json.xz", random, 0.5 * scale)
    yield from load_companies(random, round(60 * scale))
    yield from _some(load_searches(data / "qed_nq", random), scale)
    yield from _some(load_diseases(data / "medquad", random), scale)
    yield from load_hardware(data / "kb_espfaq")
    yield from load_venues(data / "dstc9_track1", random)
    yield from load_dialogues(data / "dstc11_track5", random)


def _some(corpora: Iterator[Corpus], scale: float) -> Iterator[Corpus]:
    found = list(corpora)
    yield from found[: max(1, round(len(found) * scale))]


def _load_talk(data: Path, lessons: list[Lesson], random: Random, count: int) -> Iterator[Lesson]:
    sayings = [(saying, answer) for answer, said in SAYINGS.items() for saying in said]
    extra = [(saying, answer) for answer, said in load_chitchat(data / "chitchat").items() for saying in said]
    for _ in range(count):
        pages = random.choice(lessons).pages[: random.choice((0, 2, 3))]
        said = random.sample(sayings, k=4) + random.sample(extra, k=2)
        yield talk_lesson("talk", pages, [(saying, answer) for saying, answer in said if answer], "Acme")
