"""The teaching unit: lines of evidence and the questions that they answer. Knows nothing of tokens or of data sets."""

import re
from dataclasses import dataclass

from retrieval.passage import Turn

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z0-9\"'(\[])")
_ABBREVIATION = re.compile(r"(?:\b(?:[A-Z]|e\.g|i\.e|etc|vs|No|Mr|Mrs|Ms|Dr|St|Jr|Sr|Inc|Ltd|Co|approx)\.)$")


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence (or a few) as retrieval would cut it, under the heading that it stands below."""

    text: str
    heading: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A question about a context.

    `gold` is the index of the line to quote; None means that no line answers and `answer` is said instead (None there:
    the refusal). `thread` holds earlier turns.
    """

    question: str
    gold: int | None
    answer: str | None = None
    thread: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """Lines in document order and the questions asked of them."""

    lines: tuple[Line, ...]
    asks: tuple[Ask, ...]
    company: str = "Acme"


def split_sentences(text: str) -> list[str]:
    """Split plain text at sentence ends; abbreviations and initials do not end a sentence."""
    sentences: list[str] = []
    for piece in _SENTENCE_END.split(" ".join(text.split())):
        if sentences and _ABBREVIATION.search(sentences[-1]):
            sentences[-1] = f"{sentences[-1]} {piece}"
        elif piece:
            sentences.append(piece)
    return sentences
