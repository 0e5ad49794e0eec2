"""The last lessons: single questions under evidence that the product's own ranking has put in order.

The lines of a context stand among those of another one, as search mixes them; their vectors are made once and kept.
Knows nothing of tokens or of optimisers.
"""

import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from models.recipes.chip_nano.context import Ask, Context, Line
from retrieval.encoders.embedder import Embedder
from retrieval.passage import Match, Vectors
from retrieval.prompt import MAX_EVIDENCE_LINES
from retrieval.ranking.evidence import EvidenceLimits
from retrieval.ranking.features import Candidate
from retrieval.ranking.rank import rank_lines

MOST_ASKS = 8
# The share of questions whose cut-off answer is put back, so that overruling is practised.
_PUT_BACK = 0.5
_NEIGHBOUR = 0.7
# How far below the best line others are shown lies between these factors: choosing among many is practised too.
_WIDTH = (0.5, 3.0)


@dataclass(frozen=True, slots=True)
class Embedded:
    """A context with some of its asks and the vectors of both: (lines, width) and (asks, width), rows of length 1."""

    context: Context
    asks: tuple[Ask, ...]
    lines: Vectors
    queries: Vectors


@dataclass(frozen=True, slots=True)
class Drawn:
    """A question, the lines that are shown for it (indices into `context.lines`), and how well they match."""

    context: Context
    order: list[int]
    ask: Ask
    match: Match


def write_query(ask: Ask) -> str:
    """Return what search is asked: a follow-up made to stand alone by the turn before it."""
    return f"{ask.thread[0].text} {ask.question}" if ask.thread else ask.question


def embed_contexts(contexts: Iterable[Context], embedder: Embedder, random: Random) -> list[Embedded]:
    """Return the contexts with their vectors. About 10 ms for each line and each ask."""
    embedded = []
    for context in contexts:
        asks = tuple(random.sample(context.asks, k=min(len(context.asks), MOST_ASKS)))
        texts = [f"{line.heading}: {line.text}" for line in context.lines] + [write_query(ask) for ask in asks]
        vectors = embedder.encode(texts)
        count = len(context.lines)
        embedded.append(Embedded(context, asks, vectors[:count], vectors[count:]))
    return embedded


def keep_embedded(path: Path, groups: Sequence[Sequence[Context]], embedder: Embedder, random: Random) -> "RankedDraw":
    """Return the draw over these groups. Vectors are read from `path`, or computed and written there."""
    if not path.exists():
        made = [embed_contexts(contexts, embedder, random) for contexts in groups]
        path.write_bytes(pickle.dumps(made))
    kept: list[list[Embedded]] = pickle.loads(path.read_bytes())  # written by this run
    return RankedDraw(kept, EvidenceLimits())


class RankedDraw:
    """Draws questions. Every group has the same weight, whatever its size."""

    def __init__(self, groups: Sequence[Sequence[Embedded]], limits: EvidenceLimits) -> None:
        self._groups = [group for group in groups if group]
        self._limits = limits

    def draw(self, random: Random, removed: float) -> Drawn:
        """Return a question under its evidence; in a share `removed` of them the line that answers is taken away."""
        group = random.choice(self._groups)
        chosen, other = random.choice(group), random.choice(group)
        place = random.randrange(len(chosen.asks))
        ask, vector = chosen.asks[place], chosen.queries[place].astype(np.float32)
        lines, vectors = list(chosen.context.lines), chosen.lines
        if other is not chosen and random.random() < _NEIGHBOUR:
            lines, vectors = lines + list(other.context.lines), np.concatenate([vectors, other.lines])
        hidden = ask.gold if ask.gold is not None and random.random() < removed else None
        shown = [index for index in range(len(lines)) if hidden is None or not _same(lines[index], lines[hidden])]
        own = len(chosen.context.lines)
        candidates = [Candidate(lines[i].heading, lines[i].text, passage=int(i >= own)) for i in shown]
        ranking = rank_lines(write_query(ask), vector, candidates, vectors[shown].astype(np.float32))
        best = float(ranking.scores.max()) if shown else 0.0
        keep_within = self._limits.keep_within * random.uniform(*_WIDTH)
        order = [shown[i] for i in ranking.order() if ranking.scores[i] > best - keep_within]
        order = self._cut(order, lines)
        if hidden is None and ask.gold is not None and ask.gold not in order and random.random() < _PUT_BACK:
            order[-1] = ask.gold
        match = self._word(ranking.confidence)
        context = Context(tuple(lines), (ask,), chosen.context.company)
        return Drawn(context, order if match is not None else [], ask, match or Match.WEAK)

    def _cut(self, order: list[int], lines: Sequence[Line]) -> list[int]:
        kept: list[int] = []
        words = 0
        for index in order[:MAX_EVIDENCE_LINES]:
            size = len(lines[index].text.split())
            if not kept or words + size <= self._limits.max_words:
                kept.append(index)
                words += size
        return kept

    def _word(self, confidence: float) -> Match | None:
        if confidence < self._limits.nothing:
            return None
        if confidence >= self._limits.strong:
            return Match.STRONG
        return Match.FAIR if confidence >= self._limits.fair else Match.WEAK


def _same(line: Line, other: Line) -> bool:
    return line.text == other.text
