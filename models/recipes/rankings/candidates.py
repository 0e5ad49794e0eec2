"""Candidate lines for questions over a small corpus, as the product's search brings them: dense and BM25 ranks fused.

Vectors are kept in a folder between runs, since encoding takes about 10 ms a line. Knows nothing of features.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.recipes.data.pages import Corpus
from retrieval.encoders.embedder import Embedder
from retrieval.passage import Audience, Vectors
from retrieval.ranking.features import Candidate
from retrieval.search import DEPTH, fuse
from retrieval.store.lexical import build_lexical_index


@dataclass(frozen=True, slots=True)
class Found:
    """A question with its candidate lines; `right` holds the numbers of the lines that answer, if any."""

    corpus: str
    question: str
    vector: Vectors
    candidates: tuple[Candidate, ...]
    vectors: Vectors
    right: frozenset[int]

    def without_answer(self, *, page: bool) -> "Found | None":
        """Return the same question where the lines that answer are missing, or their whole passage."""
        gone = {self.candidates[line].passage for line in self.right} if page else set()
        kept = [n for n, line in enumerate(self.candidates) if line.passage not in gone and n not in self.right]
        passages = {old: new for new, old in enumerate(sorted({self.candidates[n].passage for n in kept}))}
        lines = [self.candidates[number] for number in kept]
        moved = tuple(Candidate(line.heading, line.text, passages[line.passage]) for line in lines)
        return Found(self.corpus, self.question, self.vector, moved, self.vectors[kept], frozenset()) if kept else None


class Encoder:
    """An embedder that remembers what it has encoded in a file."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._embedder = embedder
        self._path = folder / "vectors.npz"
        self._known: dict[str, Vectors] = {}
        if self._path.exists():
            stored = np.load(self._path)
            self._known = dict(zip(stored["keys"].tolist(), stored["vectors"].astype(np.float32), strict=True))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (n, width) rows of length 1."""
        keys = [hashlib.sha256(text.encode()).hexdigest()[:24] for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if new:
            self._known |= dict(zip(new, self._embedder.encode(list(new.values())), strict=True))
            vectors = np.array(list(self._known.values())).astype(np.float16)
            np.savez(self._path, keys=np.array(list(self._known)), vectors=vectors)
        return np.array([self._known[key] for key in keys])


def find_candidates(corpus: Corpus, encoder: Encoder, limit: int) -> list[Found]:
    """Return each question of the corpus with the lines of the `limit` best passages, in the order of the search."""
    pages = corpus.pages
    lengths = [len(page.lines) for page in pages]
    owners = np.repeat(np.arange(len(pages)), lengths)
    starts = np.cumsum([0, *lengths])
    lines = encoder.encode([f"{page.heading}: {line}" for page in pages for line in page.lines])
    questions = encoder.encode([asked.question for asked in corpus.asked])
    names = [f"{number:06d}" for number in range(len(pages))]
    texts = [f"{page.heading} {' '.join(page.lines)}" for page in pages]
    lexical = build_lexical_index(names, [Audience.CUSTOMER] * len(pages), texts)
    found = []
    for asked, vector in zip(corpus.asked, questions, strict=True):
        best = np.full(len(pages), -1.0)
        np.maximum.at(best, owners, lines @ vector)
        dense = {int(page): float(best[page]) for page in np.argsort(-best)[:DEPTH]}
        words = lexical.score(asked.question, frozenset({Audience.CUSTOMER}), DEPTH)
        scores = fuse(dense, {int(name): score for name, score in words.items()})
        order = sorted(scores, key=lambda page: (-scores[page], page))[:limit]
        rows = np.concatenate([np.arange(starts[page], starts[page + 1]) for page in order])
        candidates = [
            Candidate(pages[page].heading, line, rank) for rank, page in enumerate(order) for line in pages[page].lines
        ]
        spots = [(page, place) for page in order for place in range(lengths[page])]
        right = frozenset(n for n, (page, place) in enumerate(spots) if page == asked.page and place in asked.lines)
        if right or asked.page is None:
            found.append(Found(corpus.name, asked.question, vector, tuple(candidates), lines[rows], right))
    return found
