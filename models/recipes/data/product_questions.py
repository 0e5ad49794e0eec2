"""Questions about real documentation as people ask them, with the lines that answer and the lines that search ranks.

2,214 questions about eleven products, written for this project from passages of their documentation: single facts,
several facts or steps, follow-ups with their thread, and some that the documents do not answer. The documents are in
the archives of the data folder (licences beside them); `product_questions/` names the files of each product. Knows
nothing of models.
"""

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from retrieval.asked.query import read_query
from retrieval.encoders.embedder import Embedder
from retrieval.english.sentences import split_units
from retrieval.line_search import LineSearch
from retrieval.passage import STAFF_SCOPE, Audience, Turn
from retrieval.ranking.evidence import SEARCHED_PASSAGES, EvidenceLimits
from retrieval.ranking.units import ScoredUnit
from retrieval.search import SearchSettings
from retrieval.store.index import Index
from retrieval.titles import Titles

FOLDER = Path(__file__).parent / "product_questions"
PRODUCTS = tuple(sorted(path.stem for path in FOLDER.glob("*.jsonl")))


@dataclass(frozen=True, slots=True)
class ProductQuestion:
    """A question as it is searched, and the lines that search ranks for it, best first.

    `right` are the numbers of lines that answer, and `inside` those of passages that hold the answer; both are empty
    where the documents do not answer.
    """

    text: str
    lines: tuple[ScoredUnit, ...]
    right: frozenset[int]
    inside: frozenset[int]


def rank_questions(product: str, data: Path, folder: Path, embedder: Embedder) -> Iterator[ProductQuestion]:
    """Yield a product's questions; its documents are unpacked and indexed below `folder`, in some minutes.

    Raise `FileNotFoundError` if an archive is not below `data`.
    """
    documents = folder / product / "documents"
    unpack(product, data, documents)
    index = Index(folder / product / "index", embedder)
    try:
        index.ingest(documents, default_audience=Audience.STAFF)
        titles = Titles(index.catalogue)
        search = LineSearch(index, embedder, None, SearchSettings(), SEARCHED_PASSAGES, EvidenceLimits())
        for row in (FOLDER / f"{product}.jsonl").read_text().splitlines():
            yield _rank(json.loads(row), index, titles, search, embedder)
    finally:
        index.close()


def unpack(product: str, data: Path, folder: Path) -> None:
    """Write the files of a product's documentation below a folder."""
    wanted = json.loads((FOLDER / "documents.json").read_text())[product]
    for name in wanted["archives"]:
        with tarfile.open(data / f"{name}.tar.xz") as archive:
            members = [member for member in archive.getmembers() if member.name in set(wanted["files"])]
            archive.extractall(folder, members, filter="data")


def _rank(raw: dict[str, Any], index: Index, titles: Titles, search: LineSearch, embedder: Embedder) -> ProductQuestion:
    thread = [Turn(role, text) for role, text in raw.get("thread", ())]
    list_texts = partial(index.catalogue.walk_texts, STAFF_SCOPE.audiences)
    query = read_query(raw["question"], thread, index.lexical.knows, titles.list_all, list_texts)
    vector = embedder.encode([query.searched])[0]
    lines = search.rank(query.searched, vector, search.find_passages(query.searched, vector, STAFF_SCOPE)).units
    answers = {passage_id: units for _, passage_id, units in raw["right"]}
    inside = [number for number, line in enumerate(lines) if line.passage.id in answers]
    right = [number for number in inside if _holds(lines[number], answers[lines[number].passage.id])]
    return ProductQuestion(query.searched, lines, frozenset(right), frozenset(inside))


def _holds(line: ScoredUnit, numbers: list[int]) -> bool:
    units = split_units(line.passage.text)
    return any(units[number].shown in line.text for number in numbers if number < len(units))
