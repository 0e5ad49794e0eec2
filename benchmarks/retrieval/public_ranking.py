"""Measures finding the passage on public questions and the sample company: dense, BM25, fused and reranked.

    python -m benchmarks.retrieval.public_ranking --data FOLDER [--questions 150] [--only squad ...] [--json]

Held-out parts only, by the product's own index, search and order of hits. A passage is relevant where it comes from the
page that answers and holds a line that does. "Not here": the AUROC of telling the questions that a set's own pages
answer from those that they do not (SQuAD 2.0 has such questions). Nothing is tuned here.
"""

import argparse
import json
import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.retrieval.sample_company import QUESTIONS, Row, load_rows
from bot.core import open_knowledge
from config.settings import SAMPLE, Settings
from models.recipes.data.pages import Asked, Corpus
from models.recipes.data.public_sets import load_corpora
from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, Audience, Passage, Scope
from retrieval.ranking.evidence import SEARCHED_PASSAGES, rank_units
from retrieval.reading.documents import Document, DocumentKind, Item, Rules, Unreadable
from retrieval.search import search
from retrieval.sources.folder import fingerprint

SETS = ("squad", "qed", "venues", "dialogues", "hardware")
DEPTH = 10


class Question:
    """A question, what its asker may read, and whether a passage answers it."""

    def __init__(self, text: str, scope: Scope, answers: Callable[[Passage], bool], *, has_answer: bool) -> None:
        self.text = text
        self.scope = scope
        self.answers = answers
        self.has_answer = has_answer


def list_pages(corpus: Corpus) -> Iterator[Item]:
    """Yield each page as a document of its lines."""
    for number, page in enumerate(corpus.pages):
        text = "\n\n".join(page.lines)
        document = Document(_name(number), page.heading, Audience.PUBLIC, None, DocumentKind.TEXT, text, text)
        yield Item(document.source, fingerprint(text.encode(), Rules()), partial(_read, document))


def _read(document: Document) -> Iterator[Document | Unreadable]:
    yield document


def _name(number: int) -> str:
    return f"{number:06}.txt"


def ask_corpus(corpus: Corpus) -> list[Question]:
    return [_ask(corpus, asked) for asked in corpus.asked]


def _ask(corpus: Corpus, asked: Asked) -> Question:
    lines = [corpus.pages[asked.page].lines[line] for line in asked.lines] if asked.page is not None else []
    source = _name(asked.page) if asked.page is not None else ""

    def answers(passage: Passage) -> bool:
        return passage.source == source and any(line in passage.text for line in lines)

    return Question(asked.question, CUSTOMER_SCOPE, answers, has_answer=asked.page is not None)


def ask_company(rows: Sequence[Row]) -> list[Question]:
    return [Question(row.question, row.scope, row.is_found_in, has_answer=row.answerable) for row in rows]


def measure(knowledge: Knowledge, questions: Sequence[Question]) -> dict[str, Any]:
    """Return nDCG@10 and recall@5 of the four rankings over an index, and the AUROC of "not here"."""
    index, embedder = knowledge._index, knowledge._embedder
    found: dict[str, list[tuple[float, float]]] = {"dense": [], "BM25": [], "fused": [], "reranked": []}
    confidences: dict[bool, list[float]] = {True: [], False: []}
    for question in questions:
        vector = embedder.encode([question.text])[0]
        hits, confidence = rerank(knowledge, question.text, vector, question.scope)
        confidences[question.has_answer].append(confidence)
        if not question.has_answer:
            continue
        audiences = question.scope.audiences
        rankings = {
            "dense": _fetch(knowledge, index.vectors.rank(vector, audiences, DEPTH)),
            "BM25": _fetch(knowledge, index.lexical.rank(question.text, audiences, DEPTH)),
            "fused": [hit.passage for hit, _ in search(index, question.text, vector, question.scope, DEPTH)],
            "reranked": hits[:DEPTH],
        }
        for name, passages in rankings.items():
            found[name].append(_score([question.answers(passage) for passage in passages]))
    figures: dict[str, Any] = {"passages": index.catalogue.count()[1], "questions": len(found["fused"])}
    for name, scores in found.items():
        gains, recalls = zip(*scores, strict=True)
        figures[name] = {"nDCG@10": round(fmean(gains), 3), "recall@5": round(fmean(recalls), 3)}
    single = max(figures[name]["nDCG@10"] for name in ("dense", "BM25"))
    figures["fused beats the better single one"] = figures["fused"]["nDCG@10"] > single
    yes, no = confidences[True], confidences[False]
    if no:
        pairs = product(yes, no)
        figures['AUROC of "not here"'] = round(fmean((a > b) + 0.5 * (a == b) for a, b in pairs), 3)
    return figures


def rerank(knowledge: Knowledge, question: str, vector: Any, scope: Scope) -> tuple[list[Passage], float]:
    """Return the passages in the product's final order, and how sure it is that one of them answers."""
    found = search(knowledge._index, question, vector, scope, SEARCHED_PASSAGES)
    stored = {entry.passage.id: entry.unit_vectors for _, entry in found}
    hits = tuple(hit for hit, _ in found)
    ranked = rank_units(
        question,
        vector,
        hits,
        embedder=knowledge._embedder,
        unit_vectors=stored,
        cross_encoder=knowledge._cross_encoder,
    )
    return [hit.passage for hit in ranked.order_hits(hits)], ranked.confidence


def _fetch(knowledge: Knowledge, ids: Sequence[str]) -> list[Passage]:
    entries = knowledge._index.catalogue.get_entries(ids)
    return [entries[identity].passage for identity in ids if identity in entries]


def _score(relevant: Sequence[bool]) -> tuple[float, float]:
    """Return the nDCG and whether one of the first five is relevant."""
    ideal = sum(1 / math.log2(place + 2) for place in range(max(1, sum(relevant))))
    gain = sum(1 / math.log2(place + 2) for place, yes in enumerate(relevant) if yes)
    return gain / ideal, float(any(relevant[:5]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=None, help="the folder of public data")
    parser.add_argument("--questions", type=int, default=150, help="at most so many of each public set")
    parser.add_argument("--only", nargs="*", default=SETS, choices=SETS)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args()
    figures: dict[str, Any] = {}
    for corpus in _load(chosen.data, chosen.questions, chosen.only):
        with tempfile.TemporaryDirectory() as folder:
            knowledge = open_knowledge(Settings(data=Path(folder)))
            if corpus is None:
                knowledge.ingest(SAMPLE / "knowledge")
                figures["sample company"] = measure(knowledge, ask_company(load_rows(QUESTIONS)))
            else:
                knowledge.sync("pages", list_pages(corpus))
                figures[corpus.name] = measure(knowledge, ask_corpus(corpus))
            knowledge.close()
        if not chosen.json:
            name = corpus.name if corpus else "sample company"
            print(name, *(f"  {key}: {value}" for key, value in figures[name].items()), sep="\n", flush=True)
    if chosen.json:
        print(json.dumps(figures))


def _load(data: Path | None, questions: int, only: Sequence[str]) -> Iterator[Corpus | None]:
    """Yield the public sets, then None for the sample company."""
    if data is not None:
        yield from load_corpora(data, held_out=True, questions=questions, only=tuple(only))
    yield None


if __name__ == "__main__":
    main()
