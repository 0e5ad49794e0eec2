"""A lexical stand-in for the product's retrieval while training: ranks lines, and names the level of the match.

Cheap enough for the training loop, and noisy on purpose: the real ranking is wrong at times, and the model has to
overrule it. Knows nothing of tokens or of data sets.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from models.recipes.chip_nano.context import Line
from retrieval.passage import Match

_WORD = re.compile(r"\w+")
STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "can",
        "do",
        "does",
        "did",
        "for",
        "from",
        "has",
        "have",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "its",
        "my",
        "of",
        "on",
        "or",
        "our",
        "so",
        "that",
        "the",
        "their",
        "then",
        "there",
        "this",
        "to",
        "was",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "you",
        "your",
        "we",
        "me",
        "about",
        "am",
        "any",
    ]
)


def content_stems(text: str) -> set[str]:
    """Return the words that carry meaning, lower-cased and cut to five letters."""
    return {word[:5] for word in _WORD.findall(text.lower()) if word not in STOP}


@dataclass(frozen=True, slots=True)
class Rarity:
    """How rare a stem is among lines: the inverse document frequency of BM25."""

    counts: Counter[str]
    lines: int

    def weigh(self, stem: str) -> float:
        """Return the weight of a stem; a stem never seen weighs most."""
        count = self.counts[stem]
        return math.log(1 + (self.lines - count + 0.5) / (count + 0.5))


def count_rarity(texts: Iterable[str]) -> Rarity:
    """Count stems over lines."""
    counts: Counter[str] = Counter()
    lines = 0
    for text in texts:
        counts.update(content_stems(text))
        lines += 1
    return Rarity(counts, max(lines, 1))


class Ranker:
    """Scores lines by the share of the question's weight that they cover, in [0, 1]."""

    def __init__(self, rarity: Rarity) -> None:
        self._rarity = rarity

    def score(self, question: str, line: Line) -> float:
        """Return the covered share; words of the heading count for half."""
        asked = content_stems(question)
        text, heading = content_stems(line.text), content_stems(line.heading)
        total = sum(map(self._rarity.weigh, asked)) or 1.0
        found = sum(self._rarity.weigh(stem) * (1.0 if stem in text else 0.5) for stem in asked & (text | heading))
        length = 1.0 / (1.0 + 0.02 * max(0, len(text) - 12))
        return found / total * length

    def rank(self, question: str, lines: Sequence[Line], random: Random, noise: float) -> tuple[list[int], Match]:
        """Return the indices of the lines, best first, and the level of the best one's match."""
        scores = [self.score(question, line) for line in lines]
        noisy = [score + random.gauss(0.0, noise) for score in scores]
        order = sorted(range(len(lines)), key=lambda index: -noisy[index])
        best = (max(scores) if scores else 0.0) + random.gauss(0.0, 0.12)
        return order, Match.STRONG if best > 0.5 else Match.FAIR if best > 0.3 else Match.WEAK
