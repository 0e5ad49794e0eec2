"""Measures finding the passage on public questions and the sample company: dense, BM25, fused and reranked.

python -m benchmarks.retrieval.public_ranking --data FOLDER [--questions 150] [--only squad ...]

Held-out parts only, by the product's own index, search and order of hits. Nothing is tuned here.

How to read it: a passage is relevant if it comes from the page that answers and holds a line that does. Reranked is the
product's order, with the cross-encoder, which was trained on other parts of the public sets. "Not here" is the AUROC of
telling the questions that a set's own pages answer from those that they do not.
"""

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import product
from pathlib import Path
from statistics import fmean

import numpy as np

from benchmarks.figures import Figure
from benchmarks.retrieval.sample_company import QUESTIONS, Row, load_rows
from benchmarks.run import begin_run, build_parser, record
from config.settings import SAMPLE, Settings
from models.recipes.data.pages import Asked, Corpus
from models.recipes.data.public_sets import load_corpora
from retrieval.encoders.cross_encoder import CrossEncoder, load_cross_encoder
from retrieval.encoders.embedder import Embedder, load_embedder
from retrieval.line_search import LineSearch
from retrieval.passage import CUSTOMER_SCOPE, Audience, Passage, Scope, Vectors
from retrieval.ranking.evidence import SEARCHED_PASSAGES, EvidenceLimits
from retrieval.reading.documents import Document, DocumentKind, Item, Rules, Unreadable
from retrieval.search import SearchSettings, score_dense, search
from retrieval.sources.folder import fingerprint
from retrieval.store.index import Index

SETS = ("squad", "qed", "venues", "dialogues", "hardware")
NAMES = {
    "squad": "SQuAD 2.0 dev",
    "qed": "QED",
    "venues": "DSTC9 venues",
    "dialogues": "DSTC11 dialogues",
    "hardware": "hardware FAQ",
    "docs": "product documentation",
    "invented": "invented companies",
}
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
        document = Document(_name_page(number), page.heading, Audience.PUBLIC, None, DocumentKind.TEXT, text, text)
        yield Item(document.source, fingerprint(text.encode(), Rules()), partial(_read_page, document))


def _read_page(document: Document, _read_file: object) -> Iterator[Document | Unreadable]:
    yield document


def _name_page(number: int) -> str:
    return f"{number:06}.txt"


def ask_corpus(corpus: Corpus) -> list[Question]:
    return [_build_question(corpus, asked) for asked in corpus.asked]


def _build_question(corpus: Corpus, asked: Asked) -> Question:
    lines = [corpus.pages[asked.page].lines[line] for line in asked.lines] if asked.page is not None else []
    source = _name_page(asked.page) if asked.page is not None else ""

    def answers(passage: Passage) -> bool:
        return passage.source == source and any(line in passage.text for line in lines)

    return Question(asked.question, CUSTOMER_SCOPE, answers, has_answer=asked.page is not None)


def ask_company(rows: Sequence[Row]) -> list[Question]:
    return [Question(row.question, row.scope, row.is_found_in, has_answer=row.answerable) for row in rows]


class Search:
    """The steps of the product's search over an index, one by one."""

    def __init__(self, index: Index, embedder: Embedder, cross_encoder: CrossEncoder | None) -> None:
        self.index = index
        self._embedder = embedder
        self._lines = LineSearch(index, embedder, cross_encoder, SearchSettings(), SEARCHED_PASSAGES, EvidenceLimits())

    def encode(self, question: str) -> Vectors:
        (vector,) = self._embedder.encode([question])
        return np.asarray(vector)

    def rank(self, question: Question, vector: Vectors) -> dict[str, list[Passage]]:
        """Return the best passages by each ranking alone, and by both together."""
        index, text, scope = self.index, question.text, question.scope
        return {
            "dense": self._fetch_passages(list(score_dense(index, vector, scope, DEPTH))),
            "BM25": self._fetch_passages(index.lexical.rank(text, scope.audiences, DEPTH)),
            "fused": [hit.passage for hit, _ in search(index, text, vector, scope, DEPTH)],
        }

    def rerank(self, question: Question, vector: Vectors) -> tuple[list[Passage], float]:
        """Return the passages in the product's final order, and how sure it is that one of them answers."""
        found = search(self.index, question.text, vector, question.scope, SEARCHED_PASSAGES)
        ranked = self._lines.rank(question.text, vector, found)
        return [hit.passage for hit in ranked.order_hits([hit for hit, _ in found])], ranked.confidence

    def _fetch_passages(self, ids: Sequence[str]) -> list[Passage]:
        entries = self.index.catalogue.get_entries(ids)
        return [entries[passage_id].passage for passage_id in ids if passage_id in entries]


def measure(name: str, steps: Search, questions: Sequence[Question]) -> Iterator[Figure]:
    """Yield nDCG@10 and recall@5 of the four rankings over an index, and the AUROC of "not here"."""
    found: dict[str, list[tuple[float, float]]] = {"dense": [], "BM25": [], "fused": [], "reranked": []}
    confidences: dict[bool, list[float]] = {True: [], False: []}
    for question in questions:
        vector = steps.encode(question.text)
        passages, confidence = steps.rerank(question, vector)
        confidences[question.has_answer].append(confidence)
        if not question.has_answer:
            continue
        rankings = steps.rank(question, vector) | {"reranked": passages[:DEPTH]}
        for ranking, ordered in rankings.items():
            found[ranking].append(_score([question.answers(passage) for passage in ordered]))
    yield Figure("questions", len(found["fused"]), on=name)
    yield Figure("passages", steps.index.catalogue.count()[1], on=name)
    for ranking, scores in found.items():
        gains, recalls = zip(*scores, strict=True)
        yield Figure(f"{ranking}: nDCG@10", fmean(gains), on=name)
        yield Figure(f"{ranking}: recall@5", fmean(recalls), on=name)
    dense, words, fused = (fmean(gain for gain, _ in found[ranking]) for ranking in ("dense", "BM25", "fused"))
    yield Figure("fused over the better single one", fused - max(dense, words), on=name, goal="> 0")
    if confidences[False]:
        pairs = product(confidences[True], confidences[False])
        yield Figure('AUROC of "not here"', fmean((a > b) + 0.5 * (a == b) for a, b in pairs), on=name)


def _score(relevant: Sequence[bool]) -> tuple[float, float]:
    """Return the nDCG and whether one of the first five is relevant."""
    ideal = sum(1 / math.log2(place + 2) for place in range(max(1, sum(relevant))))
    gain = sum(1 / math.log2(place + 2) for place, yes in enumerate(relevant) if yes)
    return gain / ideal, float(any(relevant[:5]))


def measure_all(data: Path | None, questions: int, only: Sequence[str]) -> Iterator[Figure]:
    """Yield the figures of each set, over an index of its own."""
    embedder, cross_encoder = load_embedder(), load_cross_encoder(Settings().knowledge.cross_encoder)
    for corpus in _load_corpora(data, questions, only):
        with tempfile.TemporaryDirectory() as folder, closing(Index(Path(folder), embedder)) as index:
            steps = Search(index, embedder, cross_encoder)
            if corpus is None:
                index.ingest(SAMPLE / "knowledge", default_audience=Audience.STAFF)
                yield from measure("sample company", steps, ask_company(load_rows(QUESTIONS)))
            else:
                index.sync("pages", list_pages(corpus))
                yield from measure(NAMES[corpus.name], steps, ask_corpus(corpus))


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, default=None, help="the folder of public data")
    parser.add_argument("--questions", type=int, default=150, help="at most so many of each public set")
    parser.add_argument("--only", nargs="*", default=SETS, choices=SETS)
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    record(run, measure_all(chosen.data, chosen.questions, chosen.only), chosen.results)


def _load_corpora(data: Path | None, questions: int, only: Sequence[str]) -> Iterator[Corpus | None]:
    """Yield the public sets, then None for the sample company."""
    if data is not None:
        yield from load_corpora(data, held_out=True, questions=questions, only=tuple(only))
    yield None


if __name__ == "__main__":
    main()
