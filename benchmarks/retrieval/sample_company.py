"""Measures retrieval on the sample company's questions: finding the passage, the line, and "not in the documents".

    python -m benchmarks.retrieval.sample_company [--questions FILE] [--index FOLDER] [--cross-encoder off] [--json]

A passage is relevant when it stands in a named document and holds every fact of the answer; a line is right when it
holds every fact and nothing that is forbidden. Prints figures only; nothing is tuned here.
"""

import argparse
import json
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from config.settings import PROJECT, SAMPLE, SAMPLE_SHIFT, KnowledgeSettings
from retrieval.encoders.cross_encoder import CrossEncoder, load_cross_encoder
from retrieval.encoders.embedder import Embedder, load_embedder
from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience, Hit, Passage, Scope
from retrieval.ranking.evidence import SEARCHED_PASSAGES, EvidenceLimits, RankedUnits, rank_units
from retrieval.search import search
from retrieval.store.index import Index

QUESTIONS = PROJECT / "benchmarks" / "sample_company" / "questions.jsonl"


@dataclass(frozen=True, slots=True)
class Row:
    """One question with what a right answer holds; `facts` are groups of which each needs one member."""

    question: str
    scope: Scope
    documents: tuple[str, ...]
    facts: tuple[tuple[str, ...], ...]
    forbid: tuple[str, ...]
    answerable: bool
    kind: str

    def is_answered_by(self, text: str) -> bool:
        lowered = text.lower()
        has_all = all(any(fact.lower() in lowered for fact in group) for group in self.facts)
        return bool(self.facts) and has_all and not any(word.lower() in lowered for word in self.forbid)

    def is_found_in(self, passage: Passage) -> bool:
        holds = all(any(fact.lower() in passage.text.lower() for fact in group) for group in self.facts)
        return passage.source in self.documents and holds


def load_rows(path: Path) -> list[Row]:
    return [_parse_row(json.loads(line)) for line in path.read_text().splitlines() if line.strip()]


def _parse_row(raw: dict[str, Any]) -> Row:
    return Row(
        raw["question"],
        STAFF_SCOPE if raw["audience"] == "staff" else CUSTOMER_SCOPE,
        tuple(raw["documents"]),
        tuple(tuple(group) for group in raw.get("facts", raw.get("answer_contains", []))),
        tuple(raw.get("forbid", [])),
        raw["answerable"],
        raw.get("kind", "any"),
    )


def measure(rows: Sequence[Row], folder: Path, cross_encoder: CrossEncoder | None) -> dict[str, Any]:
    """Return all figures over an index of the sample company that lies, or is made, in `folder`."""
    embedder = load_embedder()
    started = time.perf_counter()
    index = Index(folder, embedder)
    ingested = index.ingest(SAMPLE / "knowledge", default_audience=Audience.STAFF)
    figures: dict[str, Any] = {
        "passages": index.catalogue.count()[1],
        "ingest": {"documents read": ingested.added, "seconds": round(time.perf_counter() - started, 1)},
    }
    answerable = [row for row in rows if row.answerable]
    rankings: dict[str, Callable[[Row], list[Passage]]] = {
        "dense": lambda row: _fetch(index, index.vectors.rank(_encode(row), row.scope.audiences, 10)),
        "bm25": lambda row: _fetch(index, index.lexical.rank(row.question, row.scope.audiences, 10)),
        "fused": lambda row: [h.passage for h, _ in search(index, row.question, _encode(row), row.scope, 10)],
        "reranked": lambda row: [
            hit.passage for hit in _rank(index, row, _encode(row), embedder, cross_encoder)[1][:10]
        ],
    }

    def _encode(row: Row) -> Any:
        return embedder.encode([row.question])[0]

    figures["finding the passage"] = {name: _measure_ranking(answerable, rank) for name, rank in rankings.items()}
    confidences = [_rank(index, row, _encode(row), embedder, cross_encoder)[0].confidence for row in rows]
    figures["not in the documents, AUROC"] = _auroc(rows, confidences)
    index.close()
    figures |= _measure_evidence(rows, folder, cross_encoder)
    return figures


def _rank(
    index: Index, row: Row, vector: Any, embedder: Embedder, cross_encoder: CrossEncoder | None
) -> tuple[RankedUnits, tuple[Hit, ...]]:
    found = search(index, row.question, vector, row.scope, SEARCHED_PASSAGES)
    stored = {entry.passage.id: entry.unit_vectors for _, entry in found}
    hits = [hit for hit, _ in found]
    ranked = rank_units(row.question, vector, hits, embedder=embedder, unit_vectors=stored, cross_encoder=cross_encoder)
    return ranked, ranked.order_hits(hits)


def _fetch(index: Index, ids: list[str]) -> list[Passage]:
    entries = index.catalogue.get_entries(ids)
    return [entries[identity].passage for identity in ids if identity in entries]


def _measure_ranking(rows: Sequence[Row], rank: Callable[[Row], list[Passage]]) -> dict[str, float]:
    recalls, gains = [], []
    for row in rows:
        relevant = [row.is_found_in(passage) for passage in rank(row)]
        recalls.append(any(relevant[:5]))
        ideal = sum(1 / math.log2(place + 2) for place in range(max(1, sum(relevant))))
        gains.append(sum(1 / math.log2(place + 2) for place, yes in enumerate(relevant) if yes) / ideal)
    return {"recall@5": round(fmean(recalls), 3), "nDCG@10": round(fmean(gains), 3)}


def _measure_evidence(rows: Sequence[Row], folder: Path, cross_encoder: CrossEncoder | None) -> dict[str, Any]:
    knowledge = Knowledge(
        folder, load_embedder(), limits=EvidenceLimits(shift=SAMPLE_SHIFT), cross_encoder=cross_encoder
    )
    milliseconds, words, places = [], [], []
    matches = {True: {"strong": 0, "fair": 0, "weak": 0, "nothing": 0}}
    matches[False] = dict(matches[True])
    by_kind: dict[str, list[bool]] = {}
    for row in rows:
        retrieved = knowledge.find_evidence(row.question, row.scope)
        milliseconds.append(retrieved.milliseconds)
        found = retrieved.evidence.lines
        matches[row.answerable][str(retrieved.evidence.match) if found else "nothing"] += 1
        if row.answerable:
            words.append(sum(len(line.text.split()) for line in found))
            place = next((line.number for line in found if row.is_answered_by(line.text)), 99)
            places.append(place)
            by_kind.setdefault(row.kind, []).append(place <= 3)
    knowledge.close()
    return {
        "right line among the first": {n: round(fmean(place <= n for place in places), 3) for n in (1, 3, 6, 9)},
        "right line in the first 3, by kind": {kind: round(fmean(hits), 2) for kind, hits in sorted(by_kind.items())},
        "words of evidence, mean": round(fmean(words)),
        "match of answerable": matches[True],
        "match of unanswerable": matches[False],
        "milliseconds": {
            "p50": round(median(milliseconds), 1),
            "p95": round(sorted(milliseconds)[int(0.95 * len(milliseconds))], 1),
        },
    }


def _auroc(rows: Sequence[Row], confidences: Sequence[float]) -> float | None:
    """Return the chance that an answerable question scores above an unanswerable one; ties count half."""
    yes = [value for row, value in zip(rows, confidences, strict=True) if row.answerable]
    no = [value for row, value in zip(rows, confidences, strict=True) if not row.answerable]
    if not yes or not no:
        return None
    return round(fmean((a > b) + 0.5 * (a == b) for a in yes for b in no), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--index", type=Path, default=None, help="keep the index here, and use it the next time")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--cross-encoder", default=KnowledgeSettings().cross_encoder, help='a folder, or "off"')
    arguments = parser.parse_args()
    cross_encoder = load_cross_encoder(arguments.cross_encoder)
    with tempfile.TemporaryDirectory() as scratch:
        figures = measure(load_rows(arguments.questions), arguments.index or Path(scratch) / "index", cross_encoder)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
