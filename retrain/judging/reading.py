"""General reading: questions over short passages that no company's documents hold, to tell whether a model forgot it.

They ship with Chip, are asked of both models in every run, and tell of a slice, never of a gain. Knows nothing of
models.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from retrain.evaluate import HeldOutQuestion
from retrieval.draft import Draft, build_draft
from retrieval.english.sentences import split_sentences
from retrieval.english.terms import tokenise
from retrieval.passage import CUSTOMER_SCOPE, Audience, Evidence, EvidenceLine, Match
from retrieval.retrieved import Retrieved

FILE = Path(__file__).with_name("reading_set.jsonl")
COMPANY = "the town of Fernhill"


@dataclass(frozen=True, slots=True)
class _Passage:
    """A passage about something in an invented town, below its heading path."""

    heading: str
    text: str


def load_reading(most: int, *, whole_passages: bool) -> list[tuple[HeldOutQuestion, Draft]]:
    """Return up to `most` questions with their drafts, in the form that the base reads."""
    return [(question, _draft(question.question, passage, whole_passages)) for question, passage in _load_file()[:most]]


@cache
def _load_file() -> Sequence[tuple[HeldOutQuestion, _Passage]]:
    """Return the first question of each passage, then the second of each, and so on, so that few cover many."""
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    asked = [(number, row, question) for row in rows for number, question in enumerate(row["questions"])]
    return [
        (_build_question(number, row["id"], question), _Passage(row["heading"], row["text"]))
        for number, row, question in sorted(asked, key=lambda one: one[0])
    ]


def _build_question(number: int, topic: str, row: dict[str, object]) -> HeldOutQuestion:
    groups = row["answer_contains"]
    assert isinstance(groups, list)
    return HeldOutQuestion(
        id=f"reading-{topic}-{number}",
        question=str(row["question"]),
        audience=Audience.CUSTOMER,
        answer_contains=tuple(tuple(group) for group in groups),
        answerable=bool(groups),
        kind="reading",
        topic=f"reading-{topic}",
    )


def _draft(question: str, passage: _Passage, whole_passages: bool) -> Draft:
    texts = [passage.text] if whole_passages else _order(question, split_sentences(passage.text))
    lines = tuple(EvidenceLine(number, text, passage.heading, "") for number, text in enumerate(texts, start=1))
    evidence = Evidence(lines, Match.FAIR, is_whole=whole_passages)
    retrieved = Retrieved(question, (), evidence, 0.0, question, is_question=True)
    return build_draft(retrieved, COMPANY, question, CUSTOMER_SCOPE)


def _order(question: str, sentences: Sequence[str]) -> list[str]:
    """Return the sentences with those first that share most words with the question, as search would bring them."""
    words = set(tokenise(question))
    return sorted(sentences, key=lambda sentence: -len(words & set(tokenise(sentence))))
