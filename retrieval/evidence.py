"""Passages in, evidence out: the few sentences that answer best, ranked, and how well they match the question.

Scores are a blend measured on public questions (see `benchmarks/retrieval/`). Knows nothing of prompts or models.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.embedder import Embedder
from retrieval.index import unit_texts
from retrieval.lexical import tokenise
from retrieval.passage import Evidence, EvidenceLine, Hit, Match, Passage
from retrieval.sentences import Unit, count_words, split_units

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class EvidenceLimits:
    """How much evidence a prompt gets, and from which confidence on the match is worded as what."""

    max_lines: int = 9
    max_words: int = 160
    # Measured on the sample's held-out questions, answerable / unanswerable: above strong 60 % / 8 %, above fair 90 % /
    # 17 %, above nothing 100 % / 58 %.
    strong: float = 0.50
    fair: float = 0.35
    nothing: float = 0.26
    # A line is left out when it scores less than this share of the best one: half the words, the same answers held.
    keep_share: float = 0.60


@dataclass(frozen=True, slots=True)
class ScoredUnit:
    """A quotable stretch with what speaks for it: its cosine and its share of the question's words."""

    passage: Passage
    text: str
    similarity: float
    overlap: float
    score: float


def cut_evidence(
    question: str,
    hits: Sequence[Hit],
    *,
    embedder: Embedder,
    question_vector: Vectors | None = None,
    unit_vectors: Mapping[str, Vectors] | None = None,
    limits: EvidenceLimits | None = None,
) -> Evidence:
    """Return the best lines of the hits, best first and numbered from 1; none where nothing is near the question.

    `unit_vectors` holds stored vectors by passage id; what is missing there is encoded now (about 10 ms a sentence).
    """
    if not question.strip() or not hits:
        return Evidence((), Match.WEAK)
    vector = embedder.encode([question])[0] if question_vector is None else question_vector
    units = score_units(question, vector, hits, embedder=embedder, unit_vectors=unit_vectors or {})
    return choose_evidence(units, limits or EvidenceLimits())


def choose_evidence(units: Sequence[ScoredUnit], limits: EvidenceLimits) -> Evidence:
    """Return the lines that a prompt gets from scored units, and the word for how well they match."""
    confidence = rate_match(units)
    if confidence < limits.nothing:
        return Evidence((), Match.WEAK)
    return Evidence(_number(_choose(units, limits)), _word_match(confidence, limits))


def score_units(
    question: str, vector: Vectors, hits: Sequence[Hit], *, embedder: Embedder, unit_vectors: Mapping[str, Vectors]
) -> list[ScoredUnit]:
    """Return every quotable stretch of the hits, best first, ties in the order of the hits."""
    units = [split_units(hit.passage.text) for hit in hits]
    vectors = _collect_vectors(hits, embedder, unit_vectors)
    terms = [
        [set(tokenise(f"{hit.passage.heading} {unit.text}")) for unit in own]
        for hit, own in zip(hits, units, strict=True)
    ]
    weights = _weigh_terms(question, [term for own in terms for term in own])
    scored = []
    for rank, (hit, own, own_vectors, own_terms) in enumerate(zip(hits, units, vectors, terms, strict=True)):
        for position, (similarity, words) in enumerate(zip(own_vectors @ vector, own_terms, strict=True)):
            overlap = sum(weight for term, weight in weights.items() if term in words)
            score = 0.55 * float(similarity) + 0.45 * overlap + 0.02 / (1 + rank)
            text = _with_neighbour(own, position)
            scored.append(ScoredUnit(hit.passage, text, float(similarity), overlap, round(score, 5)))
    return sorted(scored, key=lambda unit: -unit.score)


def rate_match(units: Sequence[ScoredUnit]) -> float:
    """Return how sure it is that the units answer the question, in [0, 1]."""
    if not units:
        return 0.0
    best = units[0]
    return max(0.0, min(1.0, 0.5 * best.similarity + 0.5 * best.overlap))


def _collect_vectors(hits: Sequence[Hit], embedder: Embedder, stored: Mapping[str, Vectors]) -> list[Vectors]:
    missing = [hit.passage for hit in hits if hit.passage.id not in stored]
    texts = [unit_texts(passage) for passage in missing]
    encoded = embedder.encode([text for own in texts for text in own])
    ends = np.cumsum([len(own) for own in texts], dtype=int)
    fresh = {p.id: encoded[end - len(own) : end] for p, own, end in zip(missing, texts, ends, strict=True)}
    return [stored[hit.passage.id] if hit.passage.id in stored else fresh[hit.passage.id] for hit in hits]


def _weigh_terms(question: str, candidates: Sequence[set[str]]) -> dict[str, float]:
    """Return the question's terms with their shares of its meaning (sum 1): rare among the candidates weighs more.

    A number or a code counts double: it is what tells near-duplicate documents apart.
    """
    counts = Counter(term for terms in candidates for term in terms)
    raw = {}
    for term in dict.fromkeys(tokenise(question)):
        rarity = math.log(1.0 + (len(candidates) - counts[term] + 0.5) / (counts[term] + 0.5))
        raw[term] = rarity * (2.0 if any(c.isdigit() for c in term) else 1.0)
    total = sum(raw.values())
    return {term: weight / total for term, weight in raw.items()} if total else {}


def _with_neighbour(units: Sequence[Unit], position: int) -> str:
    """Return the unit, with the one before it where it leans on that ("It lasts 90 minutes.")."""
    unit = units[position]
    if not unit.leans_back or position == 0:
        return unit.text
    return f"{units[position - 1].text} {unit.text}"


def _choose(units: Sequence[ScoredUnit], limits: EvidenceLimits) -> list[ScoredUnit]:
    chosen: list[ScoredUnit] = []
    words = 0
    for unit in units:
        if len(chosen) == limits.max_lines or unit.score < limits.keep_share * units[0].score:
            break
        size = count_words(unit.text)
        if chosen and words + size > limits.max_words:
            continue
        if not any(_says_the_same(unit, other) for other in chosen):
            chosen.append(unit)
            words += size
    return chosen


def _says_the_same(unit: ScoredUnit, other: ScoredUnit) -> bool:
    """Whether one line holds the other, or both hold the same words about the same thing.

    Equal words under another heading are kept: "Runtime: 90 minutes" of two models are two facts.
    """
    if unit.passage.id == other.passage.id and (unit.text in other.text or other.text in unit.text):
        return True
    ours, theirs = (tokenise(f"{u.passage.heading} {u.text}") for u in (unit, other))
    union = set(ours) | set(theirs)
    numbers = {t for t in set(ours) ^ set(theirs) if any(c.isdigit() for c in t)}
    return bool(union) and not numbers and len(set(ours) & set(theirs)) / len(union) > 0.9


def _number(units: Sequence[ScoredUnit]) -> tuple[EvidenceLine, ...]:
    return tuple(
        EvidenceLine(number, unit.text, unit.passage.heading, unit.passage.id)
        for number, unit in enumerate(units, start=1)
    )


def _word_match(confidence: float, limits: EvidenceLimits) -> Match:
    if confidence >= limits.strong:
        return Match.STRONG
    return Match.FAIR if confidence >= limits.fair else Match.WEAK
