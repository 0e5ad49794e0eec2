"""Measures retrieval on the sample company's questions: finding the passage, the line, and "not in the documents".

python -m benchmarks.retrieval.sample_company [--questions FILE] [--index FOLDER] [--cross-encoder off]

Nothing is tuned here.

How to read it: a passage is relevant if it stands in a named document and holds every fact of the answer; a line is
right if it holds every fact and nothing that is forbidden. Right lines count only what is shown as evidence, which is
nothing if the confidence is low. "Not here" is the AUROC of telling what the documents answer from what they do not.
"""

import json
import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from config.settings import PROJECT, SAMPLE, KnowledgeSettings
from retrieval.encoders.cross_encoder import CrossEncoder, load_cross_encoder
from retrieval.encoders.embedder import Embedder, load_embedder
from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience, Hit, Passage, Scope
from retrieval.ranking.evidence import SEARCHED_PASSAGES, RankedUnits, rank_units
from retrieval.search import score_dense, search
from retrieval.store.index import Index

QUESTIONS = PROJECT / "benchmarks" / "sample_company" / "questions.jsonl"


@dataclass(frozen=True, slots=True)
class Row:
    """One question with what a right answer holds. `facts` are groups; the answer needs one member of each."""

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


def measure(rows: Sequence[Row], folder: Path, cross_encoder: CrossEncoder | None) -> Iterator[Figure]:
    """Yield all figures over an index of the sample company that lies, or is made, in `folder`."""
    embedder = load_embedder()
    index = Index(folder, embedder)
    index.ingest(SAMPLE / "knowledge", default_audience=Audience.STAFF)
    answerable = [row for row in rows if row.answerable]
    rankings: dict[str, Callable[[Row], list[Passage]]] = {
        "dense": lambda row: _fetch_passages(index, list(score_dense(index, _encode(row), row.scope, 10))),
        "bm25": lambda row: _fetch_passages(index, index.lexical.rank(row.question, row.scope.audiences, 10)),
        "fused": lambda row: [h.passage for h, _ in search(index, row.question, _encode(row), row.scope, 10)],
        "reranked": lambda row: [
            hit.passage for hit in _rank(index, row, _encode(row), embedder, cross_encoder)[1][:10]
        ],
    }

    def _encode(row: Row) -> Any:
        return embedder.encode([row.question])[0]

    yield Figure("passages", index.catalogue.count()[1])
    for name, rank in rankings.items():
        yield from _measure_ranking(name, answerable, rank)
    confidences = [_rank(index, row, _encode(row), embedder, cross_encoder)[0].confidence for row in rows]
    if (auroc := _auroc(rows, confidences)) is not None:
        yield Figure('"not here", AUROC', auroc, goal="≥ 0.9")
    index.close()
    yield from _measure_evidence(rows, folder, cross_encoder)


def _rank(
    index: Index, row: Row, vector: Any, embedder: Embedder, cross_encoder: CrossEncoder | None
) -> tuple[RankedUnits, tuple[Hit, ...]]:
    found = search(index, row.question, vector, row.scope, SEARCHED_PASSAGES)
    stored = {entry.passage.id: entry.unit_vectors for _, entry in found}
    hits = [hit for hit, _ in found]
    ranked = rank_units(row.question, vector, hits, embedder=embedder, unit_vectors=stored, cross_encoder=cross_encoder)
    return ranked, ranked.order_hits(hits)


def _fetch_passages(index: Index, ids: list[str]) -> list[Passage]:
    entries = index.catalogue.get_entries(ids)
    return [entries[passage_id].passage for passage_id in ids if passage_id in entries]


def _measure_ranking(name: str, rows: Sequence[Row], rank: Callable[[Row], list[Passage]]) -> Iterator[Figure]:
    recalls, gains = [], []
    for row in rows:
        relevant = [row.is_found_in(passage) for passage in rank(row)]
        recalls.append(any(relevant[:5]))
        ideal = sum(1 / math.log2(place + 2) for place in range(max(1, sum(relevant))))
        gains.append(sum(1 / math.log2(place + 2) for place, yes in enumerate(relevant) if yes) / ideal)
    yield Figure(f"recall@5, {name}", fmean(recalls), goal="≥ 0.97" if name == "reranked" else "")
    yield Figure(f"nDCG@10, {name}", fmean(gains))


def _measure_evidence(rows: Sequence[Row], folder: Path, cross_encoder: CrossEncoder | None) -> Iterator[Figure]:
    knowledge = Knowledge(folder, load_embedder(), cross_encoder=cross_encoder)
    milliseconds, words, places = [], [], []
    by_kind: dict[str, list[bool]] = {}
    for row in rows:
        retrieved = knowledge.find_evidence(row.question, row.scope)
        milliseconds.append(retrieved.milliseconds)
        found = retrieved.evidence.lines
        if row.answerable:
            words.append(sum(len(line.text.split()) for line in found))
            place = next((line.number for line in found if row.is_answered_by(line.text)), 99)
            places.append(place)
            by_kind.setdefault(row.kind, []).append(place <= 3)
    knowledge.close()
    for most in (1, 3, 6):
        yield Figure(f"right line in the first {most}", fmean(place <= most for place in places))
    for kind, hits in sorted(by_kind.items()):
        yield Figure(f"right line in the first 3: {kind.replace('_', ' ')}", fmean(hits))
    yield Figure("words of evidence, mean", fmean(words))
    yield Figure("search and ranking, p50", median(milliseconds), "ms")
    yield Figure("search and ranking, p95", sorted(milliseconds)[int(0.95 * len(milliseconds))], "ms")


def _auroc(rows: Sequence[Row], confidences: Sequence[float]) -> float | None:
    """Return the chance that an answerable question scores above an unanswerable one; ties count half."""
    yes = [value for row, value in zip(rows, confidences, strict=True) if row.answerable]
    no = [value for row, value in zip(rows, confidences, strict=True) if not row.answerable]
    if not yes or not no:
        return None
    return fmean((a > b) + 0.5 * (a == b) for a in yes for b in no)


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--index", type=Path, default=None, help="keep the index here, and use it the next time")
    parser.add_argument("--cross-encoder", default=KnowledgeSettings().cross_encoder, help='a folder, or "off"')
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    rows = load_rows(chosen.questions)
    with tempfile.TemporaryDirectory() as scratch:
        index = chosen.index or Path(scratch) / "index"
        figures = list(measure(rows, index, load_cross_encoder(chosen.cross_encoder)))
    record(run, (replace(figure, on=f"{len(rows)} questions") for figure in figures), chosen.results)


if __name__ == "__main__":
    main()
