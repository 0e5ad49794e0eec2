"""Lessons for the cross-encoder: a question, lines that may answer it, and which of them do; or none does.

python -m models.recipes.cross_encoder.reading_lessons --data FOLDER --out var/lessons.jsonl.xz

Lines that do not answer are hard ones: those next to the answer on its page, and those of other pages that share most
words with the question (BM25) or come nearest in meaning (added in training, which may have a GPU for it). The file
holds one corpus per line. Public sets and invented companies only. Knows nothing of tokens or models.
"""

import argparse
import json
import lzma
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import bm25s  # type: ignore[import-untyped]  # the package has no types
import numpy as np

from models.recipes.data.pages import Corpus
from models.recipes.data.reading_sets import load_reading_corpora
from retrieval.english.terms import tokenise

# How many lines that share words with the question are kept for it.
LEXICAL = 16
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
class Question:
    """A question with the numbers of the lines that answer (maybe none), that stand beside them, that share words."""

    text: str
    right: tuple[int, ...]
    near: tuple[int, ...]
    lexical: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A corpus whose lines, as (heading, text), are numbered through."""

    name: str
    lines: tuple[tuple[str, str], ...]
    questions: tuple[Question, ...]


def make_reading(corpus: Corpus) -> Reading:
    """Return the corpus with its hard lines; about 2 ms a question."""
    spots = [(page, place) for page, one in enumerate(corpus.pages) for place in range(len(one.lines))]
    places = {spot: number for number, spot in enumerate(spots)}
    lines = tuple((corpus.pages[page].heading, corpus.pages[page].lines[place]) for page, place in spots)
    index = bm25s.BM25()
    index.index([tokenise(f"{heading} {text}") for heading, text in lines], show_progress=False)
    questions = []
    for asked in corpus.asked:
        words = tokenise(asked.question)
        if not words:
            continue
        scores = index.get_scores(words)
        top = np.argpartition(-scores, min(2 * LEXICAL, len(lines) - 1))[: 2 * LEXICAL]
        right = [] if asked.page is None else [places[asked.page, place] for place in sorted(asked.lines)]
        beside = (
            [] if asked.page is None else [places[asked.page, n] for n in range(len(corpus.pages[asked.page].lines))]
        )
        said = {lines[number] for number in right}
        near = [number for number in beside if lines[number] not in said]
        found = [int(n) for n in top[np.argsort(-scores[top], kind="stable")]]
        lexical = [number for number in found if lines[number] not in said and number not in near][:LEXICAL]
        questions.append(Question(asked.question, tuple(right), tuple(near), tuple(lexical)))
    return Reading(corpus.name.split()[0], lines, tuple(questions))


def write_readings(readings: Iterator[Reading], path: Path) -> None:
    """Write the readings, one to a line of JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", preset=6) as file:
        for reading in readings:
            asked = [(q.text, q.right, q.near, q.lexical) for q in reading.questions]
            file.write(json.dumps({"name": reading.name, "lines": reading.lines, "asked": asked}) + "\n")


def read_readings(path: Path) -> Iterator[Reading]:
    """Yield what `write_readings` wrote."""
    with lzma.open(path, "rt") as file:
        for row in map(json.loads, file):
            asked = tuple(Question(text, tuple(r), tuple(n), tuple(x)) for text, r, n, x in row["asked"])
            yield Reading(row["name"], tuple((heading, text) for heading, text in row["lines"]), asked)


def chat(question: str, random: Random) -> str:
    """Return the question, sometimes as somebody in a hurry types it."""
    if random.random() < CHATTER:
        question = random.choice((f"{random.choice(_BEFORE)}{question}", f"{question}{random.choice(_AFTER)}"))
    if random.random() < 0.15:
        question = question.replace("'", "").rstrip("?")
    return question


def choose_lines(
    question: Question, nearest: Sequence[int], random: Random, *, count: int, leave_out: float
) -> tuple[list[int], bool]:
    """Return the numbers of `count` lines to show, and whether the first of them answers (the others do not).

    `nearest` are the lines nearest to the question in meaning. In a share `leave_out` the answer is removed.
    """
    answered = bool(question.right) and random.random() >= leave_out
    chosen = [random.choice(question.right)] if answered else []
    wrong = set(question.right)
    pools = [list(question.near), list(question.lexical[: random.choice((4, 8, 16))]), list(nearest[:8])]
    for pool in pools:
        random.shuffle(pool)
    while len(chosen) < count and any(pools):
        pool = random.choice([pool for pool in pools if pool])
        number = pool.pop()
        if number not in wrong:
            wrong.add(number)
            chosen.append(number)
    return chosen, answered


def load_readings(data: Path) -> Iterator[Reading]:
    """Yield the readings of all training parts."""
    for corpus in load_reading_corpora(data):
        # Headings made questions are often hollow ("Can you explain examples?"): a fifth of them is enough.
        yield make_reading(replace(corpus, asked=corpus.asked[::5] if corpus.name == "docs" else corpus.asked))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="the folder of public data")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    write_readings(load_readings(arguments.data), arguments.out)


if __name__ == "__main__":
    main()
