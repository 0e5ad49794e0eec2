"""How search and indexing grow: latency, index size, overhead over a raw Chroma query, memory, encode throughput.

    python -m benchmarks.retrieval.scale                       # 1,000, 100,000 and 1,000,000 passages, and indexing
    python -m benchmarks.retrieval.scale --passages 1000 --texts 200
    python -m benchmarks.retrieval.scale --passages 1000000 --keep FOLDER --fill-seconds 120   # fill it piece by piece

Passages are synthetic: sentences over an invented vocabulary with Zipf's frequencies, one unit each, with random unit
vectors around 200 centres. Search is measured by its front door, which encodes the question (one of the sample
company's, with the real model), and without that. Run it on a quiet machine.

How to read it: a raw query asks Chroma for results of the customers' collection, in the same process, and "with
encoding" by the same model; readings are taken in turns, so that ratios hold on a busy machine; "opening" is that of
the filled index. The words of invented questions follow Zipf's law with no stop words left out, which is harder on BM25
than people's questions. Below 100,000 sentences search compares them all and does not ask Chroma.
"""

import gc
import math
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from functools import partial
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path

import chromadb
import numpy as np
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # the package has no types

from benchmarks.figures import Figure
from benchmarks.retrieval.sample_company import QUESTIONS as REAL
from benchmarks.retrieval.sample_company import load_rows
from benchmarks.run import begin_run, build_parser, record
from retrieval.encoders.embedder import (
    Embedder,
    SentenceTransformerEmbedder,
    default_model_folder,
    encode_apart,
    load_embedder,
)
from retrieval.english.sentences import build_stretch
from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, Audience, Stretch, Vectors
from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import Document, DocumentKind, Rules, Unreadable
from retrieval.reading.documents import Item as SourceItem
from retrieval.reading.formats import read_parts
from retrieval.search import DEPTH, score_dense, search
from retrieval.sources.folder import fingerprint
from retrieval.store.index import Index

WIDTH = 384
CENTRES = 200
QUESTIONS = 200
LIMIT = 8
# Large documents for search, which does not mind; small ones for indexing, which does.
SEARCH_DOCUMENT_PASSAGES = 500
INDEXING_DOCUMENT_PASSAGES = 20
SIZES = (1_000, 100_000, 1_000_000)
SEARCH = "search with encoding"

Calls = dict[str, list[Callable[[], object]]]


class SyntheticText:
    """Sentences over 20,000 invented words; the same seed gives the same sentences."""

    def __init__(self, seed: int) -> None:
        self._chance = np.random.default_rng(seed)
        letters = np.array(list("abcdefghiklmnoprstuvw"))
        self._words = ["".join(self._chance.choice(letters, self._chance.integers(3, 10))) for _ in range(20_000)]

    def begin(self, seed: int) -> None:
        """Restart the sequence here, whatever was drawn before."""
        self._chance = np.random.default_rng(seed)

    def sentence(self, words: int) -> str:
        rows = np.minimum(self._chance.zipf(1.3, words) - 1, len(self._words) - 1)
        return " ".join(self._words[row] for row in rows).capitalize() + "."


class SyntheticVectors:
    """Directions around centres. `takes_time` is called before each of them, as a model would be."""

    model_id = "synthetic"

    def __init__(self, seed: int) -> None:
        self._chance = np.random.default_rng(seed)
        self._centres = self._chance.standard_normal((CENTRES, WIDTH), dtype=np.float32)
        self.takes_time: Callable[[], object] = lambda: None

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.takes_time()
        near = self._centres[self._chance.integers(0, CENTRES, len(texts))]
        rows = near + 0.7 * self._chance.standard_normal((len(texts), WIDTH), dtype=np.float32)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)

    def encode_units(self, stretches: Sequence[Stretch]) -> list[Vectors]:
        return encode_apart(self, stretches)


def list_documents(passages: int, each: int, text: SyntheticText) -> Iterator[SourceItem]:
    """Yield documents of `each` passages, a third of them for staff."""
    for number in range(-(-passages // each)):
        name = f"{number:06}.md"
        mark = fingerprint(f"{name} {each}".encode(), Rules())
        yield SourceItem(name, mark, partial(_write_document, number, name, each, text))


def _write_document(
    number: int, name: str, each: int, text: SyntheticText, _read_file: object
) -> Iterator[Document | Unreadable]:
    text.begin(number)
    sections = "\n\n".join(f"## Part {n}\n\n{text.sentence(20)}" for n in range(each))
    audience = Audience.STAFF if number % 3 == 0 else Audience.CUSTOMER
    yield Document(name, f"Document {number}", audience, None, DocumentKind.MARKDOWN, sections, name)


class FilledForNowError(Exception):
    """The time for filling is over. The next run continues."""


def fill(index: Index, passages: int, seconds: float) -> float:
    """Fill the index up to this many passages and return the seconds. Raise `FilledForNowError` when time runs out."""
    started = time.perf_counter()

    def look(_done: int, _name: str) -> None:
        if time.perf_counter() - started > seconds:
            raise FilledForNowError

    index.sync("synthetic", list_documents(passages, SEARCH_DOCUMENT_PASSAGES, SyntheticText(1)), progress=look)
    return time.perf_counter() - started


def measure_search(passages: int, keep: Path | None, fill_seconds: float) -> list[Figure]:
    """Fill an index. Return latencies, the raw Chroma query's, and sizes; nothing while it is not full."""
    folder = keep or Path(tempfile.mkdtemp(prefix="chip-scale-"))
    vectors = SyntheticVectors(2)
    on = f"{passages:,} passages"
    index = Index(folder, vectors)
    try:
        figures = [Figure("filling", fill(index, passages, fill_seconds), "s", on=on)]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        figures.append(Figure("memory at most while filling", peak / 2**10, "MiB", on=on))
        started = time.perf_counter()
        with closing(Knowledge(folder, vectors)) as knowledge:
            figures.append(Figure("opening", time.perf_counter() - started, "s", on=on))
            figures += _measure_latencies(_build_calls(folder, knowledge, index, vectors), on)
        count = index.catalogue.count()[1]
        for place in ("chroma", "catalogue", "words"):
            size = sum(map(_size, folder.glob(f"{place}*")))
            figures.append(Figure(f"{place}, bytes a passage", size / count, on=on))
        return figures
    except FilledForNowError:
        print(f"{index.catalogue.count()[1]:,} passages so far; call it again with the same folder")
        return []
    finally:
        index.close()
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _measure_latencies(calls: Calls, on: str) -> Iterator[Figure]:
    times = measure(calls)
    for name, own in times.items():
        goal = "≤ 60" if (name, on) == (SEARCH, "100,000 passages") else ""
        yield Figure(f"{name}, p50", float(np.median(own)), "ms", on=on, goal=goal)
        yield Figure(f"{name}, p95", float(np.percentile(own, 95)), "ms", on=on)
    for ending, goal in ((" with encoding", "≤ 1.3"), ("", "")):
        ratio = np.median(times[f"search{ending}"]) / np.median(times[f"raw query{ending}"])
        yield Figure(f"search{ending} / raw query{ending}", float(ratio), on=on, goal=goal)


def _build_calls(folder: Path, knowledge: Knowledge, index: Index, vectors: SyntheticVectors) -> Calls:
    """Return what is timed: this many calls of each kind."""
    text, embedder, collection = SyntheticText(1), load_embedder(), _open_collection(folder / "chroma")
    text.begin(10**9)
    questions = [text.sentence(8) for _ in range(QUESTIONS)]
    asked = list(zip(questions, vectors.encode(questions), strict=True))
    real = cycle([row.question for row in load_rows(REAL)])
    customers = CUSTOMER_SCOPE.audiences

    def encode() -> object:
        return embedder.encode([next(real)])

    vectors.takes_time = encode
    return {
        SEARCH: [partial(knowledge.search, q, CUSTOMER_SCOPE, LIMIT) for q, _ in asked],
        "raw query with encoding": [partial(_query_encoded, collection, encode, v) for _, v in asked],
        "search": [partial(search, index, q, v, CUSTOMER_SCOPE, LIMIT) for q, v in asked],
        "raw query": [partial(_query_raw, collection, v) for _, v in asked],
        "encoding": [encode for _ in asked],
        "of search: dense": [partial(score_dense, index, v, CUSTOMER_SCOPE, DEPTH) for _, v in asked],
        "of search: words": [partial(index.lexical.rank, q, customers, DEPTH) for q, _ in asked],
    }


def _open_collection(folder: Path) -> Collection:
    """Open the customers' collection with Chroma's own client. It shares what the index holds open of the folder."""
    client = chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))
    return client.get_collection(f"units.{Audience.CUSTOMER.value}.all", embedding_function=None)


def _query_encoded(collection: Collection, encode: Callable[[], object], vector: Vectors) -> object:
    encode()
    return _query_raw(collection, vector)


def _query_raw(collection: Collection, vector: Vectors) -> object:
    """Ask Chroma in the plainest way: its default of 10 results, only ids."""
    return collection.query(query_embeddings=vector.reshape(1, -1), n_results=10, include=["distances"])


def measure(calls: Calls) -> dict[str, NDArray[np.float64]]:
    """Return the milliseconds of the calls of each name, taken in turns, after a tenth of them unmeasured.

    Other work on the machine affects all of them equally.
    """
    for number in range(QUESTIONS // 10):
        for own in calls.values():
            own[number]()
    gc.collect()
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(QUESTIONS):
        for name, own in calls.items():
            started = time.perf_counter()
            own[number]()
            times[name].append((time.perf_counter() - started) * 1000.0)
    return {name: np.array(taken) for name, taken in times.items()}


def measure_indexing(texts: int) -> Iterator[Figure]:
    """Yield how fast documents become searchable, beside sentence-transformers' encoding of the same texts."""
    text = SyntheticText(3)
    own = load_embedder()
    reference = SentenceTransformerEmbedder(str(default_model_folder()), threads=1)
    items = list(list_documents(texts, INDEXING_DOCUMENT_PASSAGES, text))
    parts = [[text for item in items[part::4] for text in _list_encoded(item)] for part in range(4)]
    reference.encode(parts[0][:32])
    own.encode(parts[0][:32])
    speeds: dict[str, list[float]] = {"sentence-transformers": [], "Chip's encoder": [], "Chip's whole sync": []}
    for part, some in enumerate(parts):
        calls: list[Callable[[], object]] = [partial(reference.encode, some), partial(own.encode, some)]
        taken = [*map(_seconds, calls), _index_once(own, items[part::4])]
        for column, seconds in zip(speeds.values(), taken, strict=True):
            column.append(len(some) / seconds)
    on = f"indexing {sum(map(len, parts)):,} texts, one thread"
    for name, column in speeds.items():
        yield Figure(name, float(np.median(column)), "texts/s", on=on, low=min(column), high=max(column))
    plain, _, whole = map(np.array, speeds.values())
    yield Figure("whole sync / sentence-transformers' encode", float(np.median(whole / plain)), on=on, goal="≥ 0.9")


def _index_once(embedder: Embedder, items: Sequence[SourceItem]) -> float:
    folder = Path(tempfile.mkdtemp(prefix="chip-scale-"))
    try:
        index = Index(folder, embedder)
        seconds = _seconds(lambda: index.sync("synthetic", iter(items)))
        index.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return seconds


def _list_encoded(item: SourceItem) -> list[str]:
    """Return the texts that indexing a document encodes: its units with their headings."""
    documents = [document for document in item.read(read_parts) if isinstance(document, Document)]
    stretches = [build_stretch(passage) for document in documents for passage in build_passages(document)]
    return [f"{stretch.lead} {unit}" for stretch in stretches for unit in stretch.units]


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else sum(file.stat().st_size for file in path.rglob("*"))


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--passages", type=int, nargs="*", default=SIZES, help="sizes of the index")
    parser.add_argument("--texts", type=int, default=2_000, help="texts to index; 0 leaves that out")
    parser.add_argument("--keep", type=Path, default=None, help="keep the index of the one size in this folder")
    parser.add_argument("--fill-seconds", type=float, default=math.inf, help="stop filling after so long")
    chosen = parser.parse_args()
    with threadpool_limits(1, user_api="blas"):
        for passages in chosen.passages:
            run = begin_run(__file__, chosen)
            # A separate process, so that the peak of memory belongs to this size.
            with ProcessPoolExecutor(1, get_context("spawn")) as child:
                figures = child.submit(_measure_alone, passages, chosen.keep, chosen.fill_seconds).result()
            record(run, figures, chosen.results)
        if chosen.texts:
            record(begin_run(__file__, chosen), measure_indexing(chosen.texts), chosen.results)


def _measure_alone(passages: int, keep: Path | None, fill_seconds: float) -> list[Figure]:
    with threadpool_limits(1, user_api="blas"):
        return measure_search(passages, keep, fill_seconds)


if __name__ == "__main__":
    main()
