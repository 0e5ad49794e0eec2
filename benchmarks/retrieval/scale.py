"""How search and indexing grow: latency, index size, overhead over a raw Chroma query, and encode throughput.

    python -m benchmarks.retrieval.scale                       # 1,000, 100,000 and 1,000,000 passages, and indexing
    python -m benchmarks.retrieval.scale --passages 1000 --texts 200

Passages are synthetic: sentences over an invented vocabulary with Zipf's frequencies, one unit each, with random unit
vectors around 200 centres. Search is measured by its front door, with the vector of the question given; encoding the
question is no part of it. Run it on a quiet machine.
"""

import argparse
import gc
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # the package has no types

from retrieval.documents import Document, DocumentKind, Rules, Unreadable
from retrieval.documents import Item as SourceItem
from retrieval.embedder import Embedder, SentenceTransformerEmbedder, default_model_folder, load_embedder
from retrieval.index import Index
from retrieval.passage import CUSTOMER_SCOPE, Audience
from retrieval.search import search
from retrieval.sources.folder import fingerprint

Vectors = NDArray[np.float32]

WIDTH = 384
CENTRES = 200
QUESTIONS = 200
# Large documents for search, which does not care; small ones for indexing, which does.
SEARCH_DOCUMENT_PASSAGES = 500
INDEXING_DOCUMENT_PASSAGES = 20
SIZES = (1_000, 100_000, 1_000_000)


class SyntheticText:
    """Sentences over 20,000 invented words; the same seed gives the same sentences."""

    def __init__(self, seed: int) -> None:
        self._chance = np.random.default_rng(seed)
        letters = np.array(list("abcdefghiklmnoprstuvw"))
        self._words = ["".join(self._chance.choice(letters, self._chance.integers(3, 10))) for _ in range(20_000)]

    def sentence(self, words: int) -> str:
        rows = np.minimum(self._chance.zipf(1.3, words) - 1, len(self._words) - 1)
        return " ".join(self._words[row] for row in rows).capitalize() + "."


class SyntheticVectors:
    """Directions around centres, as an embedder without a model; counts what it was asked for."""

    identity = "synthetic"

    def __init__(self, seed: int) -> None:
        self._chance = np.random.default_rng(seed)
        self._centres = self._chance.standard_normal((CENTRES, WIDTH), dtype=np.float32)

    def encode(self, texts: Sequence[str]) -> Vectors:
        near = self._centres[self._chance.integers(0, CENTRES, len(texts))]
        rows = near + 0.7 * self._chance.standard_normal((len(texts), WIDTH), dtype=np.float32)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def list_documents(passages: int, each: int, text: SyntheticText) -> Iterator[SourceItem]:
    """Yield documents of `each` passages, a third of them for staff."""
    for number in range(-(-passages // each)):
        sections = "\n\n".join(f"## Part {n}\n\n{text.sentence(20)}" for n in range(each))
        audience = Audience.STAFF if number % 3 == 0 else Audience.CUSTOMER
        name = f"{number:06}.md"
        document = Document(name, f"Document {number}", audience, None, DocumentKind.MARKDOWN, sections, name)
        yield SourceItem(name, fingerprint(sections.encode(), Rules()), lambda document=document: _one(document))  # type: ignore[misc]


def _one(document: Document) -> Iterator[Document | Unreadable]:
    yield document


def measure_search(passages: int) -> None:
    """Fill an index, then print latencies, the raw Chroma query's, and sizes."""
    text, vectors = SyntheticText(1), SyntheticVectors(2)
    folder = Path(tempfile.mkdtemp(prefix="chip-scale-"))
    try:
        index = Index(folder, vectors)
        started = time.perf_counter()
        report = index.sync("synthetic", list_documents(passages, SEARCH_DOCUMENT_PASSAGES, text))
        seconds = time.perf_counter() - started
        count = index.catalogue.count()[1]
        print(f"\n{count:,} passages in {report.added:,} documents, filled in {seconds:.0f} s")
        questions = [text.sentence(8) for _ in range(QUESTIONS)]
        directions = vectors.encode(questions)
        asked = list(zip(questions, directions, strict=True))
        whole = measure([partial(search, index, q, v, CUSTOMER_SCOPE, 8) for q, v in asked])
        raw = measure([partial(_query_raw, index, v) for _, v in asked])
        dense = measure([partial(index.vectors.rank, v, CUSTOMER_SCOPE.audiences, 30) for _, v in asked])
        words = measure([partial(index.lexical.rank, q, CUSTOMER_SCOPE.audiences, 30) for q, _ in asked])
        for name, times in (("search", whole), ("raw Chroma query", raw), ("dense", dense), ("words", words)):
            print(f"  {name:<17} p50 {np.median(times):7.1f} ms   p95 {np.percentile(times, 95):7.1f} ms")
        print(f"  search / raw Chroma query: {np.median(whole) / np.median(raw):.2f}")
        for place in ("chroma", "catalogue"):
            size = sum(map(_size, folder.glob(f"{place}*")))
            print(f"  {place:<17} {size / 2**20:8.1f} MiB, {size / count:,.0f} bytes a passage")
        print(f"  memory at most    {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:8.0f} MiB")
        index.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _query_raw(index: Index, vector: Vectors) -> object:
    """Ask Chroma as plainly as it can be asked for the same: the customers' collection, as many results, ids only."""
    held = index.vectors._collections[Audience.CUSTOMER]
    return held.query(query_embeddings=vector.reshape(1, -1), n_results=90, include=["distances"])


def measure(calls: Sequence[Callable[[], object]]) -> NDArray[np.float64]:
    """Return each call's milliseconds, after a tenth of them unmeasured."""
    for call in calls[: len(calls) // 10]:
        call()
    gc.collect()
    times = []
    for call in calls:
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000.0)
    return np.array(times)


def measure_indexing(texts: int) -> None:
    """Print how fast documents become searchable, beside how fast sentence-transformers encodes the same texts."""
    text = SyntheticText(3)
    own = load_embedder()
    reference = SentenceTransformerEmbedder(str(default_model_folder()), threads=1)
    items = list(list_documents(texts, INDEXING_DOCUMENT_PASSAGES, text))
    sentences = [line for item in items for document in item.read() for line in _sentences(document)]
    reference.encode(sentences[:32])
    plain = _seconds(lambda: reference.encode(sentences))
    bare = _seconds(lambda: own.encode(sentences))
    whole, peak = _index_once(own, items)
    print(f"\nindexing {len(sentences):,} texts of about 20 words")
    print(f"  sentence-transformers encode {len(sentences) / plain:7.1f} texts/s")
    print(f"  Chip's encoder               {len(sentences) / bare:7.1f} texts/s")
    print(f"  Chip's whole sync            {len(sentences) / whole:7.1f} texts/s, {plain / whole:.2f} of the first")
    print(f"  memory at most               {peak / 2**10:7.0f} MiB")


def _index_once(embedder: Embedder, items: Sequence[SourceItem]) -> tuple[float, float]:
    folder = Path(tempfile.mkdtemp(prefix="chip-scale-"))
    try:
        index = Index(folder, embedder)
        seconds = _seconds(lambda: index.sync("synthetic", iter(items)))
        index.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _sentences(document: Document | Unreadable) -> list[str]:
    assert isinstance(document, Document)
    return [line for line in document.text.split("\n") if line and not line.startswith("#")]


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else sum(file.stat().st_size for file in path.rglob("*"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, nargs="*", default=SIZES, help="sizes of the index")
    parser.add_argument("--texts", type=int, default=2_000, help="texts to index; 0 leaves that out")
    chosen = parser.parse_args()
    with threadpool_limits(1, user_api="blas"):
        for passages in chosen.passages:
            measure_search(passages)
        if chosen.texts:
            measure_indexing(chosen.texts)


if __name__ == "__main__":
    main()
